// The largest whole number that still holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace qwenfit {

/// The largest n of [low, high] for which `holds(n)` and not `holds(n + 1)` (or n is `high`), for a `holds`
/// that becomes false somewhere; nothing when it is false at `low`. Where it changes more than once, one of
/// the changes is found: what is returned holds, and one more does not.
/// @param guess where to look first
template <class F>
std::optional<std::int64_t> largest_that_holds(std::int64_t low, std::int64_t high, std::int64_t guess,
                                               F&& holds) {
  if (high < low || !holds(low)) return std::nullopt;
  std::int64_t good = low;
  std::int64_t bad = high + 1;
  // From the guess to the side where it changes, in growing steps; then halves.
  const std::int64_t at = std::clamp(guess, low, high);
  if (at == low || holds(at)) {
    good = at;
    for (std::int64_t step = 1; step < bad - good; step *= 8) {
      if (holds(good + step)) {
        good += step;
      } else {
        bad = good + step;
        break;
      }
    }
  } else {
    bad = at;
    for (std::int64_t step = 1; step < bad - good; step *= 8) {
      if (!holds(bad - step)) {
        bad -= step;
      } else {
        good = bad - step;
        break;
      }
    }
  }
  while (bad - good > 1) {
    const std::int64_t middle = good + (bad - good) / 2;
    (holds(middle) ? good : bad) = middle;
  }
  return good;
}

}  // namespace qwenfit
