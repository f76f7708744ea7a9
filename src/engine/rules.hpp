// What every engine has to answer. Internal to the engine room; one file per engine implements it.
#pragma once

#include "qwenfit/engine.hpp"

namespace qwenfit::engine {

class Rules {
 public:
  virtual ~Rules() = default;
  /// @see qwenfit::engine::fill_defaults; backend, device and KV types are already set.
  virtual void fill_defaults(Setup& setup) const = 0;
  virtual MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const = 0;
  /// @see qwenfit::engine::make_probe; plans anew each time unless an engine knows better.
  virtual std::unique_ptr<Probe> probe(const Setup& setup, const MemoryPlan& plan) const;
};

/// The rules of this engine.
const Rules& rules_of(const catalog::Engine& engine);

const Rules& llamacpp_rules();      // llamacpp.cpp: Ollama and LM Studio too
const Rules& vllm_rules();          // vllm.cpp
const Rules& sglang_rules();        // sglang.cpp
const Rules& transformers_rules();  // transformers.cpp
const Rules& mlx_rules();           // mlx.cpp
const Rules& tensorrt_llm_rules();  // tensorrt_llm.cpp
const Rules& exllamav3_rules();     // exllamav3.cpp

}  // namespace qwenfit::engine
