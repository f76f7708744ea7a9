// Which models run on this machine?
#pragma once

#include <string>
#include <vector>

#include "qwenfit/left_out.hpp"
#include "qwenfit/runs.hpp"

namespace qwenfit {

struct ModelRun {
  const catalog::Model* model = nullptr;
  ModelSummary counts{};
  Run run;        ///< in the format that was picked
  int front = 0;  ///< 0: no model that runs as well is both larger and newer; 1: only such are; and so on
};

struct ModelsQuestion {
  std::string filter;  ///< words that all have to occur in a name, family, kind ... (catalog/filter.hpp)
  bool special_purpose = false;  ///< embedding, reranking, reward, guard and speech recognition models too
};

struct ModelsAnswer {
  std::int64_t concurrency = 1;
  std::vector<ModelRun> runs;  ///< best first
  std::vector<LeftOut> left_out;
};

/// Every model of the catalog on the scenario's devices, each in the best format of the engine's ladder that
/// leaves room; the scenario's own model does not matter, its format is taken where it is given. Best first:
/// what fits with room before what is tight or partly on the host; then models that none that runs as well
/// outdoes in both size and date, the largest first, then those that only these outdo, and so on.
/// (Benchmarks: `recommend`.)
/// @throws Error(usage) without a device, and where device, format or engine are unknown.
ModelsAnswer compare_models(Estimator& estimator, const Scenario& scenario, const ModelsQuestion& question);

}  // namespace qwenfit
