// How able models are, from benchmark scores of many tests that few models share. docs/recommend.md explains
// it.
#pragma once

#include <string_view>
#include <vector>

#include "qwenfit/benchmarks.hpp"

namespace qwenfit {

/// What one variant of a model can do in one use case, on a scale that all models share.
struct Ability {
  std::string_view model;    ///< id in the catalog
  std::string_view variant;  ///< as in catalog::ScoreReport
  double value = 0;          ///< log-odds of a point on an average test of the use case
  double error = 0;          ///< standard error of `value`
  int tests = 0;             ///< benchmarks of the use case that others took too
  bool thin = false;         ///< few tests, or hardly linked with the others

  /// The score to expect on an average test of the use case, percent.
  double expected_score() const;
  /// The same, less one standard error: what answers are ranked by, so that thin evidence counts for less.
  double cautious_score() const;
};

/// The score in percent that goes with log-odds.
double expected_score(double ability);

/// All that took a test of `use`, in the order of models. Every benchmark, version and set-up has an easiness
/// and a slope of its own; a score is slope x ability + easiness, in log-odds. Fitted by least squares with
/// Huber's weights; an ability in one text use case is drawn towards the one in all of them.
std::vector<Ability> abilities(catalog::UseCase use);

/// The variant of `model` that people would take: the one that is able most surely, base models only where no
/// other has scores. Null without scores.
const Ability* ability_of(const std::vector<Ability>& all, std::string_view model);

}  // namespace qwenfit
