// The memory of machines of which only the card is named. Internal to the solve room.
#pragma once

#include "qwenfit/scenario.hpp"

namespace qwenfit {

/// Memory of a CPU, and beside a graphics card, when nothing is said: what is usual in a desktop.
inline constexpr double kUsualHostGib = 64;

/// Whether the memory beside the device is neither its own nor known.
inline bool has_separate_host(const catalog::Device& d) {
  return !d.host_memory_gb && d.device_class != catalog::DeviceClass::unified &&
         d.device_class != catalog::DeviceClass::cpu && d.device_class != catalog::DeviceClass::edge;
}

/// Gives the scenario the usual host memory, where it says nothing of the host and `device` has none of its
/// own.
inline void assume_host(Scenario& scenario, const catalog::Device& device) {
  if (scenario.host || !has_separate_host(device)) return;
  scenario.host = HostRequest{};
  scenario.host->memory_gib = kUsualHostGib;
}

}  // namespace qwenfit
