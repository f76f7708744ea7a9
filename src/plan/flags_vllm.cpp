// vLLM's flags that are no plain value of a scenario key, both ways.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "interpret.hpp"
#include "text.hpp"
#include "writer.hpp"

namespace qwenfit::plan {

void Interpreter::vllm() {
  if (!model_from("model")) model_from("model_id") || model_from("model_dir");
  // `vllm serve MODEL`; the old --model stays valid beside it.
  if (d_.model.empty() && w_.program != "api_server" && !p_->positional.empty())
    use_model(p_->positional[0], 0);
  served_from("served_model_name");
  if (d_.served_names.empty()) served_from("model_name");
  if (on("enable_expert_parallel")) {
    const auto tp = d_.scenario.tensor_parallel.value_or(1), dp = d_.scenario.data_parallel.value_or(1);
    if (tp * dp > 1) d_.scenario.expert_parallel = std::min<std::int64_t>(tp * dp, 65536);
  }
  quantization("quantization");
  dtype();
  no_multimodal();
  speculative_config();
}

/// --limit-mm-per-prompt with nothing but zeros leaves the vision tower out.
void Interpreter::no_multimodal() {
  const Setting* s = find("limit_mm_per_prompt");
  if (!s || !s->value.unresolved.empty() || s->value.text.size() > 4096) return;
  const nlohmann::json limits = nlohmann::json::parse(s->value.text, nullptr, false);
  if (!limits.is_object() || limits.empty() || !limits.contains("image") || !limits.contains("video")) return;
  for (const auto& [key, value] : limits.items()) {
    if (!value.is_number_integer() || value != 0) return;
  }
  d_.scenario.language_model_only = true;
}

void Interpreter::speculative_config() {
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
  } else if (const Setting* n = find("spec_method"); n && n->value.unresolved.empty()) {
    speculative(n->value.text, number("num_speculative_tokens"));
  } else if (const Setting* m = find("speculative_model"); m && m->value.unresolved.empty()) {
    speculative(m->value.text == "[ngram]" ? "ngram" : "draft", number("num_speculative_tokens"));
  }
}

void Writer::vllm() {
  c_.program = {"vllm", "serve"};
  const engine::Backend backend = e_.setup.backend;
  // #43529 took bitsandbytes out.
  const bool plugin = served_.quantization == "bitsandbytes" && !lacks("bitsandbytes_plugin");
  if (plugin)
    c_.notes.emplace_back(
        "bitsandbytes: vLLM has it up to 0.27, later versions with the package vllm-bnb-plugin");
  if (backend == engine::Backend::cuda)
    c_.image = "vllm/vllm-openai:v" + (plugin && !s_.engine_version ? "0.27.0" : version());
  else if (backend == engine::Backend::rocm && !lacks("rocm_image"))
    c_.image = "vllm/vllm-openai-rocm:v" + version();
  add({c_.model});
  write_format();
  write_keys();
  if (lacks("language_model_only")) {  // limits say the same
    std::erase_if(c_.options, [](const auto& option) { return option[0] == "--no-language-model-only"; });
    for (auto& option : c_.options)
      if (option[0] == "--language-model-only")
        option = {"--limit-mm-per-prompt", R"({"image":0,"video":0})"};
  }
  write_yarn();
  if (s_.expert_parallel.value_or(1) > 1) add({"--enable-expert-parallel"});
  if (!s_.speculative) return;
  const engine::Speculative& s = *s_.speculative;
  nlohmann::json config{{"method", s.method == "draft" ? "draft_model" : s.method},
                        {"num_speculative_tokens", s.tokens}};
  if (!s.draft_model.empty()) config["model"] = s.draft_model;
  if (s.method == "ngram") config["prompt_lookup_max"] = 4;
  if (config.contains("model") || s.method == "mtp" || s.method == "ngram")
    add({"--speculative-config", config.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
  else c_.notes.push_back("--speculative-config needs the draft model: " + s.method);
}

}  // namespace qwenfit::plan
