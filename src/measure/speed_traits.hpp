#pragma once

#include "qwenfit/measure.hpp"

namespace qwenfit::measure {

SpeedTraits speed_traits(Estimator& estimator, const Row& row, const Quantity& quantity,
                         const Estimate& estimate);

}  // namespace qwenfit::measure
