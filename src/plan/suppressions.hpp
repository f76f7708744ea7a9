// "# qwenfit: ignore RULE reason" in files, and baselines.
#pragma once

#include "qwenfit/plan.hpp"

namespace qwenfit::plan {

/// Reads the comments of a file whose deployments begin at `first`. A comment counts for the deployment it
/// stands in, else for the next one. Without a reason it counts for nothing, and that is a finding.
void read_suppressions(std::string_view text, Report& report, std::size_t first);

}  // namespace qwenfit::plan
