#include "recipes.hpp"

namespace qwenfit::format {

void ggml_recipe(Job& job) {
  ggml(job);
  job.weights.exact = false;
}

}  // namespace qwenfit::format
