// Flags of Ollama, TensorRT-LLM and text-generation-inference that are no plain value of a scenario key.
#include "interpret.hpp"
#include "text.hpp"

namespace qwenfit::plan {

void Interpreter::ollama() {
  if (!w_.model && !p_->positional.empty()) use_model(p_->positional[0], 0);
  const auto environment = [&](const char* name, const char* flag) {
    const Variables::Found found = w_.variables.find(name);
    if (!found.set || found.words.empty() || found.words[0].text.empty()) return std::string();
    d_.flags[flag] = {found.words[0].text, found.words[0].line};
    add_unresolved(d_, flag, found.words[0].unresolved);
    return found.words[0].unresolved.empty() ? found.words[0].text : std::string();
  };
  if (!d_.scenario.context) {
    if (const std::string v = environment("OLLAMA_CONTEXT_LENGTH", "ollama_context_length");
        !v.empty() && v != "0")
      set("ollama_context_length", "context", v, d_.line);
  }
  if (const std::string v = environment("OLLAMA_NUM_PARALLEL", "ollama_num_parallel");
      !v.empty() && v != "0") {
    if (set("ollama_num_parallel", "parallel_slots", v, d_.line))
      d_.scenario.concurrency = d_.scenario.parallel_slots;
  }
  if (const std::string v = environment("OLLAMA_KV_CACHE_TYPE", "ollama_kv_cache_type"); !v.empty())
    set("ollama_kv_cache_type", "kv_type", v, d_.line);
  if (const std::string v = lower(environment("OLLAMA_FLASH_ATTENTION", "ollama_flash_attention"));
      !v.empty())
    d_.scenario.flash_attention = v == "1" || v == "true";
  environment("OLLAMA_MAX_LOADED_MODELS", "ollama_max_loaded_models");
  environment("OLLAMA_GPU_OVERHEAD", "ollama_gpu_overhead");
}

void Interpreter::trtllm() {
  model_from("model");
  std::size_t first = 0;
  if (!p_->positional.empty() && p_->positional[0].text == "serve") first = 1;
  if (d_.model.empty() && p_->positional.size() > first) use_model(p_->positional[first], 0);
}

void Interpreter::tgi() {
  model_from("model_id");
  quantization("quantize");
  dtype();
}

}  // namespace qwenfit::plan
