#include "recipes.hpp"

namespace qwenfit::format {

void checkpoint(Job& job) {
  const catalog::DType& base = dtype(job.catalog, job.format.base);
  const catalog::DType& bf16 = dtype(job.catalog, "bf16");
  for (const model::Tensor& t : job.inventory.tensors) {
    const bool quantized =
        !t.is_vector && t.role != model::Role::token_embedding && t.role != model::Role::output;
    add(job, t, quantized ? base : bf16);
  }
}

}  // namespace qwenfit::format
