#include "qwenfit/speed.hpp"

namespace qwenfit::speed {

std::string_view bound_name(Bound bound) {
  switch (bound) {
    case Bound::memory: return "memory";
    case Bound::compute: return "compute";
    case Bound::latency: return "latency";
    case Bound::host: return "host";
    case Bound::interconnect: return "interconnect";
  }
  return "?";
}

std::string_view confidence_name(Confidence confidence) {
  switch (confidence) {
    case Confidence::measured: return "measured";
    case Confidence::calibrated: return "calibrated";
    case Confidence::modelled: return "modelled";
  }
  return "?";
}

std::optional<Speed> predict(const engine::Setup& setup, const engine::MemoryPlan& plan,
                             std::vector<engine::Step>*, std::string* why_not) {
  if (setup.devices.empty() || !setup.devices.front().device->bandwidth_gb_s) {
    if (why_not) *why_not = "no bandwidth figure is known for the device";
    return std::nullopt;
  }
  const double bandwidth = *setup.devices.front().device->bandwidth_gb_s * 1e9;
  Speed s;
  const double step = static_cast<double>(plan.devices.front().weights) / (bandwidth * 0.65) +
                      static_cast<double>(plan.host.weights) / (setup.host.bandwidth_gb_s * 1e9 * 0.65);
  s.decode_tok_s = {1 / step, 0.7 / step, 1.3 / step};
  const auto n = static_cast<double>(setup.concurrency);
  s.decode_tok_s_total = {n / step, n * 0.7 / step, n * 1.3 / step};
  s.itl_ms = {step * 1e3, step * 1e3 / 1.3, step * 1e3 / 0.7};
  return s;
}

}  // namespace qwenfit::speed
