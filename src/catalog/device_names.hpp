// The tolerant half of the device search: names as sets of words, with the memory size apart.
//
// "NVIDIA A100-SXM4-80GB" says a100 sxm4 and 80 GB. A device answers when one of its names is among the
// words, all other words are its own too, and the memory agrees.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "words.hpp"

namespace qwenfit::catalog {

struct DeviceQuery {
  std::vector<std::string> words;      ///< in lower case, without vendors, fillers and memory
  std::vector<std::string> bracketed;  ///< those that stood in brackets: they may mean anything
  std::optional<double> memory_gb;
  std::optional<Vendor> vendor;  ///< when a word gives it away
  int count = 1;                 ///< "2x RTX 4090", "RTX 4090 x2"
  std::string plain;             ///< what is left of the name, memory included, folded
};

DeviceQuery parse_device_name(std::string_view name);

struct DeviceCandidate {
  int device;
  int distance;  ///< 0: one of its names says just this
};

class DeviceNames {
 public:
  explicit DeviceNames(const std::vector<const Device*>& devices);

  /// Devices whose names fit the words of `query`, whatever their memory; nearest first.
  std::vector<DeviceCandidate> match(const DeviceQuery& query) const;

  /// Devices that have all words of `query` in their names, and more: "RTX 6000" and RTX 6000 Ada.
  std::vector<int> containing(const DeviceQuery& query) const;

 private:
  struct Name {
    std::vector<std::string> words;
    bool partial;  ///< says a memory size or something in brackets too
  };
  struct Entry {
    std::vector<Name> names;
    std::vector<std::string> all;  ///< sorted
    Vendor vendor;
  };
  static bool may_be(const Entry& entry, const DeviceQuery& query);

  std::vector<Entry> entries_;
};

}  // namespace qwenfit::catalog
