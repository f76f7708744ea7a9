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

double unseen_variance(std::string_view phase, std::string_view level) {
  const std::size_t size = phase.size() + 1 + level.size();
  for (const Level& l : baked::levels) {
    if (l.name.size() == size && l.name.ends_with(level) && l.name.starts_with(phase)) return l.variance;
  }
  return 0.01;
}

void Factors::add(const EffectUse& use) {
  const auto at = static_cast<std::size_t>(use.share);
  const std::uint64_t hash = use.hash();
  const Effect* effect = find_effect(hash);
  variance[at] +=
      use.weight * use.weight * (effect ? effect->variance : unseen_variance(use.phase, use.level));
  if (!effect) return;
  logs[at] += use.weight * effect->value;
  if (use.level == "device") device_rows = effect->rows;
  if (use.level == "cell") cell = find_cell(hash);
}

Factors lasting_factors(const engine::Setup& setup, const engine::MemoryPlan& plan, Phase phase) {
  Factors factors;
  visit_lasting_effects(setup, plan, phase, [&](const EffectUse& use) { factors.add(use); });
  return factors;
}

Parts::Split Parts::split() const {
  Split out;
  // The slower of memory and products hides most of the other.
  const auto add = [&](double steps, double products) {
    const double larger = std::max(memory, products);
    if (larger <= 0) return;
    const double m = std::pow(memory / larger, kSharp);
    const double p = std::pow(products / larger, kSharp);
    const double seconds = steps * larger * std::pow(m + p, 1 / kSharp);
    out.memory += seconds * m / (m + p);
    const double of_products = seconds * p / (m + p);
    const double own = products > 0 ? compute / products : 0;
    out.compute += of_products * own;
    out.prompts += of_products * (1 - own);
  };
  add(1 - mixed, compute);
  if (mixed > 0) add(mixed, compute + prompts / mixed);
  else out.prompts += prompts;
  return out;
}

double Parts::sum() const {
  return latency + interconnect + host + prompt_launches + split().sum();
}

std::array<double, kShares> Parts::shares() const {
  std::array<double, kShares> out{};
  out[static_cast<std::size_t>(Share::all)] = 1;
  const double total = sum();
  if (total <= 0) return out;
  const auto at = [&](Share share) -> double& { return out[static_cast<std::size_t>(share)]; };
  const Split parts = split();
  at(Share::latency) = latency / total;
  at(Share::interconnect) = interconnect / total;
  at(Share::host) = host / total;
  at(Share::compute) = parts.compute / total;
  at(Share::memory) = parts.memory / total;
  at(Share::cache) = memory > 0 ? parts.memory / total * cache / memory : 0;
  at(Share::shared) = 1 - (parts.prompts + prompt_launches) / total - at(Share::compute) - at(Share::cache);
  return out;
}

void Parts::multiply(const std::array<double, kShares>& logs) {
  const auto of = [&](Share share) { return std::exp(logs[static_cast<std::size_t>(share)]); };
  const double shared = of(Share::shared);
  const double own = cache * of(Share::memory) * of(Share::cache);
  memory = (memory - cache) * of(Share::memory) * shared + own;
  cache = own;
  compute *= of(Share::compute);
  latency *= of(Share::latency) * shared;
  interconnect *= of(Share::interconnect) * shared;
  host *= of(Share::host) * shared;
}

Parts parts_of(const engine::Setup& setup, const Work& w, Phase phase,
               const std::array<double, kShares>& logs) {
  const Group& g = find_group(setup, phase);
  Parts p;
  p.cache = w.cache_s / g.e_cache;
  p.memory = (w.weights_s + w.state_s) / g.e_memory + p.cache;
  // Attention's products run at half the rate of plain matrix products.
  p.compute = w.compute_s / g.e_compute + w.attention_s / (0.5 * g.e_compute);
  p.latency = w.kernels * g.launch_s;
  p.interconnect = w.reductions * g.sync_s + w.bus_reductions * g.bus_sync_s + w.reduced_s / g.e_link;
  p.host = w.host_s / g.e_host + w.host_switches * g.switch_s + w.host_kernels * g.host_launch_s;
  p.prompts = w.prompts_s / g.e_prompts;
  p.prompt_launches = w.prompt_kernels * g.prompt_launch_s;
  p.mixed = w.mixed;
  p.multiply(logs);
  if (phase == Phase::prefill) return p;
  const double factor = std::exp(logs[static_cast<std::size_t>(Share::all)]);
  Work rest = w;
  rest.cache_s = 0;
  const double weights = least_seconds(setup, rest, false) / kReachable / factor;
  const double cache = least_seconds(setup, w, false) / kReachable / factor - weights;
  p.at_bound = p.memory - p.cache < weights;
  p.memory = std::max(p.memory - p.cache, weights) + std::max(p.cache, cache);
  p.cache = std::max(p.cache, cache);
  return p;
}

bool is_of(const Group& group, const engine::Setup& setup, Phase phase) {
  return group.name == group_of(setup, phase);
}

const Group& find_group(const engine::Setup& setup, Phase phase) {
  const std::string name = group_of(setup, phase);
  const std::string_view common = phase == Phase::decode ? "decode" : "prefill";
  const std::string_view family = std::string_view(name).substr(0, name.rfind(' ') + 1);
  const Group* fallback = nullptr;
  for (const Group& g : baked::groups) {
    if (g.name == name) return g;
    if (g.name == common && !fallback) fallback = &g;
    const bool more = !fallback || fallback->name == common || g.rows > fallback->rows;
    if (g.name.starts_with(family) && more) fallback = &g;
  }
  return *fallback;
}

/// Nobody measured a processor with many channels of memory: what was assumed of them may be wrong by this
/// much.
double doubt_of_processor(const engine::Setup& setup) {
  const catalog::Device& d = *setup.devices.front().device;
  if (d.device_class != catalog::DeviceClass::cpu) return 0;
  const double lost = std::log(d.bandwidth_gb_s.value_or(0) * 1e9 / reached_bandwidth(d));
  return lost * lost / 4;
}

Timed time_of(const engine::Setup& setup, const engine::MemoryPlan& plan, const Work& work, Phase phase,
              const Factors& lasting) {
  Timed t;
  t.variance = phase == Phase::decode ? baked::residual_decode : baked::residual_prefill;
  // A group that was never measured: its efficiencies may be a third off.
  if (!is_of(find_group(setup, phase), setup, phase)) t.variance += 0.1;
  t.variance += doubt_of_processor(setup);
  Factors factors = lasting;
  visit_batch_effects(setup, plan, phase, [&](const EffectUse& use) { factors.add(use); });
  t.logs = factors.logs;
  t.device_rows = factors.device_rows;
  t.cell = factors.cell;
  t.parts = parts_of(setup, work, phase, t.logs);
  const std::array<double, kShares> shares = t.parts.shares();
  for (std::size_t i = 0; i < kShares; ++i) t.variance += shares[i] * shares[i] * factors.variance[i];
  t.factor = std::exp(t.logs[static_cast<std::size_t>(Share::all)]);
  t.least = least_seconds(setup, work, phase == Phase::prefill);
  t.seconds = std::max(t.parts.sum() * t.factor, t.least);
  return t;
}

}  // namespace qwenfit::speed
