// Models, formats, devices or engines side by side, with what speaks for and against each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/benchmarks.hpp"
#include "qwenfit/estimate.hpp"

namespace qwenfit {

/// Tokens of a sample that fine-tuning is compared at.
inline constexpr std::int64_t kTrainingTokens = 2048;

/// One column of the comparison.
struct Compared {
  std::string name;
  Estimate estimate;
  std::string_view variant;  ///< whose scores stand in Comparison::scores; empty without any
  std::vector<std::optional<Bytes>>
      memory_at;      ///< at Comparison::contexts; absent beyond what the model takes
  std::string modes;  ///< in which its publisher had it scored: "instruct", "non-thinking, thinking"
  std::optional<double> training_tokens;
  std::optional<Bytes> checkpoint;  ///< files of the 16-bit weights, when models are compared
  std::string unmet;                ///< the requirement that is not met, if any
  /// What the publisher measured of the 16-bit model with 30,720 tokens in and 2,048 out: memory, and tokens
  /// generated a second with the prompt's time. Null where nothing is known.
  const catalog::OfficialFigure* official_memory = nullptr;
  const catalog::OfficialFigure* official_speed = nullptr;
  /// The same counted with the prompt's tokens, as later tables have it: it does not compare with the other.
  const catalog::OfficialFigure* official_speed_of_all = nullptr;
  std::optional<std::int64_t> output_tokens;  ///< longest answer, by its publisher
  /// Memory of fine-tuning on kTrainingTokens in Q-LoRA, LoRA, full, when models are compared.
  std::array<std::optional<Bytes>, 3> training;
  std::vector<std::string> advantages;
  std::vector<std::string> disadvantages;
  std::vector<std::string> links;    ///< official pages
  std::vector<std::string> sources;  ///< of the scores of `variant`
};

/// A benchmark that all took, in one version and set-up.
struct SharedScore {
  const catalog::Benchmark* benchmark = nullptr;
  std::vector<double> scores;  ///< one for each column
};

struct Comparison {
  std::vector<std::int64_t> contexts;  ///< tokens
  std::vector<Compared> columns;
  std::vector<SharedScore> scores;  ///< empty when the columns are of one model
};

/// @param scenarios at least two; `names` has a name for each.
/// @throws Error as Estimator::estimate does.
Comparison compare(Estimator& estimator, const std::vector<Scenario>& scenarios,
                   const std::vector<std::string>& names);

}  // namespace qwenfit
