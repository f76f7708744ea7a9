// What tokens cost on a device: one row per number of sequences decoding at once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

struct CostAt {
  std::optional<std::int64_t> concurrency;  ///< absent when the speed was given
  double tok_s = 0;                         ///< decode, all sequences together
  std::optional<double> tok_s_each;         ///< decode, one sequence
  double utilization = 1;                   ///< share of the time that is used
  Cost cost;
  std::optional<std::string> unmet;  ///< of what the scenario requires; empty: all is met
};

/// The cost of `scenario` at its concurrency; where it gives none, at 1, 4, 16, ... 256 as far as they fit.
/// @throws Error(undecidable) when nothing is known of speed or price, Error(unsupported) when the model does
///         not fit, and as Estimator::estimate does.
std::vector<CostAt> cost_by_concurrency(Estimator& estimator, const Scenario& scenario);

/// The same from a speed that was measured elsewhere: `tok_s` tokens a second in all, at `scenario`'s
/// usd_per_hour and utilization. @throws Error(usage) without a price, Error(invalid_value) when `tok_s` is
/// no positive number.
CostAt cost_at_speed(const Scenario& scenario, double tok_s);

}  // namespace qwenfit
