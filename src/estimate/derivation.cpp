// The steps of a derivation that belong to no other room: weights, caches, fit, cost.
#include <fmt/format.h>

#include <algorithm>

#include "answers.hpp"
#include "qwenfit/machine.hpp"

namespace qwenfit {
namespace {

using engine::Step;
using units::format_bytes;
using units::format_figure;
using units::format_grouped;

std::string joined(const catalog::Texts& texts) {
  std::string out;
  for (const catalog::Text text : texts) out += (out.empty() ? "" : "; ") + std::string(text);
  return out;
}

/// "6.95B x 4.5 bits (q4_k)": the elements that have this type.
struct TypeSum {
  const catalog::DType* type;
  std::int64_t elements = 0;
  Bytes extra = 0;
};

Step weights_step(const Estimate& e) {
  const format::Weights& weights = *e.setup.weights;
  std::vector<TypeSum> sums;
  Bytes extra = 0;
  for (const format::TypedTensor& t : weights.tensors) {
    auto it = std::find_if(sums.begin(), sums.end(), [&](const TypeSum& s) { return s.type == t.type; });
    if (it == sums.end()) it = sums.insert(sums.end(), {t.type});
    it->elements += t.tensor.elements();
    extra += t.extra;
  }
  std::sort(sums.begin(), sums.end(),
            [](const TypeSum& a, const TypeSum& b) { return a.elements > b.elements; });
  std::string values;
  for (const TypeSum& s : sums) {
    values +=
        fmt::format("{}{} x {} bits ({})", values.empty() ? "(" : " + ", units::format_parameters(s.elements),
                    format_figure(8.0 * s.type->bytes / s.type->block), s.type->id);
  }
  values += ") / 8";
  if (extra > 0) values += fmt::format(" + {} of scales", format_bytes(extra));
  return {fmt::format("Weights in {}", weights.format->name),
          "parameters x bits of their type / 8, over all types", values,
          fmt::format("{} ({} bytes)", format_bytes(e.weights.bytes), format_grouped(e.weights.bytes)),
          joined(weights.format->sources)};
}

void kv_steps(const Estimate& e, std::vector<Step>& steps) {
  const catalog::Geometry& g = e.setup.model->geometry;
  const catalog::DType& k = *e.setup.kv_type;
  const catalog::DType& v = *e.setup.kv_type_v;
  const auto bytes_of = [](const catalog::DType& type) {
    return fmt::format("{:.6g}", static_cast<double>(type.bytes) / type.block);
  };
  steps.push_back(
      {"KV cache of a token", "layers with a KV cache x KV heads x head size x (bytes of K + bytes of V)",
       fmt::format("{} x {} x {} x ({} + {})", e.kv.layers, g.kv_heads, g.head_dim, bytes_of(k), bytes_of(v)),
       fmt::format("{} bytes", format_grouped(e.kv.bytes_per_token)),
       fmt::format("config.json of {}; {}, {}", e.setup.model->hf_id, k.id, v.id)});
  steps.push_back(
      {"KV cache of a sequence", "bytes of a token x tokens allocated",
       fmt::format("{} x {}", format_grouped(e.kv.bytes_per_token), format_grouped(e.setup.context)),
       format_bytes(e.kv.bytes_per_sequence), ""});
  if (e.kv.recurrent_bytes_per_sequence > 0) {
    const model::RecurrentState s = model::recurrent_state(*e.setup.model);
    steps.push_back({"Recurrent state of a sequence",
                     "(convolution window + delta-rule matrix) of all linear layers x bytes",
                     fmt::format("({} + {}) over {} layers", format_grouped(s.conv_elements),
                                 format_grouped(s.state_elements), s.layers),
                     format_bytes(e.kv.recurrent_bytes_per_sequence),
                     fmt::format("config.json of {}", e.setup.model->hf_id)});
  }
}

void fit_steps(const Estimate& e, std::vector<Step>& steps) {
  for (std::size_t i = 0; i < e.memory.devices.size(); ++i) {
    const engine::DeviceMemory& d = e.memory.devices[i];
    const bool again =
        i > 0 && d.total() == e.memory.devices[i - 1].total() && d.usable == e.memory.devices[i - 1].usable;
    if (again || d.usable == 0) continue;
    std::string values;
    for (const auto& [name, bytes] : {std::pair{"weights", d.weights},
                                      {"KV cache", d.kv_cache},
                                      {"recurrent state", d.recurrent_state},
                                      {"compute", d.compute},
                                      {"graphs", d.graphs},
                                      {"runtime", d.runtime}}) {
      if (bytes > 0) values += fmt::format("{}{} {}", values.empty() ? "" : " + ", format_bytes(bytes), name);
    }
    const catalog::Device& device = *e.setup.devices[i].device;
    const std::string name(device.name);
    const bool here = machine::names_this_machine(device.id);
    steps.push_back(
        {fmt::format("Memory on {}", name), "sum of its parts", values, format_bytes(d.total()), ""});
    steps.push_back({fmt::format("Headroom on {}", name), "usable memory - memory needed",
                     fmt::format("{} - {}", format_bytes(d.usable), format_bytes(d.total())),
                     format_bytes(d.headroom()),
                     fmt::format("memory of the device: `qwenfit {}`",
                                 here ? "detect" : fmt::format("show {}", device.id))});
  }
}

void cost_step(const Estimate& e, std::vector<Step>& steps) {
  if (!e.cost || !e.cost->usd_per_million_output_tokens) return;
  const double share = e.scenario.utilization.value_or(1.0);
  if (e.cost->electricity_usd_per_hour) {
    steps.push_back({"Electricity", "power of the data sheets x USD per kWh",
                     fmt::format("{} kW x {} USD", format_figure(*e.cost->watts / 1000),
                                 format_figure(*e.scenario.usd_per_kwh)),
                     fmt::format("{} USD an hour", format_figure(*e.cost->electricity_usd_per_hour)), ""});
  }
  steps.push_back(
      {"Cost of a million output tokens",
       "(USD an hour / share of the time used + electricity) / (tokens a second x 3600) x 1,000,000",
       fmt::format("({} / {} + {}) / ({} x 3600) x 1,000,000",
                   format_figure(e.cost->usd_per_hour.value_or(0)), share,
                   format_figure(e.cost->electricity_usd_per_hour.value_or(0)),
                   format_figure(e.speed->decode_tok_s_total.value)),
       fmt::format("{} USD", format_figure(*e.cost->usd_per_million_output_tokens)),
       fmt::format("price: {}", e.cost->price_source)});
}

}  // namespace

void derive_inputs(const Estimate& estimate, std::vector<Step>& steps) {
  if (estimate.setup.weights->tensors.empty()) return;  // the textbook formula tells its own
  steps.push_back(weights_step(estimate));
  if (!estimate.setup.train) kv_steps(estimate, steps);
}

void derive_outcome(const Estimate& estimate, std::vector<Step>& steps) {
  fit_steps(estimate, steps);
  cost_step(estimate, steps);
}

}  // namespace qwenfit
