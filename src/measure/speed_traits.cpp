#include "speed_traits.hpp"

#include <fmt/format.h>

#include <cmath>

#include "qwenfit/error.hpp"
#include "speed/effects.hpp"

namespace qwenfit::measure {
namespace {

std::string target_of(const Quantity& q, const Estimate& e) {
  if (q.name.find("prefill") != std::string::npos) return "prefill";
  if (q.name.find("ttft") != std::string::npos) return "ttft";
  if (e.setup.speculative) return "speculative";
  return std::string(speed::kind_of(e.setup, e.memory));
}

}  // namespace

std::string SpeedTraits::concurrency_bin() const {
  if (concurrency <= 1) return "1";
  std::int64_t high = 4;
  while (concurrency > high) high *= 4;
  return fmt::format("{}-{}", high == 4 ? 2 : high / 4 + 1, high);
}

std::string SpeedTraits::depth_bin() const {
  std::int64_t low = 0;
  for (const std::int64_t high : {1024, 4096, 16384, 65536}) {
    if (depth <= high) return fmt::format("{}-{}", low, high);
    low = high + 1;
  }
  return fmt::format("{}+", low);
}

SpeedTraits speed_traits(Estimator& estimator, const Row& row, const Quantity& q, const Estimate& e) {
  SpeedTraits t;
  t.target = target_of(q, e);
  t.engine = std::string(speed::family_of(*e.setup.engine));
  t.kind = std::string(speed::class_of(*e.setup.model));
  if (!e.setup.devices.empty()) t.vendor = std::string(speed::vendor_of(*e.setup.devices.front().device));
  for (const DeviceRequest& d : e.scenario.devices) t.device += (t.device.empty() ? "" : "+") + d.name;
  t.devices = static_cast<std::int64_t>(e.setup.devices.size());
  t.model = e.scenario.model;
  t.format = e.setup.weights->format->id;
  t.backend = engine::backend_name(e.setup.backend);
  t.concurrency = e.setup.concurrency;
  t.depth = e.setup.prompt_tokens + e.setup.output_tokens / 2;
  if (q.name != "/speed/decode_tok_s/value" || e.setup.concurrency > 1 || e.setup.devices.empty()) return t;
  double bandwidth = 0;
  for (const engine::DeviceSlot& slot : e.setup.devices)
    bandwidth += slot.device->bandwidth_gb_s.value_or(0) * 1e9;
  t.sheet = bandwidth / static_cast<double>(e.weights.bytes);
  Scenario quick = row.scenario;
  quick.method = Method::quick;
  try {
    const Estimate textbook = estimator.estimate(quick);
    if (textbook.speed) t.textbook = textbook.speed->decode_tok_s.value;
  } catch (const Error&) {
    // The textbook formula ranks few formats: no figure then.
  }
  return t;
}

}  // namespace qwenfit::measure
