// The derivation of a predicted speed. Internal to the speed room.
#pragma once

#include "step.hpp"

namespace qwenfit::speed {

/// Adds how the time of a step (of a prompt, with Phase::prefill) comes about.
void derive(const engine::Setup& setup, const Work& w, const Timed& t, Phase phase,
            std::vector<engine::Step>& steps);

}  // namespace qwenfit::speed
