// A user's own measurements, beside what was predicted for them.
#pragma once

#include "qwenfit/calibration.hpp"
#include "table.hpp"

namespace qwenfit::report {

/// One row a measurement; "-" stands for an id where it is not kept.
/// @param labels of the rows ("tg128 @ d4096"), in their order; may be empty
Table measurements_table(const std::vector<speed::OwnMeasurement>& rows,
                         const std::vector<std::string>& labels);

}  // namespace qwenfit::report
