// BF16, FP16, FP32 checkpoints: every tensor in the one type.
#include "checkpoint.hpp"

namespace qwenfit::format {

Recipe plain(const Job& job) {
  Recipe recipe;
  recipe.rest = job.format.base;
  recipe.packs = [](const model::Tensor&) { return false; };
  return recipe;
}

}  // namespace qwenfit::format
