// Which devices run a model?
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/left_out.hpp"
#include "qwenfit/runs.hpp"

namespace qwenfit {

/// What people sort machines by; a device can be of several kinds.
enum class DeviceKind : std::uint8_t { gpu, laptop, unified, mac, cpu, server };
inline constexpr std::array kDeviceKinds{DeviceKind::gpu, DeviceKind::laptop, DeviceKind::unified,
                                         DeviceKind::mac, DeviceKind::cpu,    DeviceKind::server};
std::string_view device_kind_name(DeviceKind kind);
/// @throws Error(invalid_value) with the known kinds.
DeviceKind parse_device_kind(std::string_view name);

/// gpu: single cards, laptops' among them; laptop: their GPUs; unified: one memory for all, Macs among them;
/// mac; cpu; server: datacenter cards and machines of several.
bool is_of(const catalog::Device& device, DeviceKind kind);

struct DeviceRun {
  const catalog::Device* device = nullptr;
  std::string name;                 ///< with the memory size, where the device comes in several
  std::optional<double> memory_gb;  ///< as marketed, all cards of a system together
  std::optional<double> usd;        ///< list price of the device
  std::optional<double> usd_per_hour;
  Run run;
  std::string unmet;   ///< the requirement that is not met, if any
  bool holds = false;  ///< all of it on the device, and what the scenario requires
};

enum class DeviceOrder : std::uint8_t { speed, memory, price };
/// @throws Error(invalid_value) with the known orders.
DeviceOrder parse_device_order(std::string_view name);

struct DevicesQuestion {
  std::vector<DeviceKind> kinds;  ///< empty: all
  DeviceOrder order = DeviceOrder::memory;
  bool systems = true;  ///< machines of several equal devices too
  /// Where vLLM would refuse its default of max_num_seqs, as many as are asked for are taken, and told.
  bool settle = true;
};

/// How the configurations of a kind run.
struct KindSummary {
  DeviceKind kind{};
  std::array<int, kRunGroups.size()> counts{};  ///< by RunGroup
  std::optional<std::size_t> smallest;          ///< index of the one with the least memory that runs well

  int all() const;
  int running() const;       ///< in whatever way
  int running_well() const;  ///< great or well
};

struct DevicesAnswer {
  const catalog::Model* model = nullptr;
  const catalog::Variant* variant = nullptr;
  std::int64_t context = 0;
  std::int64_t concurrency = 1;
  Bytes assumed_host = 0;       ///< host memory of machines whose own is not known; 0: as the scenario says
  std::vector<DeviceRun> runs;  ///< by group, within it in the asked order
  std::array<int, kRunGroups.size()> counts{};
  std::vector<KindSummary> kinds;
  std::vector<LeftOut> left_out;
};

/// Every device of the catalog, in every memory size it comes in, with the scenario's model; its own devices
/// do not matter. What does not meet `scenario.require` is left out and counted.
/// @throws Error where the model, format or engine are unknown.
DevicesAnswer compare_devices(Estimator& estimator, const Scenario& scenario,
                              const DevicesQuestion& question);

}  // namespace qwenfit
