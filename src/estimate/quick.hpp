// The textbook formula (--method quick), as model pages print it:
//
//   memory = parameters x nominal bits / 8 + KV cache at 16 bit + 0.3 GB for the framework
//   tok/s  = bandwidth / memory x efficiency of the vendor
//
// It knows nothing of engines, tensor types or batches. Memory in GB (10^9 bytes) is kept at two decimals
// before context beyond the usual 2,048 tokens is added, and before speed is taken from it.
#pragma once

#include "formulas.hpp"

namespace qwenfit::quick {

/// Tokens of context when none are asked for.
inline constexpr std::int64_t kContext = 2048;

/// The formulas of this method.
Formulas formulas();

/// A model of so many parameters in `format`: no tensors, only what they weigh together.
std::shared_ptr<const format::Weights> weights(const catalog::Model& model,
                                               const catalog::WeightFormat& format, std::int64_t parameters);
WeightSummary summarize(const format::Weights& weights);

/// What the formula takes a model in `setup` to need: rounded to 0.01 GB as described above. Bytes.
Bytes memory(const engine::Setup& setup);

/// Bits per weight that the formula uses for `format`.
double nominal_bits(const catalog::WeightFormat& format);

}  // namespace qwenfit::quick
