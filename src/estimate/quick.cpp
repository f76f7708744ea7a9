#include "quick.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "answers.hpp"

namespace qwenfit::quick {
namespace {

using engine::DeviceMemory;
using engine::MemoryPlan;
using engine::Setup;
using engine::Step;
using units::to_gb;

constexpr std::string_view kPage = "textbook formula of model pages";
constexpr Bytes kFramework = 300'000'000;
constexpr double kSpread = 0.2;  // "real-world results typically within 20%", says the page

/// Share of the data sheet's bandwidth that decoding is taken to reach.
struct Efficiency {
  catalog::Vendor vendor;
  double share;
  std::string_view source;
};
constexpr std::string_view kAssumed = "assumed: model pages print none for this vendor";
constexpr std::array kEfficiencies{Efficiency{catalog::Vendor::nvidia, 0.65, kPage},
                                   Efficiency{catalog::Vendor::amd, 0.55, kPage},
                                   Efficiency{catalog::Vendor::apple, 0.55, kAssumed},
                                   Efficiency{catalog::Vendor::intel, 0.45, kAssumed},
                                   Efficiency{catalog::Vendor::huawei, 0.45, kAssumed},
                                   Efficiency{catalog::Vendor::generic, 0.50, kAssumed}};

const Efficiency& efficiency_of(const catalog::Device& device) {
  return *std::find_if(kEfficiencies.begin(), kEfficiencies.end() - 1,
                       [&](const Efficiency& e) { return e.vendor == device.vendor; });
}

/// To 0.01 GB.
Bytes two_decimals(Bytes bytes) {
  constexpr Bytes kStep = 10'000'000;
  return (bytes + kStep / 2) / kStep * kStep;
}

Bytes weight_bytes(const Setup& setup) {
  return *setup.weights->file_bytes;
}

void explain_memory(const Setup& setup, const MemoryPlan& plan, std::vector<Step>& steps) {
  const KvSummary kv = summarize_kv(setup);
  const catalog::WeightFormat& format = *setup.weights->format;
  const DeviceMemory sum = plan.all_devices();
  steps.push_back({"Weights", "parameters x nominal bits / 8",
                   fmt::format("{} x {} bits / 8",
                               units::format_parameters(summarize_model(*setup.model, nullptr).parameters),
                               nominal_bits(format)),
                   fmt::format("{:.2f} GB", to_gb(sum.weights)), std::string(kPage)});
  steps.push_back({"KV cache", "bytes per token x tokens x sequences",
                   fmt::format("{} B x {} x {}", units::format_grouped(kv.bytes_per_token),
                               units::format_grouped(setup.context), setup.concurrency),
                   fmt::format("{:.2f} GB", to_gb(sum.kv_cache)), std::string(kPage)});
  steps.push_back(
      {"Framework", "a fixed amount", "", fmt::format("{:.1f} GB", to_gb(kFramework)), std::string(kPage)});
  steps.push_back(
      {"Memory", "weights + KV cache + framework, to two decimals",
       fmt::format("{:.3f} + {:.3f} + {:.1f} GB", to_gb(sum.weights), to_gb(sum.kv_cache), to_gb(kFramework)),
       fmt::format("{:.2f} GB", to_gb(memory(setup))), std::string(kPage)});
}

/// The devices' memory is pooled: each holds its share of everything.
MemoryPlan plan_memory(const Setup& setup, std::vector<Step>* steps) {
  const auto share = [n = static_cast<Bytes>(std::max<std::size_t>(setup.devices.size(), 1))](
                         Bytes whole, std::size_t i) { return whole / n + (i == 0 ? whole % n : 0); };
  const Bytes weights = weight_bytes(setup);
  const Bytes kv = summarize_kv(setup).bytes_per_sequence * setup.concurrency;
  MemoryPlan plan;
  plan.devices.resize(std::max<std::size_t>(setup.devices.size(), 1));
  for (std::size_t i = 0; i < plan.devices.size(); ++i) {
    DeviceMemory& d = plan.devices[i];
    d.weights = share(weights, i);
    d.kv_cache = share(kv, i);
    d.runtime = share(kFramework, i);
    if (i < setup.devices.size()) {
      d.capacity = engine::device_capacity(setup.devices[i]);
      d.usable = engine::device_usable(setup.devices[i], setup.backend);
    }
  }
  plan.layers.resize(static_cast<std::size_t>(setup.model->geometry.layers));
  if (steps) explain_memory(setup, plan, *steps);
  return plan;
}

/// Several devices work one after another, each on its share.
std::optional<speed::Speed> predict(const Setup& setup, const MemoryPlan&, std::vector<Step>* steps,
                                    std::string* why_not, const speed::Calibration*) {
  if (setup.devices.empty()) return std::nullopt;
  const double gb = to_gb(memory(setup));
  double seconds = 0;
  for (const engine::DeviceSlot& slot : setup.devices) {
    if (!slot.device->bandwidth_gb_s) {
      if (why_not) *why_not = fmt::format("no bandwidth is known for {}", slot.device->name);
      return std::nullopt;
    }
    seconds += gb / static_cast<double>(setup.devices.size()) /
               (*slot.device->bandwidth_gb_s * efficiency_of(*slot.device).share);
  }
  const auto figure = [](double value) {
    return speed::Figure{value, value * (1 - kSpread), value * (1 + kSpread)};
  };
  speed::Speed s;
  s.decode_tok_s = figure(1 / seconds);
  s.decode_tok_s_total = figure(static_cast<double>(setup.concurrency) / seconds);
  s.itl_ms = {1e3 / s.decode_tok_s.value, 1e3 / s.decode_tok_s.high, 1e3 / s.decode_tok_s.low};
  if (steps) {
    const catalog::Device& first = *setup.devices.front().device;
    const Efficiency& efficiency = efficiency_of(first);
    steps->push_back({"Decode speed", "bandwidth / memory x efficiency",
                      fmt::format("{} GB/s / {:.2f} GB x {}", *first.bandwidth_gb_s, gb, efficiency.share),
                      fmt::format("{} tok/s", units::format_figure(s.decode_tok_s.value)),
                      fmt::format("bandwidth of {}; efficiency: {}", first.name, efficiency.source)});
  }
  return s;
}

}  // namespace

Formulas formulas() {
  return {plan_memory,
          [](const Setup& setup, const MemoryPlan&) { return engine::make_probe(setup, plan_memory); },
          predict};
}

std::shared_ptr<const format::Weights> weights(const catalog::Model& model,
                                               const catalog::WeightFormat& format, std::int64_t parameters) {
  auto out = std::make_shared<format::Weights>();
  out->model = &model;
  out->format = &format;
  out->exact = false;
  out->file_bytes = std::llround(static_cast<double>(parameters) * nominal_bits(format) / 8);
  return out;
}

WeightSummary summarize(const format::Weights& weights) {
  WeightSummary out{};
  out.bytes = *weights.file_bytes;
  out.file_bytes = out.bytes;
  out.bits_per_weight = nominal_bits(*weights.format);
  return out;
}

double nominal_bits(const catalog::WeightFormat& format) {
  return format.nominal_bits.value_or(format.bits);
}

Bytes memory(const Setup& setup) {
  const KvSummary kv = summarize_kv(setup);
  const Bytes usual = two_decimals(weight_bytes(setup) + kv.bytes_per_token * kContext + kFramework);
  return two_decimals(usual + kv.bytes_per_token * (setup.context * setup.concurrency - kContext));
}

}  // namespace qwenfit::quick
