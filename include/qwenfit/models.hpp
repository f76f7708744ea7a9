// Which models run on this machine?
#pragma once

#include <string>
#include <vector>

#include "qwenfit/ability.hpp"
#include "qwenfit/left_out.hpp"
#include "qwenfit/quants.hpp"
#include "qwenfit/runs.hpp"

namespace qwenfit {

struct ModelRun {
  const catalog::Model* model = nullptr;
  ModelSummary counts{};
  Run run;                         ///< in the format that was picked
  Kept kept;                       ///< by that format
  std::optional<Ability> ability;  ///< absent where no benchmark of the use case is known
  /// Expected score on an average test of the use case after the loss of the format, percent.
  std::optional<double> quality() const;
};

struct ModelsQuestion {
  catalog::UseCase use = catalog::UseCase::chat;  ///< whose benchmarks rank the models
  std::string filter;  ///< words that all have to occur in a name, family, kind ... (catalog/filter.hpp)
  /// Embedding, reranking, reward, guard and speech models too. With the use case embedding those for
  /// embedding and reranking are what it is about, and this adds all others.
  bool special_purpose = false;
  /// How many of the first are wanted; of those behind them that need host memory, or more than there is, it
  /// may only be said how many they are.
  std::size_t rows = static_cast<std::size_t>(-1);
};

struct ModelsAnswer {
  catalog::UseCase use{};
  std::int64_t concurrency = 1;
  std::vector<ModelRun> runs;  ///< best first; as many as are wanted, or more
  std::size_t behind = 0;      ///< how many come after `runs`
  std::vector<LeftOut> left_out;
};

/// Every model of the catalog on the scenario's devices, each in the best format of the engine's ladder that
/// leaves room; the scenario's own model does not matter, its format is taken where it is given. Best first:
/// what fits with room before what is tight or partly on the host; formats that hold up before those that do
/// not; then by the cautious score on benchmarks (Ability::cautious_score, after the loss of the format), to
/// a whole percent the faster first; last those without scores, the newest first.
/// What does not meet `scenario.require` in any format is left out and counted.
/// @throws Error(usage) without a device, and where device, format or engine are unknown.
ModelsAnswer compare_models(Estimator& estimator, const Scenario& scenario, const ModelsQuestion& question);

}  // namespace qwenfit
