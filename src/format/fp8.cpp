// E4M3 with one scale per 128x128 block (the official FP8 repositories), per tensor or per output channel
// (llm-compressor's FP8 and FP8_DYNAMIC presets).
#include "checkpoint.hpp"

namespace qwenfit::format {

using catalog::Scheme;
using model::Tensor;
using units::ceil_div;

Recipe fp8(const Job& job) {
  Recipe recipe;
  const Scheme scheme = job.format.scheme;
  // The official files quantize the MTP block too; llm-compressor never sees it.
  recipe.packs = scheme == Scheme::fp8_block ? is_projection : is_text_projection;
  recipe.pack = [&job, scheme](const Tensor& t) {
    constexpr Bytes kScale = 2;  // BF16
    Bytes scales = 2;            // per tensor: one of the weights, one of the activations
    if (scheme == Scheme::fp8_block) {
      scales = ceil_div(t.rows, job.format.group_size) * ceil_div(t.cols, job.format.group_size);
    } else if (scheme == Scheme::fp8_channel) {
      scales = t.rows;
    }
    return in_base(job, t, scales * kScale * t.count);
  };
  return recipe;
}

}  // namespace qwenfit::format
