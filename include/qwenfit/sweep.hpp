// A grid over scenario keys: every combination of the given values, one estimate each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/scenario.hpp"

namespace qwenfit {

/// One key and the values it takes, as text.
struct SweepAxis {
  std::string key;  ///< of the contract: "context"
  std::vector<std::string> values;
};

/// The values that `text` stands for: a list joined by commas, where "4k..64k" doubles from the first to the
/// last and "8..32+8" counts in steps; both ends belong to it.
/// @throws Error(invalid_value) for a range that is empty, not of whole numbers, or of more than 10,000
/// values.
std::vector<std::string> sweep_values(std::string_view key, std::string_view text);

/// Points of the grid; saturates at 2^62.
std::int64_t sweep_size(const std::vector<SweepAxis>& axes);

/// Calls `visit` with the scenario of each point, the last axis running fastest, and the point's number
/// from 1. A point whose values make no scenario is given with the sentence in `error`, else that is empty.
void sweep(
    const Scenario& common, const std::vector<SweepAxis>& axes,
    const std::function<void(const Scenario& scenario, std::int64_t point, const std::string& error)>& visit);

}  // namespace qwenfit
