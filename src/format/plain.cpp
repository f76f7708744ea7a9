// BF16, FP16, FP32 checkpoints: every tensor in the one type.
#include "checkpoint.hpp"

namespace qwenfit::format {

Recipe plain(const Job& job) {
  Recipe recipe;
  recipe.rest = job.format.base;
  // mlx-lm and mlx-vlm drop what they do not run (the models' sanitize).
  recipe.stores_mtp = recipe.stores_copies = !job.options.mlx;
  recipe.packs = [](const model::Tensor&) { return false; };
  return recipe;
}

}  // namespace qwenfit::format
