// Helm values: vLLM's production-stack, KubeAI's catalog of models; and vLLM's recipes.
#include <fmt/format.h>

#include "options.hpp"
#include "serving.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// The engine's options that stand in values by their names (`maxModelLen`), and those that a list adds.
std::vector<Word> words_of_values(const YamlNode& map, EngineKind engine, Variables& variables) {
  std::vector<Word> words;
  for (const auto& [key, value] : map.members) {
    if (!value->is_scalar() || value->text.empty()) continue;
    const std::string name = option_name(key);
    for (const OptionRule& rule : options_of(engine).rules) {
      if (name == "model" || rule.names.substr(0, rule.names.find(' ')) != name) continue;
      const Word word = expanded_word(*value, Dialect::shell, variables);
      words.push_back({fmt::format("--{}={}", name, word.text), value->line, word.unresolved});
    }
  }
  for (const char* key : {"extraArgs", "additionalArgs", "engineArgs", "vllmArgs"}) {
    for (const Word& word : split_words(map[key].text, map[key].line)) words.push_back(word);
    for (const YamlPtr& item : map[key].items)
      words.push_back(expanded_word(*item, Dialect::shell, variables));
  }
  return words;
}

void one_model_spec(const YamlNode& spec, const YamlNode& engine_spec, const Source& source) {
  Workload w = workload_at(source, "production-stack model", spec["name"].text, spec.line);
  w.engine = EngineKind::vllm;
  w.model = expanded_word(spec["modelURL"], Dialect::shell, w.variables);
  if (!spec["repository"].text.empty())
    w.base.image = spec["repository"].text + (spec["tag"].text.empty() ? "" : ":" + spec["tag"].text);
  replicas_from(spec["replicaCount"], w);
  read_environment(spec["env"], Dialect::kubernetes, w.variables);
  const YamlNode& gpu = spec["requestGPU"];
  if (const YamlNode& type = spec["requestGPUType"]; type.is_scalar() && gpu.is_scalar())
    read_resource(type.text, gpu, gpu.line, w);
  else if (const auto n = gpu.number()) {
    w.gpus_per_node = *n;
    w.base.gpu_resource = "requestGPU";
    w.base.gpu_line = gpu.line;
  }
  // A Ray cluster: replicas are the pods that work for one head.
  if (spec["raySpec"]["headNode"].is_map()) {
    w.base.nodes = std::clamp<std::int64_t>(w.base.replicas, 1, 4095) + 1;
    w.base.replicas = 1;
    if (spec["raySpec"]["headNode"]["requestGPU"].number().value_or(0) == 0) --w.base.nodes;
  }
  const YamlNode& config = spec["vllmConfig"];
  w.args = words_of_values(config, EngineKind::vllm, w.variables);
  if (spec["enableLoRA"].is_true() || config["enableLoRA"].is_true())
    w.args.push_back({"--enable-lora", spec.line, {}});
  read_placement(spec, w);
  read_placement(engine_spec, w);
  w.program = "api_server";
  add_workload(std::move(w), source);
}

}  // namespace

std::string image_of_values(const YamlNode& node) {
  const YamlNode& image = node["image"];
  if (!image.is_map()) return image.text;
  return image["repository"].text + (image["tag"].text.empty() ? "" : ":" + image["tag"].text);
}

bool read_model_values(const YamlNode& node, Workload w, const Source& source) {
  w.base.image = image_of_values(node);
  const auto engine = engine_of_image(w.base.image);
  if (!engine) return false;
  for (const char* key : {"modelName", "modelId", "modelID", "modelURL", "modelUri", "modelURI", "model"}) {
    if (!w.model) model_from(node[key].is_map() ? node[key]["name"] : node[key], w);
  }
  if (!w.model) return false;
  w.base.kind = "values";
  w.base.line = w.model->line;
  replicas_from(node["replicaCount"], w);
  read_environment(node["env"], Dialect::kubernetes, w.variables);
  read_resources(node["resources"], w);
  read_placement(node, w);
  std::vector<Word> words = words_of_values(node, *engine, w.variables);
  return add_process(std::move(w), std::move(words), false, source);
}

bool read_helm_values(const YamlNode& root, const Source& source) {
  const YamlNode& engine = root["servingEngineSpec"];
  if (engine["modelSpec"].is_list()) {
    for (const YamlPtr& spec : engine["modelSpec"].items) one_model_spec(*spec, engine, source);
    return true;
  }
  // KubeAI: catalog: NAME: {url, engine, args, resourceProfile}
  bool found = false;
  for (const char* name : {"catalog", "models"}) {
    for (const auto& member : root[name].members) {
      const std::string& model = member.first;
      const YamlPtr& value = member.second;
      if (!value->is_map() || !(*value)["url"].is_scalar() ||
          !(value->has("engine") || value->has("resourceProfile")))
        continue;
      // One of the object's readers knows these keys.
      YamlNode object;
      object.kind = YamlKind::map;
      object.line = value->line;
      const auto put = [&](YamlNode& map, std::string key, YamlPtr child) {
        map.key_lines.push_back(child->line);
        map.members.emplace_back(std::move(key), std::move(child));
      };
      const auto text = [&](const std::string& t) {
        auto node = std::make_shared<YamlNode>();
        node->kind = YamlKind::scalar;
        node->text = t;
        node->line = value->line;
        return node;
      };
      auto meta = std::make_shared<YamlNode>();
      meta->kind = YamlKind::map;
      meta->line = value->line;
      put(*meta, "name", text(model));
      put(object, "apiVersion", text("kubeai.org/v1"));
      put(object, "kind", text("Model"));
      put(object, "metadata", meta);
      put(object, "spec", value);
      found = read_serving_object(object, "Model", source) || found;
      if (found && (*value)["enabled"].text == "false" && !source.report.deployments.empty())
        source.report.deployments.back().replicas = 0;
    }
  }
  return found;
}

bool read_recipe(const YamlNode& root, const Source& source) {
  const YamlNode& model = root["model"];
  if (!model["model_id"].is_scalar() || !(root.has("variants") || model.has("base_args"))) return false;
  Workload base = workload_at(
      source, "vLLM recipe",
      root["meta"]["slug"].text.empty() ? root["meta"]["title"].text : root["meta"]["slug"].text, model.line);
  base.engine = EngineKind::vllm;
  base.program = "api_server";
  read_environment(model["base_env"], Dialect::kubernetes, base.variables);
  for (const YamlPtr& item : model["base_args"].items) base.args.push_back(item->word());
  std::vector<std::string> opt_in;
  for (const YamlPtr& item : root["opt_in_features"].items) opt_in.push_back(item->text);
  for (const auto& [name, feature] : root["features"].members) {
    if (std::find(opt_in.begin(), opt_in.end(), name) != opt_in.end()) continue;
    for (const YamlPtr& item : (*feature)["args"].items) base.args.push_back(item->word());
  }
  const auto add = [&](const std::string& name, const YamlNode& variant) {
    Workload w = base;
    w.base.container = name;
    if (variant.line > 0) w.base.line = variant.line;
    const YamlNode& id = variant["model_id"].is_scalar() ? variant["model_id"] : model["model_id"];
    w.model = id.word();
    for (const char* key : {"base_args", "extra_args", "args"}) {
      for (const YamlPtr& item : variant[key].items) w.args.push_back(item->word());
    }
    const std::string& precision = variant["precision"].text;
    if (!variant["model_id"].is_scalar() && precision == "fp8") {
      bool given = false;
      for (const Word& word : w.args) given = given || word.text.starts_with("--quantization");
      if (!given) w.base.notes.emplace_back("precision fp8 without a checkpoint of its own");
    }
    if (const auto n = variant["vram_minimum_gb"].number())
      w.base.notes.push_back(fmt::format("the recipe asks for {} GB of memory at least", *n));
    add_workload(std::move(w), source);
  };
  if (root["variants"].members.empty()) add("", model);
  for (const auto& [name, variant] : root["variants"].members) add(name, *variant);
  // The guide's commands are what people copy.
  if (root["guide"].is_scalar()) {
    Workload guide = base;
    guide.args.clear();
    guide.base.kind = "vLLM recipe guide";
    add_launches(launches_of_scalar(root["guide"], base.variables), guide, source);
  }
  return true;
}

}  // namespace qwenfit::plan
