// Python that holds an engine in its own process: LLM(...), AsyncEngineArgs(...), sgl.Engine(...), Ray's
// LLMConfig.

#include <algorithm>
#include <array>

#include "model_names.hpp"
#include "python_literal.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

bool starts_engine(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kNames{
      "LLM", "AsyncEngineArgs", "EngineArgs", "Engine", "ServerArgs", "Llama", "LLMConfig", "Runtime"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// The engine by what the file imports.
std::optional<EngineKind> engine_of_call(std::string_view name, std::string_view text) {
  const std::string_view last =
      name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
  if (last == "Engine" || last == "ServerArgs" || last == "Runtime")
    return contains_folded(text, "sglang") ? std::optional(EngineKind::sglang) : std::nullopt;
  if (last == "Llama")
    return contains_folded(text, "llama_cpp") ? std::optional(EngineKind::llama_cpp) : std::nullopt;
  if (last == "LLMConfig")
    return contains_folded(text, "ray") ? std::optional(EngineKind::vllm) : std::nullopt;
  if (last == "LLM" && text.find("tensorrt_llm") != std::string_view::npos) return EngineKind::tensorrt_llm;
  return contains_folded(text, "vllm") ? std::optional(EngineKind::vllm) : std::nullopt;
}

/// Keyword arguments by the option that means the same.
void rename(YamlNode& map, EngineKind engine) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kLlama{
      {{"model_path", "model"},
       {"n_ctx", "ctx_size"},
       {"n_batch", "batch_size"},
       {"n_ubatch", "ubatch_size"},
       {"type_k", "cache_type_k"}}};
  for (auto& [key, value] : map.members) {
    if (key == "0") key = engine == EngineKind::sglang ? "model_path" : "model";
    if (engine != EngineKind::llama_cpp) continue;
    for (const auto& [from, to] : kLlama) {
      if (key == from) key = to;
    }
    // -1: all layers
    if (key == "n_gpu_layers" && value->text == "-1") {
      auto all = std::make_shared<YamlNode>(*value);
      all->text = "999";
      value = std::move(all);
    }
  }
  // Options by position beyond the model, *args and None say nothing.
  for (std::size_t i = map.members.size(); i-- > 0;) {
    const std::string& key = map.members[i].first;
    const bool none = map.members[i].second->kind == YamlKind::null;
    if (!none && !key.empty() && !std::isdigit(static_cast<unsigned char>(key[0])) && key != "**") continue;
    if (key == "**") continue;
    map.members.erase(map.members.begin() + static_cast<std::ptrdiff_t>(i));
    map.key_lines.erase(map.key_lines.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

/// **options: more may be given than stands here.
void take_spread(YamlNode& map, Workload& w) {
  for (std::size_t i = map.members.size(); i-- > 0;) {
    if (map.members[i].first != "**") continue;
    const std::string& what = map.members[i].second->text;
    add_unresolved(w.base, "arguments", {what.empty() ? "**options" : what});
    map.members.erase(map.members.begin() + static_cast<std::ptrdiff_t>(i));
    map.key_lines.erase(map.key_lines.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace

bool may_hold_python_engine(std::string_view text) {
  for (const std::string_view call :
       {"LLM(", "EngineArgs(", "Engine(", "ServerArgs(", "Llama(", "LLMConfig(", "Runtime("}) {
    if (text.find(call) != std::string_view::npos) return true;
  }
  return false;
}

void read_python(const Source& source, int first_line) {
  if (!may_hold_python_engine(source.text)) return;
  for (const PythonCall& call : python_calls(source.text, starts_engine)) {
    const auto engine = engine_of_call(call.name, source.text);
    if (!engine) continue;
    Workload w = workload_at(source, "Python call", call.name, call.line + first_line - 1);
    w.engine = engine;
    w.program = "api_server";
    YamlNode map = *call.arguments;
    if (map.has("llm_config") && !map.has("model")) continue;
    if (call.name.ends_with("LLMConfig")) {
      read_llm_config(map, w);
    } else {
      take_spread(map, w);
      rename(map, *engine);
      for (Word& word : words_of_options(map)) w.args.push_back(std::move(word));
    }
    for (Word& word : w.args) word.line += first_line - 1;
    if (w.model) w.model->line += first_line - 1;
    for (DeviceHint& hint : w.device_hints) hint.line += first_line - 1;
    // A helper of a library takes its model from elsewhere: only a file that is about Qwen has to say which.
    Deployment d = interpret(std::move(w), source.options);
    if (d.model_id.empty() && !mentions_qwen(d.model) && !mentions_qwen(source.text)) continue;
    source.report.deployments.push_back(std::move(d));
  }
}

}  // namespace qwenfit::plan
