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

}  // namespace

double unseen_variance(std::string_view level) {
  for (const Level& l : baked::levels) {
    if (l.name == level) return l.variance;
  }
  return 0.01;
}

double Parts::sum() const {
  const double larger = std::max(memory, compute);
  if (larger <= 0) return latency + interconnect + host;
  const double overlap =
      larger * std::pow(std::pow(memory / larger, kSharp) + std::pow(compute / larger, kSharp), 1 / kSharp);
  return overlap + latency + interconnect + host;
}

std::array<double, kShares> Parts::shares() const {
  std::array<double, kShares> out{1};
  const double total = sum();
  if (total <= 0) return out;
  const auto at = [&](Share share) -> double& { return out[static_cast<std::size_t>(share)]; };
  at(Share::latency) = latency / total;
  at(Share::interconnect) = interconnect / total;
  at(Share::host) = host / total;
  at(Share::shared) = 1;
  const double larger = std::max(memory, compute);
  if (larger <= 0) return out;
  const double overlap = total - latency - interconnect - host;
  const double m = std::pow(memory / larger, kSharp);
  const double c = std::pow(compute / larger, kSharp);
  at(Share::memory) = overlap * m / (m + c) / total;
  at(Share::compute) = overlap * c / (m + c) / total;
  at(Share::shared) -= at(Share::compute) + (memory > 0 ? at(Share::memory) * cache / memory : 0);
  return out;
}

Parts parts_of(const Work& w, const Group& g) {
  Parts p;
  p.cache = w.cache_s / g.e_cache;
  p.memory = (w.weights_s + w.state_s) / g.e_memory + p.cache;
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
  const std::array<double, kShares> shares = t.parts.shares();
  double log_factor = 0;
  visit_effects(setup, plan, phase, [&](const EffectUse& use) {
    const double weight = use.weight * shares[static_cast<std::size_t>(use.share)];
    const std::uint64_t hash = Hash().add(use.name).value();
    const Effect* effect = find_effect(hash);
    if (!effect) {
      t.variance += weight * weight * unseen_variance(use.level);
      return;
    }
    log_factor += weight * effect->value;
    t.variance += weight * weight * effect->variance;
    if (use.level.ends_with(" device")) t.device_rows = effect->rows;
    if (use.level.ends_with(" cell")) t.cell = find_cell(hash);
  });
  t.factor = std::exp(log_factor);
  t.seconds = t.parts.sum() * t.factor;
  return t;
}

}  // namespace qwenfit::speed
