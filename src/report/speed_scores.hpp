#pragma once

#include <string>

#include "qwenfit/measure.hpp"
#include "table.hpp"

namespace qwenfit::report {

/// One row per group of speed measurements: errors, coverage of the intervals, and the median errors of
/// bandwidth / size, 65% of it, and the quick method on the rows that they have a figure for (single
/// streams).
/// Groups whose names begin with a number are in its order.
/// @param by the name of the grouping, and `key` what it groups by.
Table speed_scores_table(const measure::Outcome& outcome, const std::string& by,
                         std::string (*key)(const measure::SpeedTraits&));

/// One row per compared figure, in the order of the measurements: its setup, measured, predicted with the
/// interval, and the relative error.
Table speed_rows_table(const measure::Outcome& outcome);

}  // namespace qwenfit::report
