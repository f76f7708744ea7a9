// Flags of Ollama, TensorRT-LLM and text-generation-inference that are no plain value of a scenario key, both
// ways.
#include <algorithm>

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
  if (e_.setup.backend != engine::Backend::metal) {
    std::string tag = version();
    if (e_.setup.backend == engine::Backend::rocm) tag += tag.empty() ? "rocm" : "-rocm";
    c_.image = tag.empty() ? "ollama/ollama" : "ollama/ollama:" + tag;
  }
  c_.served_name = lower(std::string(e_.setup.model->id) + "-" + std::string(e_.setup.weights->format->id));
  c_.served_name.resize(std::min<std::size_t>(c_.served_name.size(), 80));  // types/model/name.go
  const auto set = [&](const char* name, std::string value) {
    c_.environment.emplace_back(name, std::move(value));
  };
  set("OLLAMA_CONTEXT_LENGTH", std::to_string(e_.setup.context));
  const std::int64_t slots = std::max<std::int64_t>(l.parallel_slots.value_or(1), e_.setup.concurrency);
  set("OLLAMA_NUM_PARALLEL", std::to_string(slots));
  if (s_.kv_type) {
    const std::string type = kv_word(*e_.setup.kv_type);
    set("OLLAMA_KV_CACHE_TYPE", type);
    if (lacks("kv_types") && type != "f16" && type != "q8_0" && type != "q4_0")
      c_.notes.push_back("OLLAMA_KV_CACHE_TYPE: before 0.30 Ollama takes " + type + " for f16");
  }
  if (s_.kv_type || s_.flash_attention) set("OLLAMA_FLASH_ATTENTION", *l.flash_attention ? "1" : "0");
  c_.modelfile = {"FROM " + c_.model, "PARAMETER num_ctx " + std::to_string(e_.setup.context)};
  if (s_.gpu_layers) c_.modelfile.push_back("PARAMETER num_gpu " + std::to_string(*s_.gpu_layers));
  if (s_.batch) c_.modelfile.push_back("PARAMETER num_batch " + std::to_string(*s_.batch));
}

void Writer::trtllm() {
  c_.program = {"trtllm-serve"};
  c_.listen = {"--host", "0.0.0.0"};
  add({c_.model});
  write_keys();
  // 1.2.1 is the last release; its branch had left when --kv_cache_dtype came.
  const auto kv = [](const std::vector<std::string>& option) { return option[0] == "--kv_cache_dtype"; };
  const std::string asked = version();
  const bool newer = asked.empty() && std::any_of(c_.options.begin(), c_.options.end(), kv);
  if (newer) c_.notes.emplace_back("--kv_cache_dtype: TensorRT-LLM 1.2 has no such option, 1.3.0rc19 does");
  c_.image = "nvcr.io/nvidia/tensorrt-llm/release:" + (!asked.empty() ? asked
                                                       : newer        ? "1.3.0rc19"
                                                                      : "1.2.1");
}

void Writer::mlx() {
  c_.program = {"mlx_lm.server"};
  c_.port = 8080;
  add({"--model", c_.model});
  if (e_.setup.concurrency > 1) add({"--decode-concurrency", std::to_string(e_.setup.concurrency)});
}

}  // namespace qwenfit::plan
