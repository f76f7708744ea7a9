// Workload -> Deployment: options of the engine as scenario keys.
#include "interpret.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "device_hints.hpp"
#include "engine_numbers.hpp"
#include "estimate/scenario_fields.hpp"
#include "model_names.hpp"
#include "qwenfit/error.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// Whether the answer depends on the flag's value.
bool decides(std::string_view name) {
  static constexpr std::string_view kNot[] = {
      "served_model_name",   "alias",       "model_name", "kv_transfer_config",
      "disaggregation_mode", "load_format", "runner",     "task",
      "mm_processor_kwargs", "model",       "model_path", "model_id",
      "model_dir",           "hf_repo",     "hf_file"};
  return std::find(std::begin(kNot), std::end(kNot), name) == std::end(kNot);
}

std::vector<std::string> environment_names(EngineKind engine, const std::string& option) {
  std::string upper = option;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (engine == EngineKind::tgi) return {upper};
  if (option == "parallel") return {"LLAMA_ARG_N_PARALLEL"};
  if (option == "batch_size") return {"LLAMA_ARG_BATCH"};
  if (option == "ubatch_size") return {"LLAMA_ARG_UBATCH"};
  return {"LLAMA_ARG_" + upper};
}

/// "vllm/vllm-openai:v0.11.0" says the version. Images that others build of an engine count their own:
/// lmcache/vllm-openai, ai-dynamo/sglang-runtime, kserve/huggingfaceserver.
std::string version_of_image(std::string_view image) {
  const auto colon = image.rfind(':');
  if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) return {};
  const std::string_view path = image.substr(0, colon), name = base_name(path);
  if (name == "llama.cpp") {  // "server-cuda-b9106"
    const std::string_view build = image.substr(std::min(image.rfind("-b"), image.size() - 1) + 1);
    return build.size() > 1 && build.find_first_not_of("0123456789", 1) == std::string_view::npos
               ? std::string(build)
               : std::string();
  }
  const bool own = name.starts_with("vllm-openai") || name == "vllm" || name == "vllm-ascend" ||
                   name == "sglang" || name == "ollama" || name == "tensorrt-llm";
  if (!own || path.find("lmcache/") != std::string_view::npos) return {};
  std::string_view tag = image.substr(colon + 1);
  if (tag.starts_with('v')) tag.remove_prefix(1);
  std::size_t end = 0;
  while (end < tag.size() && (std::isdigit(static_cast<unsigned char>(tag[end])) || tag[end] == '.')) ++end;
  std::string_view version = tag.substr(0, end);
  if (version.ends_with('.')) version.remove_suffix(1);  // "0.8.5.post1"
  return std::count(version.begin(), version.end(), '.') >= 2 ? std::string(version) : std::string();
}

}  // namespace

Deployment Interpreter::run() {
  EngineKind engine = w_.engine.value_or(EngineKind::other);
  ParsedOptions parsed = parse_options(engine, w_.args);
  take_environment(engine, parsed);
  take_option_file(engine, parsed);
  for (auto& [name, setting] : parsed.settings) {
    name_open_variable(setting.value);
    d_.flags[name] = {setting.value.text, setting.line};
    read_number(engine, name, setting);
    if (decides(name)) add_unresolved(d_, name, setting.value.unresolved);
    else if (!setting.value.unresolved.empty())
      d_.notes.push_back(fmt::format("--{} holds {}, which the file does not tell", dashed(name),
                                     setting.value.unresolved[0]));
  }
  for (const std::string& name : parsed.unresolved) {
    // A script that passes its own arguments on is mostly started without any.
    if (name == "$@" || name == "$*" || name.starts_with("${@"))
      d_.notes.push_back(fmt::format("further arguments of the script ({}) are taken as none", name));
    else add_unresolved(d_, "arguments", {name});
  }
  for (const Word& word : parsed.ambiguous)
    finding("invalid-flag", Severity::error, word.line, "ambiguous option: " + word.text);
  for (const Word& word : parsed.joined)
    finding("joined-argument", Severity::error, word.line,
            fmt::format("'{}' is one argument with a blank in it, which the engine refuses: make it two, or "
                        "put '=' for the blank",
                        word.text));
  if (!parsed.unknown.empty() && engine != EngineKind::other) {
    std::string names;
    for (const Word& word : parsed.unknown) {
      if (names.size() < 300) names += (names.empty() ? "" : ", ") + word.text;
    }
    d_.notes.push_back(fmt::format("not known here, so without effect on the estimate: {}", names));
  }
  if (w_.engine) d_.engine = engine_id(engine);
  p_ = &parsed;
  take_keys(engine);
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
      for (const Word& word : p_->positional) {
        if (d_.model.empty() && mentions_qwen(word.text)) use_model(word, 0);
      }
      break;
  }
  finish(engine);
  return std::move(d_);
}

void Interpreter::name_open_variable(Word& value) {
  const auto dollar = value.text.find('$');
  if (value.literal || !value.unresolved.empty() || dollar == std::string::npos ||
      dollar + 1 >= value.text.size())
    return;
  const char next = value.text[dollar + 1];
  if (next != '{' && next != '(' && !std::isalpha(static_cast<unsigned char>(next))) return;
  Word put = expand(value.text, Dialect::compose, w_.variables);
  put.line = value.line;
  value = std::move(put);
}

void Interpreter::read_number(EngineKind engine, const std::string& name, Setting& setting) {
  if (!setting.value.unresolved.empty()) return;
  EngineNumber number = number_for(engine, name, setting.value.text);
  if (!number.complaint.empty())
    finding("invalid-flag", Severity::error, setting.line,
            fmt::format("--{}: {}", dashed(name), number.complaint));
  setting.value.text = std::move(number.text);
}

void Interpreter::take_option_file(EngineKind engine, ParsedOptions& parsed) {
  const std::string option = engine == EngineKind::tensorrt_llm ? "extra_llm_api_options" : "config";
  const Setting* config = parsed.find(option);
  if (!config || config->value.text.empty() || !config->value.unresolved.empty()) return;
  const auto beside = w_.files.find(std::string(base_name(config->value.text)));
  std::optional<std::string> text;
  if (beside != w_.files.end()) text = beside->second;
  else if (options_.follow) text = followed_file(d_.file, config->value.text);
  if (!text) return;
  const int line = config->line;
  try {
    const YamlPtr root = parse_yaml(*text, 1);
    if (!root->is_map()) throw Error(ErrorCode::bad_input, "holds no options by name");
    const std::vector<Word> words =
        engine == EngineKind::tensorrt_llm ? words_of_llm_api(*root) : words_of_options(*root);
    for (auto& [name, setting] : parse_options(engine, words).settings) {
      setting.line = line;
      parsed.settings.emplace(name, std::move(setting));
    }
    d_.notes.push_back(fmt::format("options of {} are read", config->value.text));
    parsed.settings.erase(option);
  } catch (const Error& e) {
    finding("invalid-flag", Severity::error, line, fmt::format("{}: {}", config->value.text, e.what()));
  }
}

void Interpreter::finding(std::string id, Severity severity, int line, std::string message) {
  Finding f;
  f.id = std::move(id);
  f.severity = severity;
  f.line = line;
  f.message = std::move(message);
  d_.findings.push_back(std::move(f));
}

void Interpreter::take_environment(EngineKind engine, ParsedOptions& parsed) {
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
      for (const std::string& unresolved : found.words[0].unresolved) parsed.unresolved.push_back(unresolved);
    }
  }
}

void Interpreter::finish(EngineKind engine) {
  // KServe puts the files of storageUri there.
  if (w_.model && (d_.model.empty() || !w_.model->unresolved.empty() || d_.model.starts_with("/mnt/models")))
    use_model(*w_.model, w_.model->line);
  for (const Word& name : w_.served_names) d_.served_names.push_back(name.text);
  if (const Setting* s = find("config")) {
    if (!s->value.text.empty()) add_unresolved(d_, "arguments", {"the options in " + s->value.text});
  }
  if (find("extra_llm_api_options"))
    add_unresolved(d_, "arguments", {"the options in " + find("extra_llm_api_options")->value.text});
  if (d_.model.empty()) add_unresolved(d_, "model", {"none is named"});
  const bool named_format = name_with_mounts();
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
  for (const char* name : {"VLLM_ALLOW_LONG_MAX_MODEL_LEN", "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN"}) {
    const std::string value = lower(w_.variables.text(name));
    if (lower(name).starts_with(d_.engine) && (value == "1" || value == "true")) d_.longer_context = name;
  }
  if (const auto n = number("nnodes"); n && *n > d_.nodes && *n <= 4096) d_.nodes = *n;
  d_.gpus_per_node = w_.gpus_per_node;
  if (w_.gpus_per_node) d_.gpus = *w_.gpus_per_node * d_.nodes;
  choose_device(d_, w_, options_);
  for (const auto& [key, value] : w_.require) require(key, value);
  for (const auto& [key, value] : options_.require) require(key, value);
  d_.scenario.id = d_.name;
}

bool Interpreter::name_with_mounts() {
  std::string there;
  if (model_known_ && !mentions_qwen(d_.model)) {
    for (const auto& [inside, outside] : w_.mounts) {
      const std::string_view folder = std::string_view(inside).substr(0, inside.find_last_not_of('/') + 1);
      if (!d_.model.starts_with(folder) ||
          (d_.model.size() > folder.size() && d_.model[folder.size()] != '/'))
        continue;
      if (mentions_qwen(outside)) there = outside + d_.model.substr(folder.size());
    }
  }
  if (there.empty()) return name_model(d_, model_known_, options_);
  d_.notes.push_back(fmt::format("{} is {}, which is mounted there", d_.model, there));
  std::swap(d_.model, there);
  const bool named_format = name_model(d_, model_known_, options_);
  std::swap(d_.model, there);
  return named_format;
}

void Interpreter::require(const std::string& key, const std::string& value) {
  try {
    set_field_text(d_.scenario, scenario_field("require"), value.empty() ? key : key + "=" + value);
  } catch (const Error& e) {
    finding("invalid-flag", Severity::error, d_.line, e.what());
  }
}

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
