// bitsandbytes as transformers applies it: every linear layer of the language model but lm_head. NF4 with
// double quantization (an 8-bit absmax per 64 weights, an FP32 one per 256 of those, two lookup tables a
// matrix; layout: bitsandbytes functional.py, QuantState.as_dict), INT8 with an FP32 absmax per output.
#include "checkpoint.hpp"

namespace qwenfit::format {

using catalog::Scheme;
using model::Part;
using model::Tensor;
using units::ceil_div;

namespace {

Bytes nf4_side(const Tensor& t, std::int64_t block) {
  constexpr std::int64_t kNested = 256;
  constexpr Bytes kTables = Bytes{4} * (16 + 256);  // quant_map, nested_quant_map
  const std::int64_t absmax = ceil_div(t.rows * t.cols, block);
  return absmax + 4 * ceil_div(absmax, kNested) + kTables;
}

}  // namespace

Recipe bitsandbytes(const Job& job) {
  Recipe recipe;
  recipe.stores_mtp = false;  // transformers does not load it
  recipe.packs = [](const Tensor& t) {
    return is_text_projection(t) || (t.part == Part::text && use_of(t) == Use::linear_gates);
  };
  recipe.pack = [&job](const Tensor& t) {
    const Bytes side = job.format.scheme == Scheme::bnb_nf4 ? nf4_side(t, job.format.group_size) : 4 * t.rows;
    return in_base(job, t, side * t.count);
  };
  return recipe;
}

}  // namespace qwenfit::format
