// The most that fits: inverse questions, answered by searching the forward model. Feeding the answer back
// fits, and one more does not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/devices.hpp"
#include "qwenfit/estimate.hpp"

namespace qwenfit {

enum class Limit : std::uint8_t {
  context,      ///< tokens per sequence, at the asked concurrency
  concurrency,  ///< sequences at once, at the asked context
  tokens,       ///< tokens of KV cache of all sequences together, whatever the model itself would take
  layers,       ///< layers on the devices, the rest in host memory (llama.cpp and its kin)
  format,       ///< the largest weight format of the engine, up to 16 bit
  device,       ///< the smallest or cheapest device
};
std::string_view limit_name(Limit limit);
/// @throws Error(invalid_value) with the known limits.
Limit parse_limit(std::string_view name);

struct LimitAnswer {
  Limit limit{};
  std::optional<std::int64_t>
      value;                       ///< tokens, sequences or layers; absent when nothing fits, and for names
  std::string name;                ///< of the format or device; empty when none fits
  std::optional<Estimate> at;      ///< the estimate of the answer
  std::string bound;               ///< why no more, or why none
  DeviceOrder order{};             ///< Limit::device: what it is the first by
  std::vector<DeviceRun> devices;  ///< Limit::device: all that do, in order, the answer first
  std::vector<LeftOut> left_out;
};

/// What counts as fitting: all of it on the devices (or with a part on the host, where the scenario asks for
/// that with gpu_layers, cpu_moe_layers or cpu_offload_gb, and for Limit::layers), and what
/// `scenario.require` says.
bool holds(const Scenario& scenario, Limit limit, const Estimate& estimate);

/// @param order of devices: memory (the smallest) or price (the cheapest)
/// @throws Error(usage) without a device, where one is needed; Error(unsupported) when the engine has no such
/// limit.
LimitAnswer find_limit(Estimator& estimator, const Scenario& scenario, Limit limit,
                       DeviceOrder order = DeviceOrder::memory);

}  // namespace qwenfit
