#pragma once

#include "qwenfit/measure.hpp"
#include "table.hpp"

namespace qwenfit::report {

/// "/memory/devices/3/kv_cache" and "/memory/devices/0/kv_cache" are one quantity: "memory.devices.kv_cache".
std::string quantity_name(const std::string& pointer);

/// One row per engine and quantity: how far the estimates are from what was measured, every figure with the
/// same weight. Its notes say how many figures were compared, refused and left out, and why.
Table scores_table(const measure::Outcome& outcome);

}  // namespace qwenfit::report
