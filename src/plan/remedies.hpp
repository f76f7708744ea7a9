// What would make a deployment fit. Every remedy is estimated before it is told.
#pragma once

#include "qwenfit/plan.hpp"

namespace qwenfit::plan {

/// "--max-model-len 24576", "--tensor-parallel-size 4"; empty when nothing that was tried fits.
std::string find_remedy(const Deployment& deployment, Estimator& estimator);

}  // namespace qwenfit::plan
