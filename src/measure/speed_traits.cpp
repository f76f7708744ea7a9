#include "speed_traits.hpp"

#include <fmt/format.h>

#include <cmath>

#include "qwenfit/error.hpp"
#include "speed/effects.hpp"

namespace qwenfit::measure {
namespace {

/// "1", "2-4", "5-16", "17-64" ...: powers of four.
std::string concurrency_bin(std::int64_t n) {
  if (n <= 1) return "1";
  std::int64_t high = 4;
  while (n > high) high *= 4;
  return fmt::format("{}-{}", high == 4 ? 2 : high / 4 + 1, high);
}

std::string depth_bin(std::int64_t tokens) {
  for (const std::int64_t most : {1024, 4096, 16384, 65536}) {
    if (tokens <= most) return fmt::format("up to {:>5}", most);
  }
  return "over 65536";
}

std::string target_of(const Quantity& q, const Estimate& e) {
  if (q.name.find("prefill") != std::string::npos) return "prefill";
  if (q.name.find("ttft") != std::string::npos) return "time to first token";
  const std::string_view kind = speed::kind_of(e.setup, e.memory);
  if (kind == "offload") return "partial offload";
  if (kind == "single local") return "single stream, local";
  if (kind == "batched local") return "local at concurrency";
  if (kind == "single serving") return "single stream, serving";
  if (kind == "batched serving") return "itl at concurrency";
  return std::string(kind);
}

}  // namespace

SpeedTraits speed_traits(Estimator& estimator, const Row& row, const Quantity& q, const Estimate& e) {
  SpeedTraits t;
  t.target = target_of(q, e);
  t.engine = std::string(speed::family_of(*e.setup.engine));
  t.kind = std::string(speed::class_of(*e.setup.model));
  if (!e.setup.devices.empty()) t.vendor = std::string(speed::vendor_of(*e.setup.devices.front().device));
  t.concurrency = concurrency_bin(e.setup.concurrency);
  t.depth = depth_bin(e.setup.prompt_tokens + e.setup.output_tokens / 2);
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
