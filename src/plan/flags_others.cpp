// Flags of Ollama, TensorRT-LLM and text-generation-inference that are no plain value of a scenario key, both
// ways.
#include "interpret.hpp"
#include "text.hpp"
#include "writer.hpp"

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

void Writer::ollama() {
  const engine::LlamaOptions& l = e_.setup.llama;
  c_.program = {"ollama", "serve"};
  c_.port = 11434;
  c_.health = "/";
  c_.image = e_.setup.backend == engine::Backend::rocm ? "ollama/ollama:rocm" : "ollama/ollama";
  if (e_.setup.backend == engine::Backend::metal) c_.image.clear();
  c_.served_name = lower(std::string(e_.setup.model->id) + "-" + std::string(e_.setup.weights->format->id));
  const auto set = [&](const char* name, std::string value) {
    c_.environment.emplace_back(name, std::move(value));
  };
  set("OLLAMA_CONTEXT_LENGTH", std::to_string(e_.setup.context));
  const std::int64_t slots = std::max<std::int64_t>(l.parallel_slots.value_or(1), e_.setup.concurrency);
  set("OLLAMA_NUM_PARALLEL", std::to_string(slots));
  if (s_.kv_type) set("OLLAMA_KV_CACHE_TYPE", kv_word(*e_.setup.kv_type));
  if (s_.kv_type || s_.flash_attention) set("OLLAMA_FLASH_ATTENTION", *l.flash_attention ? "1" : "0");
  c_.modelfile = {"FROM " + c_.model, "PARAMETER num_ctx " + std::to_string(e_.setup.context)};
  if (s_.gpu_layers) c_.modelfile.push_back("PARAMETER num_gpu " + std::to_string(*s_.gpu_layers));
  if (s_.batch) c_.modelfile.push_back("PARAMETER num_batch " + std::to_string(*s_.batch));
}

void Writer::trtllm() {
  c_.program = {"trtllm-serve"};
  c_.listen = {"--host", "0.0.0.0"};
  const std::string newest = version();
  c_.image = "nvcr.io/nvidia/tensorrt-llm/release:" + (newest.empty() ? "1.2.1" : newest);
  add({c_.model});
  write_keys();
}

void Writer::mlx() {
  c_.program = {"mlx_lm.server"};
  c_.port = 8080;
  add({"--model", c_.model});
  if (e_.setup.concurrency > 1) add({"--decode-concurrency", std::to_string(e_.setup.concurrency)});
}

}  // namespace qwenfit::plan
