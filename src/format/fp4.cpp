// NVFP4 (E2M1, an E4M3 scale per 16 weights, two FP32 scales a matrix) and MXFP4 (E2M1, a power-of-two scale
// per 32).
#include "checkpoint.hpp"

namespace qwenfit::format {

using catalog::Scheme;
using model::Role;
using model::Tensor;

Recipe fp4(const Job& job) {
  const bool nvfp4 = job.format.scheme == Scheme::nvfp4;
  Recipe recipe;
  // ModelOpt leaves the input projections of Gated DeltaNet in 16 bit: the published size of an NVFP4 build
  // of Qwen3.8-27B, 26,381,249,312 B, is theirs plus headers.
  recipe.packs = [nvfp4](const Tensor& t) {
    const bool input = use_of(t) == Use::linear_attention && t.role != Role::linear_output;
    return is_text_projection(t) && !(nvfp4 && input);
  };
  recipe.pack = [&job, nvfp4](const Tensor& t) {
    // The group scales are part of both types; NVFP4 adds a global scale of weights and one of activations.
    return in_base(job, t, nvfp4 ? 8 * t.count : 0);
  };
  return recipe;
}

}  // namespace qwenfit::format
