// Single options as keys of a scenario.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "estimate/scenario_fields.hpp"
#include "interpret.hpp"
#include "qwenfit/error.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// Words that engines take where a scenario has figures: -ngl all, -ts 3/1.
std::string key_text(std::string_view key, std::string text) {
  if (key == "gpu_layers" && lower(text) == "all") return "999";
  if (key == "tensor_split") std::replace(text.begin(), text.end(), '/', ',');
  return text;
}

}  // namespace

void Interpreter::take_keys(EngineKind engine) {
  std::set<std::string_view> taken;
  for (const OptionRule& rule : options_of(engine).rules) {
    if (rule.key.empty() || taken.contains(rule.key)) continue;
    if (take(rule.canonical(), rule.key)) taken.insert(rule.key);
  }
}

bool Interpreter::take(const std::string& name, std::string_view key) {
  const Setting* s = find(name);
  if (!s || !s->value.unresolved.empty()) return false;
  return set(name, key, key_text(key, s->value.text), s->line);
}

bool Interpreter::set(const std::string& name, std::string_view key, const std::string& text, int line) {
  if (text.empty() || lower(text) == "auto" || text == "-1" || lower(text) == "none") return false;
  if (key == "split_mode" && lower(text) == "graph") return false;  // ik_llama.cpp's, told by llama()
  try {
    Scenario trial = d_.scenario;
    set_field_text(trial, scenario_field(key), text);
    d_.scenario = std::move(trial);
    return true;
  } catch (const Error& e) {
    const std::string flag = fmt::format("--{}: ", dashed(name));
    // What the engine says of its own number is said already.
    if (std::none_of(d_.findings.begin(), d_.findings.end(),
                     [&](const Finding& f) { return f.message.starts_with(flag); }))
      finding("invalid-flag", Severity::error, line, flag + e.what());
    return false;
  }
}

std::optional<std::int64_t> Interpreter::number(const std::string& name) const {
  const Setting* s = find(name);
  if (!s || !s->value.unresolved.empty()) return std::nullopt;
  return units::parse_count(s->value.text);
}

bool Interpreter::on(const std::string& name) const {
  const Setting* s = find(name);
  if (!s) return false;
  const std::string v = lower(s->value.text);
  return v == "true" || v == "1" || v == "on";
}

bool Interpreter::model_from(const std::string& name) {
  const Setting* s = find(name);
  if (!s || (s->value.text.empty() && s->value.unresolved.empty())) return false;
  use_model(s->value, s->line);
  return true;
}

void Interpreter::use_model(Word word, int line) {
  name_open_variable(word);
  d_.model = word.text;
  d_.model_line = line ? line : word.line;
  add_unresolved(d_, "model", word.unresolved);
  // Of several values that branches give, the first one is looked at.
  const bool open = word.text.find('$') != std::string::npos && !(word.literal && word.unresolved.empty());
  model_known_ = !open && !word.text.empty();
}

void Interpreter::served_from(const std::string& name) {
  const Setting* s = find(name);
  if (!s) return;
  for (const Word& word : pieces(s->value)) {
    if (word.text.find('$') == std::string::npos && !word.text.empty()) d_.served_names.push_back(word.text);
  }
}

void Interpreter::quantization(const std::string& name) {
  const Setting* s = find(name);
  if (!s || !s->value.unresolved.empty()) return;
  const std::string v = lower(s->value.text);
  static constexpr std::pair<std::string_view, std::string_view> kFormats[] = {
      {"fp8", "fp8"},
      {"fp8_per_block", "fp8"},
      {"fp8_per_tensor", "fp8-tensor"},
      {"fp8_per_channel", "fp8-dynamic"},
      {"bitsandbytes", "nf4"},
      {"modelopt_fp4", "nvfp4"},
      {"nvfp4", "nvfp4"},
      {"petit_nvfp4", "nvfp4"},
      {"mxfp4", "mxfp4"},
      {"awq", "awq-int4"},
      {"auto_awq", "awq-int4"},
      {"awq_marlin", "awq-int4"},
      {"gptq", "gptq-int4"},
      {"auto_gptq", "gptq-int4"},
      {"gptq_marlin", "gptq-int4"},
      {"w8a8_fp8", "fp8"},
      {"w8a8_int8", "w8a8"},
      {"modelopt_fp8", "fp8"},
      {"bnb-nf4", "nf4"},
      {"bitsandbytes-nf4", "nf4"},
      {"eetq", "int8"}};
  for (const auto& [word, format] : kFormats) {
    if (v == word) quantization_ = format;
  }
}

void Interpreter::dtype() {
  const Setting* s = find("dtype");
  if (!s || !s->value.unresolved.empty()) return;
  const std::string v = lower(s->value.text);
  if (v == "half" || v == "float16" || v == "fp16") dtype_ = "f16";
  else if (v == "bfloat16" || v == "bf16") dtype_ = "bf16";
  else if (v == "float" || v == "float32") dtype_ = "f32";
}

void Interpreter::speculative(std::string method, std::optional<std::int64_t> tokens) {
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

}  // namespace qwenfit::plan
