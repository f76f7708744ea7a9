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

/// What no engine would start with has less room than anything.
constexpr double kRefused = -1e18;

/// Whether the host's memory is the device's own: what lies on the one is missing on the other.
bool shares_memory(const engine::DeviceSlot& slot) {
  using catalog::DeviceClass;
  const DeviceClass c = slot.device->device_class;
  return c == DeviceClass::unified || c == DeviceClass::edge || c == DeviceClass::cpu;
}

/// Bytes that stay free where there are the fewest, on a device or the host; below 0 it does not fit.
double room(const engine::Setup& setup, const engine::MemoryPlan& plan) {
  if (plan.refusal) return kRefused;
  Bytes least = units::kMaxCount;
  if (setup.host.memory) least = *setup.host.memory - plan.host.total();
  for (std::size_t i = 0; i < plan.devices.size(); ++i) {
    const engine::DeviceMemory& d = plan.devices[i];
    least = std::min(least, d.headroom());
    if (i < setup.devices.size() && shares_memory(setup.devices[i]) &&
        !setup.devices[i].device->host_memory_gb)
      least = std::min(least, std::min(d.capacity, setup.devices[i].free.value_or(d.capacity)) - d.total() -
                                  plan.host.total());
  }
  return static_cast<double>(least);
}

/// What the verdict rests on, in figures.
std::string reason_of(const engine::Setup& setup, const engine::MemoryPlan& plan,
                      const engine::DeviceMemory& tightest) {
  if (plan.refusal) return *plan.refusal;
  std::string out = fmt::format("needs {} of {} usable", units::format_bytes(tightest.total()),
                                units::format_bytes(tightest.usable));
  if (plan.devices.size() > 1) out += fmt::format(" on the fullest of {}", plan.devices.size());
  if (offloads(plan)) out += fmt::format(", and {} of host memory", units::format_bytes(plan.host.total()));
  if (offloads(plan) && plan.devices.size() == 1 && shares_memory(setup.devices.front()) &&
      !setup.devices.front().device->host_memory_gb)
    return out + fmt::format(", out of the same {}", units::format_bytes(tightest.capacity));
  if (setup.host.memory && plan.host.total() > *setup.host.memory)
    out += fmt::format(", which has {}", units::format_bytes(*setup.host.memory));
  return out;
}

/// About the largest value in [low, high] at which `room_at` is not below 0; `low` when there is none.
/// `room_at` falls, and nearly on a line, up to where an engine refuses: a step goes where the line says, or
/// to the middle when there is none; when the line moves no more it is near enough.
template <class F>
std::int64_t about_largest(std::int64_t low, std::int64_t high, F&& room_at) {
  double above = room_at(low);
  if (above < 0 || high <= low) return low;
  double below = room_at(high);
  if (below >= 0) return high;
  std::int64_t last = low;
  while (high - low > 1) {
    const bool line = below > kRefused;
    const double share = line ? above / (above - below) : 0.5;
    const std::int64_t tried = std::clamp(
        low + static_cast<std::int64_t>(share * static_cast<double>(high - low)), low + 1, high - 1);
    if (line && std::abs(tried - last) <= 1) return tried;
    last = tried;
    const double there = room_at(tried);
    (there >= 0 ? low : high) = tried;
    (there >= 0 ? above : below) = there;
  }
  return low;
}

/// The largest value in [low, high] that fits, looked for around `start`; nothing when `low` does not.
template <class F>
std::optional<std::int64_t> largest_around(std::int64_t start, std::int64_t low, std::int64_t high,
                                           F&& fits) {
  std::int64_t good = start;
  std::int64_t bad = start;
  if (fits(start)) {
    for (std::int64_t step = 1; good == bad; step *= 2) {
      if (good == high) return high;
      bad = std::min(high, good + step);
      if (fits(bad)) good = bad;
    }
  } else {
    for (std::int64_t step = 1; good == bad; step *= 2) {
      if (bad == low) return std::nullopt;
      good = std::max(low, bad - step);
      if (!fits(good)) bad = good;
    }
  }
  while (bad - good > 1) {
    const std::int64_t middle = good + (bad - good) / 2;
    (fits(middle) ? good : bad) = middle;
  }
  return good;
}

/// The largest value in [low, high] with room; nothing when `low` has none.
/// @param asked a value of which is known whether it has room: `fits`
/// @param room_at (value, whether a rough answer will do)
template <class F>
std::optional<std::int64_t> largest(std::int64_t low, std::int64_t high, std::int64_t asked, bool fits,
                                    F&& room_at) {
  if (fits && asked > low) low = std::min(asked, high);
  if (!fits && asked <= high) high = asked - 1;
  if (high < low) return std::nullopt;
  std::int64_t start = 0;
  for (int tries = 0; tries < 4; ++tries) {
    const std::int64_t about = about_largest(low, high, [&](std::int64_t v) { return room_at(v, true); });
    if (about == start) break;
    start = about;
    // What the rough answers leave out is now that of a plan near the end of the search.
    if (const double rough = room_at(start, true); room_at(start, false) == rough) break;
  }
  return largest_around(start, low, high, [&](std::int64_t v) { return room_at(v, false) >= 0; });
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

Fit judge_fit(const engine::Setup& setup, const engine::MemoryPlan& plan, const Formulas& formulas,
              bool limits) {
  Fit fit;
  if (setup.devices.empty()) {
    fit.reason = "no device is given";
    return fit;
  }
  const auto sizeless =
      std::find_if(setup.devices.begin(), setup.devices.end(),
                   [](const engine::DeviceSlot& slot) { return engine::device_capacity(slot) <= 0; });
  if (sizeless != setup.devices.end()) {
    fit.reason = fmt::format("the memory of {} is not known: name it (\"{} 64GB\")", sizeless->device->name,
                             sizeless->device->id);
    return fit;
  }
  if (plan.pool) {
    judge_pool(setup, plan, formulas, limits, fit);
    return fit;
  }
  const auto tightest =
      std::min_element(plan.devices.begin(), plan.devices.end(),
                       [](const auto& a, const auto& b) { return a.headroom() < b.headroom(); });
  fit.fits = room(setup, plan) >= 0;
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

  if (!limits) return fit;
  // The limits are those of the same arrangement.
  const std::unique_ptr<engine::Probe> probe = formulas.probe(setup, plan);
  const auto room_with = [&](std::int64_t context, std::int64_t concurrency, bool rough) {
    const engine::MemoryPlan& tried = probe->at(context, concurrency, rough);
    return offload || !offloads(tried) ? room(setup, tried) : kRefused;
  };
  fit.max_context =
      largest(kShortest, longest_context(*setup.model, setup.variant), setup.context, fit.fits,
              [&](std::int64_t context, bool rough) { return room_with(context, setup.concurrency, rough); });
  fit.max_concurrency =
      largest(1, std::min({kMostSequences, kMostTokens / setup.context, probe->most_sequences()}),
              setup.concurrency, fit.fits,
              [&](std::int64_t sequences, bool rough) { return room_with(setup.context, sequences, rough); });
  return fit;
}

}  // namespace qwenfit
