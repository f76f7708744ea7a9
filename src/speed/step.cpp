#include "step.hpp"

#include <algorithm>
#include <cmath>

namespace qwenfit::speed {
namespace {

/// How sharply the slower of memory and compute decides.
constexpr double kSharp = 4;

const Effect* find_effect(std::uint64_t hash) {
  const auto effects = baked::effects;
  const auto it = std::lower_bound(effects.begin(), effects.end(), hash,
                                   [](const Effect& e, std::uint64_t h) { return e.hash < h; });
  return it != effects.end() && it->hash == hash ? &*it : nullptr;
}

const MeasuredCell* find_cell(std::uint64_t hash) {
  const auto cells = baked::cells;
  const auto it = std::lower_bound(cells.begin(), cells.end(), hash,
                                   [](const MeasuredCell& c, std::uint64_t h) { return c.hash < h; });
  return it != cells.end() && it->hash == hash ? &*it : nullptr;
}

double unseen_variance(std::string_view level) {
  for (const Level& l : baked::levels) {
    if (l.name == level) return l.variance;
  }
  return 0.01;
}

}  // namespace

double Parts::sum() const {
  const double larger = std::max(memory, compute);
  if (larger <= 0) return latency + interconnect + host;
  const double overlap =
      larger * std::pow(std::pow(memory / larger, kSharp) + std::pow(compute / larger, kSharp), 1 / kSharp);
  return overlap + latency + interconnect + host;
}

Parts parts_of(const Work& w, const Group& g) {
  Parts p;
  p.memory = (w.weights_s + w.state_s) / g.e_memory + w.cache_s / g.e_cache;
  // Attention's products run at half the rate of plain matrix products.
  p.compute = w.compute_s / g.e_compute + w.attention_s / (0.5 * g.e_compute);
  p.latency = w.kernels * g.launch_s;
  p.interconnect = w.reductions * g.sync_s + w.reduced_s / g.e_link;
  p.host = w.host_s / g.e_host + w.host_switches * g.switch_s;
  return p;
}

const Group& find_group(const engine::Setup& setup, Phase phase) {
  const std::string name = group_of(setup, phase);
  const std::string_view common = phase == Phase::decode ? "decode" : "prefill";
  const Group* fallback = nullptr;
  for (const Group& g : baked::groups) {
    if (g.name == name) return g;
    if (g.name == common) fallback = &g;
  }
  return *fallback;
}

Timed time_of(const engine::Setup& setup, const engine::MemoryPlan& plan, const Work& work, Phase phase) {
  Timed t;
  const Group& group = find_group(setup, phase);
  t.parts = parts_of(work, group);
  t.variance = phase == Phase::decode ? baked::residual_decode : baked::residual_prefill;
  // A group that was never measured: its efficiencies may be a third off.
  if (group.rows == 0) t.variance += 0.1;
  double log_factor = 0;
  visit_effects(setup, plan, work, phase, [&](std::string_view name, std::size_t level) {
    const std::uint64_t hash = Hash().add(name).value();
    const std::string_view kind = name.substr(0, level);
    const Effect* effect = find_effect(hash);
    if (!effect) {
      t.variance += unseen_variance(kind);
      return;
    }
    log_factor += effect->value;
    t.variance += effect->variance;
    if (kind.ends_with(" device")) t.device_rows = effect->rows;
    if (kind.ends_with(" cell")) t.cell = find_cell(hash);
  });
  t.factor = std::exp(log_factor);
  t.seconds = t.parts.sum() * t.factor;
  return t;
}

}  // namespace qwenfit::speed
