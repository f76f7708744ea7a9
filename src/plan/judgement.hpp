// What comes after the findings of each deployment: those of several together, and what they amount to.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "qwenfit/plan.hpp"

namespace qwenfit::plan {

/// Services of one compose file run side by side: their shares of a card add up.
void shared_cards(Report& report, Estimator& estimator);

/// Whether a suppression names a check: the id of one, or "all".
bool names_check(std::string_view rule);

/// Sorts the findings, silences those that the file or the baseline says don't count, and judges.
void judge(Deployment& deployment, const std::set<std::string>& baseline);

}  // namespace qwenfit::plan
