// One estimate in any of the forms.
#pragma once

#include <string>

#include "qwenfit/estimate.hpp"
#include "report/table.hpp"

namespace qwenfit::cli {

std::string render(const Estimate& estimate, report::Form form);

}  // namespace qwenfit::cli
