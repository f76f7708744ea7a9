// Speculative decoding: how many tokens a step gives, and what drafting and checking them costs.
#pragma once

#include <string>

#include "qwenfit/speed.hpp"
#include "step.hpp"

namespace qwenfit::speed {

struct Speculation {
  Figure speedup;    ///< against plain decoding; the range is that of the acceptance
  std::string note;  ///< what was assumed
};

/// @param step the plain decode step.
Speculation speculate(const engine::Setup& setup, const engine::MemoryPlan& plan, const Timed& step);

}  // namespace qwenfit::speed
