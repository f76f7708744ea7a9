// Fine-tuning methods of a model side by side: what each needs on a device, and how far it goes there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "qwenfit/left_out.hpp"

namespace qwenfit {

/// One way to fine-tune.
struct FinetuneOption {
  std::string method;        ///< "full", "lora", "qlora"
  std::optional<int> zero;   ///< ZeRO stage, of several devices
  Estimate estimate;         ///< Estimate::train, and the limits of sequence and batch in Estimate::fit
  std::int64_t trained = 0;  ///< parameters that a step updates
};

struct FinetuneAnswer {
  std::vector<FinetuneOption> options;
  std::vector<LeftOut> left_out;  ///< methods that can't train the scenario's format
};

/// The methods for `scenario` (its `train` gives rank, sequence, batch ...; its method does not matter):
/// full, LoRA and QLoRA, with the ZeRO stage or FSDP that `train` names; without, of several devices each
/// without ZeRO and in the stages that cut weights or states.
/// @throws Error as Estimator::estimate does, where no method is left.
FinetuneAnswer compare_finetuning(Estimator& estimator, const Scenario& scenario);

}  // namespace qwenfit
