// Fine-tuning: the memory of a training step, from the tensor inventory.
//
// What a step holds on each device: the weights, the gradients and optimizer states of what is trained, the
// adapters of LoRA with theirs, the activations kept for the backward pass, and the process itself. All but
// the activations and the process are exact counts; those rest on constants that scripts/fit_finetune.py fits
// ("train_*" in data/engines/transformers.json). docs/finetune.md has the formulas and their sources.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/engine.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit {

using engine::Train;

/// Bytes on one device while it trains.
struct TrainMemory {
  Bytes weights = 0;
  Bytes gradients = 0;
  Bytes optimizer = 0;  ///< states, and 32-bit master weights where the framework keeps them
  Bytes adapters = 0;   ///< weights of LoRA
  Bytes activations = 0;
  Bytes runtime = 0;
  Bytes capacity = 0;
  Bytes usable = 0;
  Bytes total() const { return weights + gradients + optimizer + adapters + activations + runtime; }
  Bytes headroom() const { return usable - total(); }
};

namespace train {

/// The largest products that the figures below are computed for: sequence x batch. Tokens.
inline constexpr std::int64_t kMostTokens = std::int64_t{1} << 32;

/// `asked` with every default filled in: rank 8 (64 for Qwen v1, as in its own scripts), all linear layers,
/// 2,048 tokens, one sequence a device, AdamW, gradient checkpointing, no ZeRO.
/// @throws Error(invalid_value | unknown_name) for optimizers and targets that are not known, ranks and
/// batches
///         below 1.
Train with_defaults(const Train& asked, const catalog::Model& model);

/// Parameters that a step updates.
struct Trained {
  std::int64_t full = 0;      ///< the model's own
  std::int64_t adapters = 0;  ///< LoRA's: rank x (inputs + outputs) per matrix
};

/// What `setup.train` updates, over all devices. Towers stay frozen, as the training frameworks have it by
/// default; LoRA on a base model of Qwen v1 trains the embeddings too, as its script does.
Trained trained_parameters(const engine::Setup& setup);

/// The memory of each device of `setup` (one entry where it has none), which trains `setup.train`, its
/// defaults filled in, on `setup.concurrency` sequences of `setup.context` tokens a device.
/// @param steps when given, receives how each figure came about.
/// @throws Error(unsupported) when the format can't be trained this way.
std::vector<TrainMemory> plan(const engine::Setup& setup, std::vector<engine::Step>* steps = nullptr);

/// The same as a memory plan: gradients, optimizer states and activations are its compute buffer.
engine::MemoryPlan plan_memory(const engine::Setup& setup, std::vector<engine::Step>* steps = nullptr);

}  // namespace train
}  // namespace qwenfit
