// Kubernetes objects of any kind: wherever containers stand, with what surrounds them.
#include <algorithm>

#include "model_names.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {

void read_metadata(const YamlNode& root, Workload& w) {
  const YamlNode& meta = root["metadata"];
  std::string name = meta["name"].text.empty() ? meta["generateName"].text : meta["name"].text;
  if (!meta["namespace"].text.empty()) name = meta["namespace"].text + "/" + name;
  w.base.name = name;
  for (const auto& [key, value] : meta["annotations"].members) {
    // ignore.qwenfit/RULE: reason; require.qwenfit/KEY: value
    if (key.starts_with("ignore.qwenfit/"))
      w.base.suppressions[key.substr(15)] = value->text.empty() ? "annotation" : value->text;
    if (key.starts_with("require.qwenfit/")) w.require.emplace_back(key.substr(16), value->text);
  }
}

Workload workload_of(const YamlNode& root, const std::string& kind, const Source& source) {
  Workload w = workload_at(source, kind, {}, root.line);
  read_metadata(root, w);
  return w;
}

void read_environment(const YamlNode& env, Dialect dialect, Variables& variables) {
  for (const auto& [name, value] : env.members) {
    const Word word = expanded_word(*value, dialect, variables);
    variables.set(name, {word}, false);
  }
  for (const YamlPtr& item : env.items) {
    if (item->is_scalar()) {  // compose: NAME=value
      const auto equals = item->text.find('=');
      if (equals == std::string::npos) continue;
      YamlNode value = *item;
      value.text = item->text.substr(equals + 1);
      variables.set(item->text.substr(0, equals), {expanded_word(value, dialect, variables)}, false);
      continue;
    }
    const std::string& name = (*item)["name"].text;
    if (name.empty()) continue;
    if (item->has("valueFrom")) {
      // The group's size is what the operator puts there.
      if (variables.find(name).set) continue;
      variables.set_unknown(name);
    } else {
      variables.set(name, {expanded_word((*item)["value"], dialect, variables)}, false);
    }
  }
}

Word expanded_word(const YamlNode& node, Dialect dialect, Variables& variables) {
  const Expanded e = expand(node.text, dialect, variables);
  return {e.text, node.line, e.unresolved};
}

std::vector<Word> container_words(const YamlNode& container, Variables& variables) {
  std::vector<Word> words;
  for (const char* part : {"command", "args"}) {
    const YamlNode& list = container[part];
    if (list.is_scalar()) {
      for (Word& word : split_words(list.text, list.line)) words.push_back(std::move(word));
    }
    for (const YamlPtr& item : list.items)
      words.push_back(expanded_word(*item, Dialect::kubernetes, variables));
  }
  return words;
}

/// Folders of the host and parts of volumes, whose names may say what a path in the container does not.
static void read_mounts(const YamlNode& container, const YamlNode& pod, Mounts& mounts) {
  for (const YamlPtr& mount : container["volumeMounts"].items) {
    std::string there = (*mount)["subPath"].text;
    for (const YamlPtr& volume : pod["volumes"].items) {
      const std::string& host = (*volume)["hostPath"]["path"].text;
      if ((*volume)["name"].text == (*mount)["name"].text && !host.empty())
        there.insert(0, there.empty() ? host : host + "/");
    }
    add_mount(there + ":" + (*mount)["mountPath"].text, mounts);
  }
}

bool read_container(const YamlNode& container, const YamlNode& pod, Workload w, const Source& source) {
  if (container["name"].is_scalar()) w.base.container = container["name"].text;
  w.base.line = container.line;
  read_container_environment(container, source.objects, w.variables);
  for (const auto& [name, map] : source.objects.config_maps) {
    for (const auto& [file, text] : (*map)["data"].members) w.files[file] = text->text;
  }
  read_mounts(container, pod, w.mounts);
  w.base.image = expanded_word(container["image"], Dialect::kubernetes, w.variables).text;
  read_resources(container["resources"], w);
  read_claims(container, pod, source.objects, w);
  read_placement(pod, w);
  std::vector<Word> words = container_words(container, w.variables);
  // A start hook that pulls a model belongs to its server.
  const YamlNode& hook = container["lifecycle"]["postStart"]["exec"]["command"];
  std::vector<Word> hook_words;
  for (const YamlPtr& item : hook.items)
    hook_words.push_back(expanded_word(*item, Dialect::kubernetes, w.variables));
  if (!hook_words.empty() && find_launches({words, w.variables, w.base.line}).empty()) {
    if (add_process(w, hook_words, true, source)) return true;
  } else if (!hook_words.empty() && engine_of_image(w.base.image) == EngineKind::ollama) {
    return add_process(w, hook_words, true, source);
  }
  return add_process(std::move(w), std::move(words), container.has("command"), source);
}

namespace {

/// Parts of NVIDIA Dynamo's graph whose image is the engine's, but that start none.
bool routes_only(const YamlNode& node) {
  const bool component = node.has("podTemplate") && node["type"].is_scalar();
  const std::string& type = component ? node["type"].text : node["componentType"].text;
  return type == "frontend" || type == "planner" || type == "epp" || type == "router";
}

/// A service of NVIDIA Dynamo's graph: its role, nodes and cards stand beside the container.
void read_graph_service(const YamlNode& service, Workload& w) {
  for (const char* key : {"subComponentType", "componentType"}) {
    const std::string& role = service[key].text;
    if (role == "prefill" || role == "decode") w.base.role = role;
  }
  if (const auto n = service["multinode"]["nodeCount"].number(); n && *n >= 1 && *n <= 4096)
    w.base.nodes = *n;
  for (const char* part : {"requests", "limits"}) {
    const YamlNode& gpus = service["resources"][part]["gpu"];
    if (const auto n = gpus.number(); n && *n >= 0 && *n <= 65536) {
      w.gpus_per_node = *n;
      w.base.gpu_resource = "gpu";
      w.base.gpu_line = gpus.line;
    }
  }
  read_environment(service["envs"], Dialect::kubernetes, w.variables);
}

}  // namespace

/// Pods of a Ray cluster: what the head starts has the cards of its workers too.
static bool read_ray_pods(const YamlNode& cluster, Workload w, const Source& source, int depth) {
  const auto cards_of = [](const YamlNode& group) {
    Workload pod;
    for (const YamlPtr& container : group["template"]["spec"]["containers"].items)
      read_resources((*container)["resources"], pod);
    return pod.gpus_per_node.value_or(0);
  };
  std::int64_t nodes = 0, cards = cards_of(cluster["headGroupSpec"]);
  if (cards > 0) ++nodes;
  for (const YamlPtr& group : cluster["workerGroupSpecs"].items) {
    const std::int64_t pods = std::clamp<std::int64_t>((*group)["replicas"].number().value_or(1), 0, 4096);
    const std::int64_t each = cards_of(*group);
    if (each == 0) continue;
    nodes += pods;
    cards += each * pods;
    read_placement((*group)["template"]["spec"], w);
  }
  const std::size_t before = source.report.deployments.size();
  if (read_containers_below(cluster["headGroupSpec"], w, source, depth)) {
    for (std::size_t i = before; i < source.report.deployments.size(); ++i) {
      Deployment& d = source.report.deployments[i];
      if (cards <= d.gpus.value_or(0)) continue;
      d.gpus = cards;
      d.nodes = nodes;
      if (cards % nodes == 0) d.gpus_per_node = cards / nodes;
    }
    return true;
  }
  return read_containers_below(cluster["workerGroupSpecs"], w, source, depth);
}

bool read_containers_below(const YamlNode& node, Workload w, const Source& source, int depth) {
  if (depth > 40) return false;
  bool found = false;
  if (node.is_list()) {
    for (const YamlPtr& item : node.items)
      found = read_containers_below(*item, w, source, depth + 1) || found;
    return found;
  }
  if (!node.is_map() || routes_only(node)) return false;
  if (const auto n = node["replicas"].number(); n && *n >= 0 && *n <= 1000000)
    w.base.replicas = std::min<std::int64_t>(w.base.replicas * *n, 1000000);
  if (node["name"].is_scalar() &&
      (node.has("template") || node.has("templateRef") || node.has("standalonePattern") ||
       node.has("leaderWorkerPattern") || node.has("leaderWorkerSet") || node.has("customComponentsPattern")))
    w.base.role = node["name"].text;
  if (const auto n = node["podGroupSize"].number(); n && *n >= 1 && *n <= 4096) w.base.nodes = *n;
  if (const auto n = node["size"].number(); n && *n >= 1 && *n <= 4096 &&
                                            (node.has("workerTemplate") || node.has("template") ||
                                             node.has("leaderTemplate") || node.has("templateRef"))) {
    w.base.nodes = *n;
    for (const char* name : {"LWS_GROUP_SIZE", "RBG_LWP_GROUP_SIZE", "GROUP_SIZE"})
      w.variables.set(name, std::to_string(*n));
  }
  if (node["componentType"].is_scalar()) read_graph_service(node, w);
  if (node["headGroupSpec"].is_map()) return read_ray_pods(node, w, source, depth + 1);
  if (const YamlNode& main = node["mainContainer"]; main.is_map() && main.has("image"))
    found = read_container(main, node, w, source) || found;
  if (node["containers"].is_list()) {
    for (const YamlPtr& item : node["containers"].items) {
      if (item->is_map()) found = read_container(*item, node, w, source) || found;
    }
  }
  for (const auto& [key, value] : node.members) {
    if (key == "containers" || key == "initContainers" || key == "metadata" || key == "status" ||
        key == "roleTemplates")  // others refer to them
      continue;
    // The workers of a group run what the leader runs: one deployment over all nodes.
    if (found && (key == "workerTemplate")) continue;
    if (!value->is_map() && !value->is_list()) continue;
    // A graph's services are told apart by their keys.
    const std::string before = w.base.container;
    if ((*value)["componentType"].is_scalar()) w.base.container = key;
    found = read_containers_below(*value, w, source, depth + 1) || found;
    w.base.container = before;
  }
  return found;
}

/// Objects that name models or engines, but start none: definitions, routes to servers that others start.
static bool starts_nothing(std::string_view kind) {
  static constexpr std::string_view kKinds[] = {"CustomResourceDefinition",
                                                "Role",
                                                "ClusterRole",
                                                "Secret",
                                                "ModelServer",
                                                "ModelRoute",
                                                "InferenceModel",
                                                "InferencePool",
                                                "InferenceObjective",
                                                "HTTPRoute",
                                                "AIGatewayRoute",
                                                "ModelAdapter",
                                                "PodAutoscaler",
                                                "HorizontalPodAutoscaler",
                                                "ScaledObject",
                                                "PodMonitor",
                                                "ServiceMonitor"};
  return std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds);
}

/// What stands behind `key` at the margin of a document; nothing: it is not there.
static std::optional<std::string_view> at_margin(std::string_view document, const std::string& key) {
  std::size_t at = document.starts_with(key + ":") ? 0 : document.find("\n" + key + ":");
  if (at == std::string_view::npos) return std::nullopt;
  at = document.find(':', at) + 1;
  return trim(document.substr(at, document.find_first_of("\n#", at) - at));
}

/// Workflows of GitHub and GitLab, whose commands were looked at; LiteLLM's list of servers that others
/// start.
static bool starts_by_commands_alone(std::string_view document) {
  const auto has = [&](const char* key) { return at_margin(document, key).has_value(); };
  const auto holds = [&](std::string_view text) { return document.find(text) != std::string_view::npos; };
  return (has("jobs") && (has("on") || has("\"on\"") || has("'on'"))) ||
         (has("stages") && holds(" script:")) || (has("model_list") && holds("litellm_params:"));
}

bool only_names_models(std::string_view text) {
  for (const auto& [document, line] : split_documents(text)) {
    if (!mentions_qwen(document) || starts_by_commands_alone(document)) continue;
    const auto kind = at_margin(document, "kind");
    if (!kind || !starts_nothing(*kind)) return false;
  }
  return true;
}

bool read_kubernetes(const YamlNode& root, const Source& source) {
  const std::string& kind = root["kind"].text;
  if (kind.empty() || !root.has("apiVersion")) return false;
  if (kind.ends_with("List") && root["items"].is_list()) {
    for (const YamlPtr& item : root["items"].items) read_kubernetes(*item, source);
    return true;
  }
  // What a runtime starts, a service of the same file says.
  if (kind.ends_with("ServingRuntime") &&
      source.objects.used_runtimes.contains(root["metadata"]["name"].text))
    return true;
  if (starts_nothing(kind)) return true;
  if (read_serving_object(root, kind, source)) return true;
  Workload w = workload_of(root, kind, source);
  if (read_containers_below(root["spec"], w, source)) return true;
  // Scripts in a ConfigMap start engines too.
  bool found = false;
  for (const auto& [name, value] : root["data"].members) {
    if (!value->is_scalar()) continue;
    Workload script = w;
    script.base.container = name;
    const auto launches = launches_of_scalar(*value, w.variables);
    found = found || !launches.empty();
    add_launches(launches, script, source);
  }
  return found;
}

}  // namespace qwenfit::plan
