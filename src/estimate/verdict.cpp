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

bool holds(const engine::MemoryPlan& plan) {
  if (plan.refusal) return false;
  return std::all_of(plan.devices.begin(), plan.devices.end(),
                     [](const engine::DeviceMemory& d) { return d.headroom() >= 0; });
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
  const auto tightest =
      std::min_element(plan.devices.begin(), plan.devices.end(),
                       [](const auto& a, const auto& b) { return a.headroom() < b.headroom(); });
  fit.fits = holds(plan);
  const double free =
      static_cast<double>(tightest->headroom()) / std::max(1.0, static_cast<double>(tightest->usable));
  if (plan.refusal) fit.reason = *plan.refusal;
  else
    fit.reason = fmt::format("needs {} of {} usable", units::format_bytes(tightest->total()),
                             units::format_bytes(tightest->usable));
  if (!fit.fits) fit.verdict = Verdict::does_not_fit;
  else
    fit.verdict = free >= kComfortable ? Verdict::comfortable
                  : free >= kTight     ? Verdict::fits
                                       : Verdict::tight;

  engine::Setup probe = setup;
  const auto fits_with = [&](std::int64_t context, std::int64_t concurrency) {
    probe.context = context;
    probe.concurrency = concurrency;
    return holds(formulas.plan(probe, nullptr));
  };
  const std::int64_t longest =
      std::max<std::int64_t>({setup.model->context.native, setup.model->context.configured,
                              setup.model->context.extended.value_or(0)});
  if (fits_with(kShortest, setup.concurrency)) {
    fit.max_context =
        largest(kShortest, longest, [&](std::int64_t c) { return fits_with(c, setup.concurrency); });
  }
  if (fits_with(setup.context, 1)) {
    fit.max_concurrency =
        largest(1, kMostSequences, [&](std::int64_t n) { return fits_with(setup.context, n); });
  }
  return fit;
}

}  // namespace qwenfit
