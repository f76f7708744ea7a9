// What a guide advises, from the figures it holds. Internal to the solve room.
#pragma once

#include "qwenfit/guide.hpp"

namespace qwenfit {

/// Fills benchmarks, choices and upgrade path of a guide whose models, hardware and costs are there.
void add_choices(Guide& guide);

}  // namespace qwenfit
