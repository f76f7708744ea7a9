// The weight formats of a model side by side: what each needs, and how it fits and runs.
#pragma once

#include <optional>
#include <vector>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

/// One format of the comparison.
struct Quant {
  const catalog::WeightFormat* format = nullptr;
  double bits = 0;                   ///< per weight
  Bytes memory = 0;                  ///< at the scenario's context, devices and host together
  std::int64_t full_context = 0;     ///< tokens: the model's native context
  std::optional<Bytes> full_memory;  ///< at that context; absent where the engine would not start
  Bytes file_bytes = 0;
  std::optional<Verdict> verdict;     ///< when a device is given
  std::optional<speed::Speed> speed;  ///< likewise
};

/// The formats that `scenario` could have, worst quality first; its own format, if any, does not matter.
/// The textbook method compares the formats that its source ranks, in that order, and keeps its memory at two
/// decimals of a GB; the exact method compares what the engine runs, by size, and leaves out formats that
/// can't hold the model.
/// @throws Error as Estimator::estimate does.
std::vector<Quant> compare_quants(Estimator& estimator, const Scenario& scenario);

}  // namespace qwenfit
