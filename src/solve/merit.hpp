// What answers are ranked by. Internal to the solve room; docs/recommend.md has the weights.
#pragma once

#include "qwenfit/recommend.hpp"

namespace qwenfit {

/// @param advice ability, kept, tok_s, tok_s_total, usd_per_million_tokens and memory are looked at
double merit_of(const Advice& advice, const Wish& wish);

}  // namespace qwenfit
