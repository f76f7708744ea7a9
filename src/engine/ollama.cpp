// Ollama and LM Studio: llama.cpp inside, with its memory and settings of their own.
#include <algorithm>

#include "rules.hpp"

namespace qwenfit::engine {
namespace {

/// Ollama's runner and LM Studio's read prompts in batches of 512 (num_batch, evalBatchSize).
constexpr int kBatch = 512;

class AroundLlama : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    setup.llama.batch = std::min(setup.llama.batch, kBatch);
    Setup inside = as_llama(setup);
    llamacpp_rules().fill_defaults(inside);
    inside.engine = setup.engine;
    inside.engine_version = setup.engine_version;
    setup = std::move(inside);
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const override {
    return llamacpp_rules().plan(as_llama(setup), steps);
  }

 private:
  /// Their releases follow llama.cpp's main branch: the newest rules hold, whatever theirs are called.
  static Setup as_llama(const Setup& setup) {
    Setup inside = setup;
    inside.engine = setup.catalog->engine("llama.cpp");
    inside.engine_version.clear();
    return inside;
  }
};

}  // namespace

const Rules& ollama_rules() {
  static const AroundLlama rules;
  return rules;
}

}  // namespace qwenfit::engine
