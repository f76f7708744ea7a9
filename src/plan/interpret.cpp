// Workload -> Deployment: options of the engine as scenario keys.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "device_hints.hpp"
#include "estimate/scenario_fields.hpp"
#include "model_names.hpp"
#include "options.hpp"
#include "qwenfit/error.hpp"
#include "text.hpp"
#include "workload.hpp"

namespace qwenfit::plan {
namespace {

/// Takes options over into a scenario, key by key.
class Interpreter {
 public:
  Interpreter(Workload workload, const Options& options)
      : w_(std::move(workload)), d_(w_.base), options_(options) {}

  Deployment run() {
    EngineKind engine = w_.engine.value_or(EngineKind::other);
    ParsedOptions parsed = parse_options(engine, w_.args);
    take_environment(engine, parsed);
    for (auto& [name, setting] : parsed.settings) {
      name_open_variable(setting.value);
      d_.flags[name] = {setting.value.text, setting.line};
      if (decides(name)) add_unresolved(d_, name, setting.value.unresolved);
      else if (!setting.value.unresolved.empty())
        d_.notes.push_back(fmt::format("--{} holds {}, which the file does not tell", dashed(name),
                                       setting.value.unresolved[0]));
    }
    for (const std::string& name : parsed.unresolved) add_unresolved(d_, "arguments", {name});
    for (const Word& word : parsed.joined)
      finding("joined-argument", Severity::warning, word.line,
              fmt::format("'{}' is one argument with a blank in it: the engine refuses it", word.text));
    if (!parsed.unknown.empty() && engine != EngineKind::other) {
      std::string names;
      for (const Word& word : parsed.unknown) {
        if (names.size() < 300) names += (names.empty() ? "" : ", ") + word.text;
      }
      d_.notes.push_back(fmt::format("not known here, so without effect on the estimate: {}", names));
    }
    if (w_.engine) d_.engine = engine_id(engine);
    p_ = &parsed;
    switch (engine) {
      case EngineKind::vllm:
      case EngineKind::huggingface: vllm(); break;
      case EngineKind::sglang: sglang(); break;
      case EngineKind::llama_cpp: llama(); break;
      case EngineKind::ollama: ollama(); break;
      case EngineKind::tensorrt_llm: trtllm(); break;
      case EngineKind::tgi: tgi(); break;
      case EngineKind::mlx: model_from("model"); break;
      case EngineKind::other:
        if (!model_from("model")) model_from("model_path") || model_from("model_id");
        break;
    }
    finish(engine);
    return std::move(d_);
  }

 private:
  const Setting* find(const std::string& name) const { return p_->find(name); }

  /// "${TP}" in a value that no shell reads: for a template to fill in, so its value is not in the file.
  void name_open_variable(Word& value) {
    const auto dollar = value.text.find('$');
    if (!value.unresolved.empty() || dollar == std::string::npos || dollar + 1 >= value.text.size()) return;
    const char next = value.text[dollar + 1];
    if (next != '{' && next != '(' && !std::isalpha(static_cast<unsigned char>(next))) return;
    Word put = expand(value.text, Dialect::compose, w_.variables);
    put.line = value.line;
    value = std::move(put);
  }

  /// Whether the answer depends on the flag's value.
  static bool decides(std::string_view name) {
    static constexpr std::string_view kNot[] = {
        "served_model_name",   "alias",       "model_name", "kv_transfer_config",
        "disaggregation_mode", "load_format", "runner",     "task",
        "mm_processor_kwargs", "model",       "model_path", "model_id",
        "model_dir",           "hf_repo",     "hf_file"};
    return std::find(std::begin(kNot), std::end(kNot), name) == std::end(kNot);
  }

  void finding(std::string id, Severity severity, int line, std::string message) {
    Finding f;
    f.id = std::move(id);
    f.severity = severity;
    f.line = line;
    f.message = std::move(message);
    d_.findings.push_back(std::move(f));
  }

  /// What the environment sets: LLAMA_ARG_*, TGI's own, flags in one string.
  void take_environment(EngineKind engine, ParsedOptions& parsed) {
    if (engine == EngineKind::llama_cpp || engine == EngineKind::tgi) {
      const std::string prefix = engine == EngineKind::tgi ? "" : "LLAMA_ARG_";
      for (const OptionRule& rule : options_of(engine).rules) {
        const std::string name = underscored(rule.names.substr(0, rule.names.find(' ')));
        if (!rule.relevant || parsed.settings.contains(name)) continue;
        for (const std::string& spelled : environment_names(engine, name)) {
          const Variables::Found found = w_.variables.find(spelled);
          if (found.set && !found.words.empty() && !found.words[0].text.empty())
            parsed.settings[name] = {found.words[0], found.words[0].line};
        }
      }
    }
    if (engine == EngineKind::vllm || engine == EngineKind::huggingface) {
      // KServe's templates put these behind the command.
      for (const char* name : {"VLLM_ADDITIONAL_ARGS"}) {
        const Variables::Found found = w_.variables.find(name);
        if (!found.set || found.words.empty()) continue;
        ParsedOptions more = parse_options(engine, split_words(found.words[0].text, found.words[0].line));
        for (auto& [key, setting] : more.settings) parsed.settings[key] = std::move(setting);
        for (const std::string& unresolved : found.words[0].unresolved)
          parsed.unresolved.push_back(unresolved);
      }
    }
  }

  static std::vector<std::string> environment_names(EngineKind engine, const std::string& option) {
    std::string upper = option;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (engine == EngineKind::tgi) return {upper};
    if (option == "parallel") return {"LLAMA_ARG_N_PARALLEL"};
    if (option == "batch_size") return {"LLAMA_ARG_BATCH"};
    if (option == "ubatch_size") return {"LLAMA_ARG_UBATCH"};
    return {"LLAMA_ARG_" + upper};
  }

  /// Sets scenario key `key` from flag `name`. @return whether the flag was given and readable.
  bool take(const std::string& name, std::string_view key) {
    const Setting* s = find(name);
    if (!s || !s->value.unresolved.empty()) return false;
    return set(name, key, s->value.text, s->line);
  }

  bool set(const std::string& name, std::string_view key, const std::string& text, int line) {
    if (text.empty() || lower(text) == "auto" || text == "-1" || lower(text) == "none") return false;
    try {
      Scenario trial = d_.scenario;
      set_field_text(trial, scenario_field(key), text);
      d_.scenario = std::move(trial);
      return true;
    } catch (const Error& e) {
      finding("invalid-flag", Severity::error, line, fmt::format("--{}: {}", dashed(name), e.what()));
      return false;
    }
  }

  std::optional<std::int64_t> number(const std::string& name) {
    const Setting* s = find(name);
    if (!s || !s->value.unresolved.empty()) return std::nullopt;
    return units::parse_count(s->value.text);
  }

  bool on(const std::string& name) const {
    const Setting* s = find(name);
    if (!s) return false;
    const std::string v = lower(s->value.text);
    return v == "true" || v == "1" || v == "on";
  }

  bool model_from(const std::string& name) {
    const Setting* s = find(name);
    if (!s || (s->value.text.empty() && s->value.unresolved.empty())) return false;
    use_model(s->value, s->line);
    return true;
  }

  void use_model(Word word, int line) {
    name_open_variable(word);
    d_.model = word.text;
    d_.model_line = line ? line : word.line;
    add_unresolved(d_, "model", word.unresolved);
    // Of several values that branches give, the first one is looked at.
    model_known_ = word.text.find('$') == std::string::npos && !word.text.empty();
  }

  void served_from(const std::string& name) {
    const Setting* s = find(name);
    if (!s) return;
    for (const Word& word : split_words(s->value.text, s->line)) {
      if (word.text.find('$') == std::string::npos && !word.text.empty())
        d_.served_names.push_back(word.text);
    }
  }

  void quantization(const std::string& name) {
    const Setting* s = find(name);
    if (!s || !s->value.unresolved.empty()) return;
    const std::string v = lower(s->value.text);
    static const std::map<std::string, std::string> kFormats = {{"fp8", "fp8"},
                                                                {"bitsandbytes", "nf4"},
                                                                {"modelopt_fp4", "nvfp4"},
                                                                {"nvfp4", "nvfp4"},
                                                                {"petit_nvfp4", "nvfp4"},
                                                                {"mxfp4", "mxfp4"},
                                                                {"awq", "awq-int4"},
                                                                {"awq_marlin", "awq-int4"},
                                                                {"gptq", "gptq-int4"},
                                                                {"gptq_marlin", "gptq-int4"},
                                                                {"w8a8_fp8", "fp8"},
                                                                {"w8a8_int8", "w8a8"},
                                                                {"modelopt_fp8", "fp8"},
                                                                {"bnb-nf4", "nf4"},
                                                                {"bitsandbytes-nf4", "nf4"},
                                                                {"eetq", "int8"}};
    if (const auto it = kFormats.find(v); it != kFormats.end()) quantization_ = it->second;
  }

  void speculative(std::string method, std::optional<std::int64_t> tokens) {
    method = lower(method);
    if (method == "none" || method.empty()) return;
    std::string known;
    for (const auto& [part, name] :
         std::initializer_list<std::pair<std::string_view, std::string_view>>{{"mtp", "mtp"},
                                                                              {"nextn", "mtp"},
                                                                              {"eagle3", "eagle3"},
                                                                              {"eagle", "eagle"},
                                                                              {"ngram", "ngram"},
                                                                              {"dflash", "dflash"},
                                                                              {"draft", "draft"},
                                                                              {"suffix", "ngram"}}) {
      if (method.find(part) != std::string::npos) {
        known = name;
        break;
      }
    }
    if (known.empty()) {
      d_.notes.push_back(fmt::format("speculative method '{}' is not estimated", method));
      return;
    }
    engine::Speculative s;
    s.method = known;
    s.tokens = static_cast<int>(std::clamp<std::int64_t>(tokens.value_or(1), 1, 64));
    d_.scenario.speculative = s;
  }

  void vllm() {
    if (!model_from("model")) model_from("model_id") || model_from("model_dir");
    // `vllm serve MODEL`; the old --model stays valid beside it.
    if (d_.model.empty() && w_.program != "api_server" && !p_->positional.empty())
      use_model(p_->positional[0], 0);
    served_from("served_model_name");
    if (d_.served_names.empty()) served_from("model_name");
    take("tensor_parallel_size", "tensor_parallel");
    take("pipeline_parallel_size", "pipeline_parallel");
    take("data_parallel_size", "data_parallel");
    if (on("enable_expert_parallel")) {
      const auto tp = d_.scenario.tensor_parallel.value_or(1), dp = d_.scenario.data_parallel.value_or(1);
      if (tp * dp > 1) d_.scenario.expert_parallel = std::min<std::int64_t>(tp * dp, 65536);
    }
    take("max_model_len", "context");
    take("max_num_seqs", "max_num_seqs");
    take("max_num_batched_tokens", "max_num_batched_tokens");
    take("gpu_memory_utilization", "gpu_memory_utilization");
    take("kv_cache_dtype", "kv_type");
    take("kv_cache_memory_bytes", "kv_cache_memory_bytes") ||
        take("kv_cache_memory", "kv_cache_memory_bytes");
    take("block_size", "block_size");
    take("cpu_offload_gb", "cpu_offload_gb");
    take("enforce_eager", "enforce_eager");
    take("language_model_only", "language_model_only");
    take("enable_prefix_caching", "enable_prefix_caching");
    take("mamba_cache_mode", "mamba_cache_mode");
    take("mamba_ssm_cache_dtype", "mamba_ssm_dtype");
    quantization("quantization");
    dtype();
    no_multimodal();
    speculative_config();
  }

  void dtype() {
    const Setting* s = find("dtype");
    if (!s || !s->value.unresolved.empty()) return;
    const std::string v = lower(s->value.text);
    if (v == "half" || v == "float16" || v == "fp16") dtype_ = "f16";
    else if (v == "bfloat16" || v == "bf16") dtype_ = "bf16";
    else if (v == "float" || v == "float32") dtype_ = "f32";
  }

  /// --limit-mm-per-prompt with nothing but zeros leaves the vision tower out.
  void no_multimodal() {
    const Setting* s = find("limit_mm_per_prompt");
    if (!s || !s->value.unresolved.empty() || s->value.text.size() > 4096) return;
    const nlohmann::json limits = nlohmann::json::parse(s->value.text, nullptr, false);
    if (!limits.is_object() || limits.empty() || !limits.contains("image") || !limits.contains("video"))
      return;
    for (const auto& [key, value] : limits.items()) {
      if (!value.is_number_integer() || value != 0) return;
    }
    d_.scenario.language_model_only = true;
  }

  void speculative_config() {
    if (const Setting* s = find("speculative_config");
        s && s->value.unresolved.empty() && s->value.text.size() < 8192) {
      const nlohmann::json c = nlohmann::json::parse(s->value.text, nullptr, false);
      if (!c.is_object()) {
        finding("invalid-flag", Severity::error, s->line, "--speculative-config is not a JSON object");
        return;
      }
      std::string method =
          c.contains("method") && c["method"].is_string() ? c["method"].get<std::string>() : "draft";
      std::optional<std::int64_t> tokens;
      if (c.contains("num_speculative_tokens")) {
        const auto& n = c["num_speculative_tokens"];
        if (n.is_number_integer())
          tokens = std::clamp<std::int64_t>(
              n.is_number_unsigned() && n.get<std::uint64_t>() > 64 ? 64 : n.get<std::int64_t>(), 1, 64);
        else if (n.is_string()) tokens = units::parse_count(n.get<std::string>());
      }
      speculative(method, tokens);
      if (method == "draft" && d_.scenario.speculative && c.contains("model") && c["model"].is_string())
        d_.scenario.speculative->draft_model = c["model"].get<std::string>();
    } else if (const Setting* m = find("speculative_model"); m && m->value.unresolved.empty()) {
      speculative(m->value.text == "[ngram]" ? "ngram" : "draft", number("num_speculative_tokens"));
    }
  }

  void sglang() {
    model_from("model_path");
    if (d_.model.empty() && !p_->positional.empty()) use_model(p_->positional[0], 0);
    served_from("served_model_name");
    take("tensor_parallel_size", "tensor_parallel");
    take("pipeline_parallel_size", "pipeline_parallel");
    take("data_parallel_size", "data_parallel");
    take("expert_parallel_size", "expert_parallel");
    take("mem_fraction_static", "mem_fraction_static");
    take("context_length", "context");
    take("max_running_requests", "max_running_requests");
    take("max_total_tokens", "max_total_tokens");
    take("chunked_prefill_size", "chunked_prefill_size");
    take("kv_cache_dtype", "kv_type");
    take("page_size", "page_size");
    take("cpu_offload_gb", "cpu_offload_gb");
    take("max_mamba_cache_size", "max_mamba_cache_size");
    take("mamba_ssm_dtype", "mamba_ssm_dtype");
    take("mamba_full_memory_ratio", "mamba_full_memory_ratio");
    take("cuda_graph_max_bs", "cuda_graph_max_bs");
    take("disable_radix_cache", "disable_radix_cache");
    if (on("disable_cuda_graph")) d_.scenario.enforce_eager = true;
    quantization("quantization");
    dtype();
    if (const Setting* s = find("speculative_algorithm"); s && s->value.unresolved.empty()) {
      // SGLang runs a model's own MTP layers as EAGLE without a draft model.
      const bool own = !find("speculative_draft_model_path");
      auto tokens = number("speculative_num_draft_tokens");
      if (tokens && *tokens > 1) tokens = *tokens - 1;
      if (const auto steps = number("speculative_num_steps"); steps && !tokens) tokens = steps;
      const std::string algorithm = lower(s->value.text);
      speculative(own && (algorithm == "eagle" || algorithm == "nextn") ? "mtp" : algorithm, tokens);
    }
    if (const Setting* s = find("disaggregation_mode");
        s && d_.role.empty() && s->value.unresolved.empty() && s->value.text != "null")
      d_.role = s->value.text;
  }

  void llama() {
    // -hf owner/repo:QUANT; a file name says the quant better.
    if (find("hf_repo")) model_from("hf_repo");
    if (const Setting* f = find("hf_file"); f && f->value.unresolved.empty()) use_model(f->value, f->line);
    if (d_.model.empty()) model_from("model") || model_from("model_url");
    served_from("alias");
    if (d_.model.empty() && (find("models_dir") || find("models_preset")))
      add_unresolved(d_, "model", {"the models of a folder or preset file"});
    const auto slots = number("parallel").value_or(0);
    const bool unified = on("kv_unified") || slots <= 0;
    if (const auto ctx = number("ctx_size"); ctx && *ctx > 0) {
      d_.scenario.context = unified || slots <= 1 ? *ctx : std::max<std::int64_t>(1, *ctx / slots);
    } else if (const Setting* s = find("ctx_size"); s && s->value.unresolved.empty() && !ctx) {
      take("ctx_size", "context");
    }
    if (slots > 0) {
      take("parallel", "parallel_slots");
      if (slots <= 4096) d_.scenario.concurrency = slots;
    }
    if (on("kv_unified")) d_.scenario.kv_unified = true;
    take("batch_size", "batch");
    take("ubatch_size", "ubatch");
    take("cache_type_k", "kv_type");
    take("cache_type_v", "kv_type_v");
    if (const Setting* s = find("n_gpu_layers"); s && s->value.unresolved.empty()) {
      const std::string v = lower(s->value.text);
      if (v == "all") d_.scenario.gpu_layers = 999;
      else take("n_gpu_layers", "gpu_layers");
    }
    take("n_cpu_moe", "cpu_moe_layers");
    if (on("cpu_moe")) d_.scenario.cpu_moe_layers = 1 << 16;
    take("split_mode", "split_mode");
    tensor_split();
    if (const Setting* s = find("flash_attn");
        s && lower(s->value.text) != "auto" && s->value.unresolved.empty()) {
      const std::string v = lower(s->value.text);
      d_.scenario.flash_attention = !(v == "off" || v == "0" || v == "false");
    }
    if ((find("mmproj") || find("mmproj_url")) && !on("no_mmproj")) d_.scenario.mmproj = true;
    if (const Setting* s = find("spec_type"); s && s->value.unresolved.empty()) {
      // ik_llama.cpp joins settings: "mtp:n_max=4,p_min=0.0"
      const std::string& v = s->value.text;
      auto tokens = number("draft_max");
      if (const auto at = v.find("n_max="); at != std::string::npos) {
        std::size_t end = at + 6;
        while (end < v.size() && std::isdigit(static_cast<unsigned char>(v[end]))) ++end;
        tokens = units::parse_count(std::string_view(v).substr(at + 6, end - at - 6));
      }
      speculative(v.substr(0, v.find(':')), tokens);
    } else if (on("multi_token_prediction")) {
      speculative("mtp", number("draft_max"));
    } else if (find("model_draft") || find("hf_repo_draft")) {
      const Setting* draft = find("model_draft") ? find("model_draft") : find("hf_repo_draft");
      speculative("draft", number("draft_max"));
      if (d_.scenario.speculative && draft->value.unresolved.empty())
        d_.scenario.speculative->draft_model = draft->value.text;
    }
    if (find("override_tensor"))
      d_.notes.emplace_back("--override-tensor moves tensors by pattern: not estimated");
  }

  void tensor_split() {
    const Setting* s = find("tensor_split");
    if (!s || !s->value.unresolved.empty()) return;
    std::string shares = s->value.text;
    std::replace(shares.begin(), shares.end(), '/', ',');
    set("tensor_split", "tensor_split", shares, s->line);
  }

  void ollama() {
    if (!w_.model && !p_->positional.empty()) use_model(p_->positional[0], 0);
    const auto environment = [&](const char* name, const char* flag) {
      const Variables::Found found = w_.variables.find(name);
      if (!found.set || found.words.empty() || found.words[0].text.empty()) return std::string();
      d_.flags[flag] = {found.words[0].text, found.words[0].line};
      add_unresolved(d_, flag, found.words[0].unresolved);
      return found.words[0].unresolved.empty() ? found.words[0].text : std::string();
    };
    if (!take("num_ctx", "context")) {
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
    take("num_gpu", "gpu_layers");
  }

  void trtllm() {
    model_from("model");
    std::size_t first = 0;
    if (!p_->positional.empty() && p_->positional[0].text == "serve") first = 1;
    if (d_.model.empty() && p_->positional.size() > first) use_model(p_->positional[first], 0);
    take("tp_size", "tensor_parallel");
    take("pp_size", "pipeline_parallel");
    take("ep_size", "expert_parallel");
    take("max_batch_size", "max_num_seqs");
    take("max_num_tokens", "max_num_batched_tokens");
    take("max_seq_len", "context");
    take("kv_cache_dtype", "kv_type");
    take("kv_cache_free_gpu_memory_fraction", "gpu_memory_utilization");
  }

  void tgi() {
    model_from("model_id");
    take("num_shard", "tensor_parallel");
    take("max_total_tokens", "context");
    take("max_concurrent_requests", "max_num_seqs");
    quantization("quantize");
    dtype();
  }

  void finish(EngineKind engine) {
    if (w_.model && (d_.model.empty() || !w_.model->unresolved.empty())) use_model(*w_.model, w_.model->line);
    for (const Word& name : w_.served_names) d_.served_names.push_back(name.text);
    if (const Setting* s = find("config")) {
      if (!s->value.text.empty()) add_unresolved(d_, "arguments", {"the options in " + s->value.text});
    }
    if (find("extra_llm_api_options"))
      add_unresolved(d_, "arguments", {"the options in " + find("extra_llm_api_options")->value.text});
    if (d_.model.empty()) add_unresolved(d_, "model", {"none is named"});
    const bool named_format = name_model(d_, model_known_, options_);
    if (!named_format && !quantization_.empty()) d_.scenario.format = quantization_;
    else if (!named_format && !dtype_.empty()) d_.scenario.format = dtype_;
    if (!d_.engine.empty() && engine != EngineKind::tgi && engine != EngineKind::other)
      d_.scenario.engine = d_.engine;
    if (!options_.engine_version.empty()) d_.scenario.engine_version = options_.engine_version;
    else if (const std::string v = version_of_image(d_.image); !v.empty()) d_.scenario.engine_version = v;
    if (engine == EngineKind::tgi || engine == EngineKind::other) {
      d_.estimable = false;
      if (engine == EngineKind::tgi || !w_.program.empty())
        d_.notes.push_back(fmt::format("{} is read, but qwenfit has no estimate for it",
                                       engine == EngineKind::tgi ? "text-generation-inference" : w_.program));
    }
    if (const auto n = number("nnodes"); n && *n > d_.nodes && *n <= 4096) d_.nodes = *n;
    d_.gpus_per_node = w_.gpus_per_node;
    if (w_.gpus_per_node) d_.gpus = *w_.gpus_per_node * d_.nodes;
    choose_device(d_, w_, options_);
    for (const auto& [key, value] : w_.require) require(key, value);
    for (const auto& [key, value] : options_.require) require(key, value);
    d_.scenario.id = d_.name;
  }

  void require(const std::string& key, const std::string& value) {
    try {
      set_field_text(d_.scenario, scenario_field("require"), value.empty() ? key : key + "=" + value);
    } catch (const Error& e) {
      finding("invalid-flag", Severity::error, d_.line, e.what());
    }
  }

  /// "vllm/vllm-openai:v0.11.0" says the version.
  static std::string version_of_image(std::string_view image) {
    const auto colon = image.rfind(':');
    if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) return {};
    std::string_view tag = image.substr(colon + 1);
    if (tag.starts_with('v')) tag.remove_prefix(1);
    std::size_t end = 0;
    while (end < tag.size() && (std::isdigit(static_cast<unsigned char>(tag[end])) || tag[end] == '.')) ++end;
    const std::string_view version = tag.substr(0, end);
    return std::count(version.begin(), version.end(), '.') >= 2 && version.back() != '.'
               ? std::string(version)
               : std::string();
  }

  Workload w_;
  Deployment d_;
  const Options& options_;
  const ParsedOptions* p_ = nullptr;
  std::string quantization_;
  std::string dtype_;
  bool model_known_ = false;
};

}  // namespace

void add_unresolved(Deployment& deployment, const std::string& what, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::string entry = fmt::format("{}: {}", what, name);
    auto& list = deployment.unresolved;
    if (list.size() < 100 && std::find(list.begin(), list.end(), entry) == list.end())
      list.push_back(std::move(entry));
  }
}

Deployment interpret(Workload workload, const Options& options) {
  return Interpreter(std::move(workload), options).run();
}

}  // namespace qwenfit::plan
