// Fit on engines that fill the card with a pool: whether they start, and how many sequences the pool holds.
#include <fmt/format.h>

#include <algorithm>

#include "answers.hpp"

namespace qwenfit {
namespace {

/// Sequences that a pool holds for each one asked, below which a plan is called tight or merely fitting.
constexpr double kTightPool = 1.2;
constexpr double kComfortablePool = 2;

/// Sequences that the pool's memory holds for each one asked.
double sequences_per_asked(const engine::Setup& setup, const engine::Pool& pool) {
  engine::Pool unlimited = pool;
  unlimited.max_sequences = std::max<std::int64_t>(pool.blocks, 0);
  const double held = static_cast<double>(unlimited.sequences(setup.held_tokens()));
  return held / static_cast<double>(std::max<std::int64_t>(setup.concurrency, 1));
}

/// The longest context at the asked concurrency. What the profile run takes can grow with the context, so a
/// longer one is looked at again until it holds.
std::int64_t longest_held(const engine::Setup& setup, const engine::MemoryPlan& plan,
                          const Formulas& formulas) {
  const engine::Pool& pool = *plan.pool;
  std::int64_t longest =
      std::min(pool.context(setup.concurrency), longest_context(*setup.model, setup.variant));
  const std::unique_ptr<engine::Probe> probe = formulas.probe(setup, plan);
  for (int i = 0; i < 8 && longest > setup.context; ++i) {
    const engine::MemoryPlan& tried = probe->at(longest, setup.concurrency, false);
    const std::int64_t shorter = tried.pool ? std::min(longest, tried.pool->context(setup.concurrency)) : 0;
    if (shorter == longest) break;
    longest = std::max(shorter, setup.context);
  }
  return longest;
}

}  // namespace

void judge_pool(const engine::Setup& setup, const engine::MemoryPlan& plan, const Formulas& formulas,
                bool limits, Fit& fit) {
  const engine::Pool& pool = *plan.pool;
  const std::int64_t tokens = setup.held_tokens();
  if (limits) {
    const std::int64_t longest = longest_held(setup, plan, formulas);
    if (longest > 0) fit.max_context = longest;
  }
  if (plan.refusal) {
    fit.reason = fmt::format("{} would not start: {}", setup.engine->name, *plan.refusal);
    fit.verdict = Verdict::does_not_fit;
    return;
  }
  if (setup.host.memory && plan.host.total() > *setup.host.memory) {
    fit.reason = fmt::format("needs {} of host memory, which has {}", units::format_bytes(plan.host.total()),
                             units::format_bytes(*setup.host.memory));
    fit.verdict = Verdict::does_not_fit;
    return;
  }
  fit.max_concurrency = pool.sequences(tokens);
  fit.fits = *fit.max_concurrency >= setup.concurrency;
  const double ratio = sequences_per_asked(setup, pool);
  fit.reason = fmt::format("the KV pool of {} tokens holds {} sequences of {}, {} asked",
                           units::format_grouped(pool.kv_tokens), units::format_grouped(*fit.max_concurrency),
                           units::format_grouped(tokens), units::format_grouped(setup.concurrency));
  if (ratio >= 1 && !fit.fits)
    fit.reason += fmt::format("; the engine admits {} at once",
                              units::format_grouped(pool.max_sequences * pool.copies));
  fit.verdict = !fit.fits                  ? Verdict::does_not_fit
                : plan.host.weights > 0    ? Verdict::offload
                : ratio < kTightPool       ? Verdict::tight
                : ratio < kComfortablePool ? Verdict::fits
                                           : Verdict::comfortable;
}

double free_share(const engine::Setup& setup, const engine::MemoryPlan& plan) {
  double spare = 0;  // share of the pool that the asked sequences leave
  if (plan.pool && plan.pool->blocks > 0)
    spare = std::max(0.0, 1 - 1 / sequences_per_asked(setup, *plan.pool));
  double least = 1;
  for (const engine::DeviceMemory& d : plan.devices) {
    if (d.usable <= 0) continue;  // idle
    const double pooled = plan.pool ? static_cast<double>(d.kv_cache) * spare : 0;
    least = std::min(
        least, (static_cast<double>(d.headroom()) + pooled) / std::max(1.0, static_cast<double>(d.usable)));
  }
  return least;
}

}  // namespace qwenfit
