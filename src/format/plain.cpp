// BF16, FP16, FP32 checkpoints: every tensor in the one type.
#include "recipes.hpp"

namespace qwenfit::format {

void plain(Job& job) {
  const catalog::DType& type = dtype(job.catalog, job.format.base);
  const catalog::DType& table_type = dtype(job.catalog, "f8_e4m3");
  for (const model::Tensor& t : job.inventory.tensors) {
    // The n-gram table of Qwen3.8-Flash-Next is FP8 in the official checkpoint, whatever the rest is.
    add(job, t, t.role == model::Role::ngram_table ? table_type : type);
  }
}

}  // namespace qwenfit::format
