// Integers of compressed-tensors: W4A16 and W8A16 packed into int32 along the inputs, W8A8 as plain int8;
// symmetric, so scales only. Layout: compressed_tensors compressors/quantized_compressors (weight_packed,
// weight_scale, weight_shape); presets: quantization/quant_scheme.py.
#include "checkpoint.hpp"

namespace qwenfit::format {

using catalog::Scheme;
using model::Tensor;

Recipe compressed(const Job& job) {
  Recipe recipe;
  recipe.packs = is_text_projection;
  recipe.pack = [&job](const Tensor& t) {
    const bool grouped = job.format.group_size > 0;  // else one scale per output channel
    const std::int64_t groups = grouped ? units::ceil_div(t.cols, job.format.group_size) : 1;
    const Bytes scales = 2 * groups * t.rows;
    const Bytes shape = job.format.scheme == Scheme::compressed_group ? 16 : 0;  // two int64
    return in_base(job, t, (scales + shape) * t.count);
  };
  return recipe;
}

}  // namespace qwenfit::format
