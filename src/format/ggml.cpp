// llama-quantize's file types.
#include "recipes.hpp"

namespace qwenfit::format {

using model::Part;

void ggml(Job& job) {
  const catalog::DType& base = dtype(job.catalog, job.format.base);
  const catalog::DType& f32 = dtype(job.catalog, "f32");
  for (const model::Tensor& t : job.inventory.tensors) {
    if (t.part != Part::text && !(t.part == Part::mtp && job.options.with_mtp) && t.part != Part::ngram)
      continue;
    add(job, t, t.is_vector ? f32 : base);
  }
}

}  // namespace qwenfit::format
