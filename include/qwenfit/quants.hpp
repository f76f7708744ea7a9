// The weight formats of a model side by side: what each needs, how it fits and runs, what it loses, and which
// one to take.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "qwenfit/estimate.hpp"
#include "qwenfit/left_out.hpp"

namespace qwenfit {

/// What is known of a format's quality. The scores do not compare with each other: what a web page gives,
/// what benchmarks say of this model, how far another model's predictions move.
struct QuantQuality {
  std::optional<double> retention;  ///< 0..1, as the format's record has it (`quality_source`)
  std::optional<double>
      accuracy_kept;       ///< mean over benchmarks of this model: score / that of the unquantized
  bool official = false;   ///< those benchmarks are the publisher's
  std::string benchmarks;  ///< "MMLU 81.2 of 82.3, C-Eval 83.9 of 83.8"
  std::string accuracy_source;
  std::optional<double> kl_divergence;  ///< mean, from the one table of the answer
};

/// What the share of quality that a format keeps is known from.
enum class KeptBasis : std::uint8_t {
  unquantized,
  benchmarks,    ///< this model's scores in this format
  divergence,    ///< the format's mean KL divergence, at what benchmarks lose with it
  other_models,  ///< other models' scores in this format
  nearest,       ///< the format nearest in bits of which something is known
};

/// How good a format is held to be for everyday use, by the policy of docs/questions.md.
enum class Grade : std::uint8_t {
  poor,      ///< noticeably worse
  holds_up,  ///< usable
  balanced,  ///< hardly any loss
};

/// Share of a model's benchmark scores that a format keeps.
struct Kept {
  double share = 1;  ///< 0..1
  KeptBasis basis = KeptBasis::unquantized;
  Grade grade = Grade::balanced;
};

/// One format of the comparison.
struct Quant {
  const catalog::WeightFormat* format = nullptr;
  double bits = 0;                   ///< per weight
  Bytes memory = 0;                  ///< at the scenario's context, devices and host together
  std::int64_t context = 0;          ///< tokens: the scenario's
  std::int64_t full_context = 0;     ///< tokens: the model's native context, or the scenario's where longer
  std::optional<Bytes> full_memory;  ///< at that context; absent where the engine would not start
  Bytes file_bytes = 0;
  std::optional<Verdict> verdict;     ///< when a device is given
  std::optional<speed::Speed> speed;  ///< likewise
  QuantQuality quality;
};

struct QuantsAnswer {
  std::vector<Quant> quants;
  std::optional<std::size_t> recommended;  ///< index of the one to take
  std::string advice;                      ///< why that one, what more memory would give, how small it can be
  bool fills_memory = false;  ///< the engine takes all of its share of a device, whatever the format
  const catalog::QualityTable* kl_table = nullptr;  ///< where all kl_divergence figures are from
  std::vector<LeftOut> left_out;
};

/// The formats that `scenario` could have, worst quality first; its own format, if any, does not matter.
/// The textbook method compares the formats that its source ranks, in that order, and keeps its memory at two
/// decimals of a GB; the exact method compares what the engine runs, by size, and leaves out formats that
/// can't hold the model. What does not meet `scenario.require` is left out and counted.
/// @throws Error as Estimator::estimate does.
QuantsAnswer compare_quants(Estimator& estimator, const Scenario& scenario);

}  // namespace qwenfit
