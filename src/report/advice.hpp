// The answers that weigh models against each other, as tables: cost, comparison, recommendation.
#pragma once

#include <vector>

#include "qwenfit/cost.hpp"
#include "table.hpp"

namespace qwenfit::report {

/// `qwenfit cost`: one row per number of sequences.
Table cost_table(const std::vector<CostAt>& rows);

}  // namespace qwenfit::report
