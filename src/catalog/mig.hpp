// MIG (multi-instance GPU): devices that are slices of NVIDIA's data centre cards, worked out from the card.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "records.hpp"

namespace qwenfit::catalog {

/// A slice as a device's name says it: "3g.40gb".
struct MigName {
  int compute = 0;       ///< compute slices
  int gigabytes = 0;     ///< of memory, as the name says
  bool instance = true;  ///< false: "1c.3g.40gb", a compute instance that shares its memory with others
  std::string rest;      ///< the name without profile and "MIG": the card
};

/// The profile in a device's name: "a100-80gb mig 3g.40gb", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb",
/// "mig-1g.10gb.me"; nothing when there is none.
std::optional<MigName> mig_name_in(std::string_view name);

/// "3g.40gb".
std::string profile_name(const MigName& asked);

/// Ids of those cards that have this profile.
std::vector<Text> cards_with(const std::vector<const Device*>& devices, const MigName& asked);

/// The slices that were asked for. They stand in no list of devices: only who names one gets it.
class MigSlices {
 public:
  /// The slice as a device of its own; null when the card has no such profile. Memory is what
  /// `nvidia-smi mig -lgip` lists where that is known, else derived like bandwidth and compute from the
  /// shares of the MIG user guide; `derived` says which.
  const Device* slice(const Device& card, const MigName& asked);

 private:
  std::mutex mutex_;
  std::map<std::string, Device, std::less<>> slices_;
  Arena arena_;
};

}  // namespace qwenfit::catalog
