// What `qwenfit detect` found.
#pragma once

#include <vector>

#include "advice.hpp"
#include "qwenfit/machine.hpp"

namespace qwenfit::report {

/// Cards, processor, memory, memory modules.
std::vector<Section> machine_sections(const machine::Machine& machine);

}  // namespace qwenfit::report
