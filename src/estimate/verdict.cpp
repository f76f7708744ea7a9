// Fit: the verdict, the longest context, the most sequences.
#include <fmt/format.h>

#include <algorithm>

#include "answers.hpp"

namespace qwenfit {
namespace {

/// Shares of usable memory left free, below which a plan is called tight or merely fitting.
constexpr double kTight = 0.05;
constexpr double kComfortable = 0.20;

/// Below this no search looks: an answer of a few tokens helps nobody.
constexpr std::int64_t kShortest = 256;
constexpr std::int64_t kMostSequences = std::int64_t{1} << 20;

/// Whether layers, or their experts, are on the host. (The token embedding alone always may be.)
bool offloads(const engine::MemoryPlan& plan) {
  return std::any_of(plan.layers.begin(), plan.layers.end(), [](const engine::LayerPlace& place) {
    return place.device < 0 || place.experts_on_host;
  });
}

bool holds(const engine::Setup& setup, const engine::MemoryPlan& plan) {
  if (plan.refusal) return false;
  if (setup.host.memory && plan.host.total() > *setup.host.memory) return false;
  return std::all_of(plan.devices.begin(), plan.devices.end(),
                     [](const engine::DeviceMemory& d) { return d.headroom() >= 0; });
}

/// What the verdict rests on, in figures.
std::string reason_of(const engine::Setup& setup, const engine::MemoryPlan& plan,
                      const engine::DeviceMemory& tightest) {
  if (plan.refusal) return *plan.refusal;
  std::string out = fmt::format("needs {} of {} usable", units::format_bytes(tightest.total()),
                                units::format_bytes(tightest.usable));
  if (plan.devices.size() > 1) out += fmt::format(" on the fullest of {}", plan.devices.size());
  if (offloads(plan)) out += fmt::format(", and {} of host memory", units::format_bytes(plan.host.total()));
  if (setup.host.memory && plan.host.total() > *setup.host.memory)
    out += fmt::format(", which has {}", units::format_bytes(*setup.host.memory));
  return out;
}

/// The largest value in [low, high] for which `fits` holds; it is true at `low` and turns false once.
template <class F>
std::int64_t largest(std::int64_t low, std::int64_t high, F&& fits) {
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::comfortable: return "comfortable";
    case Verdict::fits: return "fits";
    case Verdict::tight: return "tight";
    case Verdict::offload: return "offload";
    case Verdict::does_not_fit: return "does-not-fit";
    case Verdict::unknown: return "unknown";
  }
  return "?";
}

Fit judge_fit(const engine::Setup& setup, const engine::MemoryPlan& plan, const Formulas& formulas) {
  Fit fit;
  if (setup.devices.empty()) {
    fit.reason = "no device is given";
    return fit;
  }
  if (plan.pool) {
    judge_pool(setup, plan, formulas, fit);
    return fit;
  }
  const auto tightest =
      std::min_element(plan.devices.begin(), plan.devices.end(),
                       [](const auto& a, const auto& b) { return a.headroom() < b.headroom(); });
  fit.fits = holds(setup, plan);
  fit.reason = reason_of(setup, plan, *tightest);
  const double free =
      static_cast<double>(tightest->headroom()) / std::max(1.0, static_cast<double>(tightest->usable));
  const bool offload = offloads(plan);
  if (!fit.fits) fit.verdict = Verdict::does_not_fit;
  else if (offload) fit.verdict = Verdict::offload;
  else
    fit.verdict = free >= kComfortable ? Verdict::comfortable
                  : free >= kTight     ? Verdict::fits
                                       : Verdict::tight;

  // The limits are those of the same arrangement: nothing moves to the host that is not there now.
  engine::Setup probe = setup;
  const auto fits_with = [&](std::int64_t context, std::int64_t concurrency) {
    probe.context = context;
    probe.concurrency = concurrency;
    const engine::MemoryPlan tried = formulas.plan(probe, nullptr);
    return holds(probe, tried) && (offload || !offloads(tried));
  };
  const std::int64_t longest = summarize_model(setup).context_longest;
  if (fits_with(kShortest, setup.concurrency)) {
    fit.max_context =
        largest(kShortest, longest, [&](std::int64_t c) { return fits_with(c, setup.concurrency); });
  }
  if (fits_with(setup.context, 1)) {
    fit.max_concurrency = largest(1, std::min(kMostSequences, kMostTokens / setup.context),
                                  [&](std::int64_t n) { return fits_with(setup.context, n); });
  }
  return fit;
}

}  // namespace qwenfit
