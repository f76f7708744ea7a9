// Kubernetes objects that name a model instead of a command: which reader takes them, and the smaller ones.
#include <algorithm>

#include "serving.hpp"
#include "text.hpp"

namespace qwenfit::plan {

void model_from(const YamlNode& node, Workload& w) {
  if (!node.is_scalar() || node.text.empty()) return;
  w.model = expanded_word(node, Dialect::shell, w.variables);
}

void replicas_from(const YamlNode& node, Workload& w, std::int64_t least) {
  if (const auto n = node.number(); n && *n >= 0 && *n <= 1000000) w.base.replicas = std::max(*n, least);
}

void append_args(const YamlNode& list, Workload& w) {
  for (const YamlPtr& item : list.items)
    w.args.push_back(expanded_word(*item, Dialect::kubernetes, w.variables));
}

std::optional<EngineKind> engine_named(std::string_view text) {
  if (contains_folded(text, "huggingface")) return EngineKind::huggingface;
  if (contains_folded(text, "text-generation") || contains_folded(text, "tgi")) return EngineKind::tgi;
  return engine_of_image(text);
}

namespace {

/// KubeAI.
void read_kubeai_model(const YamlNode& spec, Workload w, const Source& source) {
  model_from(spec["url"], w);
  w.engine = engine_named(spec["engine"].text);
  if (!w.engine)
    w.engine = spec["url"].text.starts_with("ollama://") ? EngineKind::ollama : EngineKind::other;
  if (const auto n = spec["replicas"].number(); n && *n > 0) w.base.replicas = *n;
  else replicas_from(spec["minReplicas"], w, 1);
  read_environment(spec["env"], Dialect::kubernetes, w.variables);
  append_args(spec["args"], w);
  w.program = "api_server";
  const YamlNode& profile = spec["resourceProfile"];
  const auto colon = profile.text.rfind(':');
  const std::string name = profile.text.substr(0, colon);
  w.base.gpu_line = profile.line;
  if (!name.empty()) {
    w.base.gpu_resource = "resourceProfile " + name;
    if (!name.starts_with("cpu")) {
      w.device_hints.push_back({"resourceProfile", name, profile.line});
      w.gpus_per_node =
          colon == std::string::npos ? 1 : units::parse_count(profile.text.substr(colon + 1)).value_or(1);
    } else {
      w.gpus_per_node = 0;
      w.base.notes.emplace_back("runs on CPUs, which the file does not name");
    }
  }
  add_workload(std::move(w), source);
}

/// kthena ModelBooster: workers with a map of options.
void read_model_booster(const YamlNode& root, const Source& source) {
  const YamlNode& spec = root["spec"];
  std::vector<const YamlNode*> backends;
  if (spec["backend"].is_map()) backends.push_back(&spec["backend"]);
  for (const YamlPtr& item : spec["backends"].items) backends.push_back(item.get());
  for (const YamlNode* backend : backends) {
    const YamlNode& workers = (*backend)["workers"];
    for (const YamlPtr& worker : workers.items) {
      Workload w = workload_of(root, "ModelBooster", source);
      w.base.line = worker->line;
      if (workers.items.size() > 1) w.base.role = (*worker)["type"].text;
      w.engine = engine_named((*backend)["type"].text);
      if (!w.engine) w.engine = engine_of_image((*worker)["image"].text);
      if (!w.engine) w.engine = EngineKind::vllm;
      w.base.image = (*worker)["image"].text;
      model_from((*backend)["modelURI"], w);
      read_environment((*backend)["env"], Dialect::kubernetes, w.variables);
      for (Word& word : words_of_options((*worker)["config"])) w.args.push_back(std::move(word));
      replicas_from((*backend)["minReplicas"], w, 1);
      if (const auto n = (*worker)["replicas"].number(); n && *n > 1 && *n <= 10000) w.base.replicas *= *n;
      if (const auto n = (*worker)["pods"].number(); n && *n > 1 && *n <= 4096) w.base.nodes = *n;
      read_resources((*worker)["resources"], w);
      w.program = "api_server";
      add_workload(std::move(w), source);
    }
  }
}

/// llmaz: the model, with what it runs on.
bool read_open_model(const YamlNode& root, const std::string& kind, const Source& source) {
  const YamlNode& spec = root["spec"];
  const YamlNode& from = spec["source"];
  Workload w = workload_of(root, kind, source);
  model_from(from["uri"], w);
  if (!w.model) model_from(from["modelHub"]["modelID"], w);
  if (!w.model) return false;
  if (from["modelHub"]["filename"].is_scalar()) model_from(from["modelHub"]["filename"], w);
  w.engine = w.model->text.starts_with("ollama://")             ? EngineKind::ollama
             : w.model->text.find(".gguf") != std::string::npos ? EngineKind::llama_cpp
                                                                : EngineKind::vllm;
  if (w.engine == EngineKind::vllm)
    w.base.notes.emplace_back(
        "the Playground or Service that uses this model chooses the engine; vLLM is llmaz's default");
  for (const YamlPtr& flavor : spec["inferenceConfig"]["flavors"].items) {
    const std::string& name = (*flavor)["name"].text;
    for (const auto& [resource, value] : (*flavor)["limits"].members) {
      if (resource == "nvidia.com/gpu") w.gpus_per_node = value->number();
    }
    if (!name.empty()) w.device_hints.push_back({"flavor", name, (*flavor)["name"].line});
    break;
  }
  add_workload(std::move(w), source);
  return true;
}

/// llmaz: options and replicas for the OpenModel of the same file.
bool read_playground(const YamlNode& spec, const Source& source) {
  for (Deployment& d : source.report.deployments) {
    if (d.file != source.file || d.kind != "OpenModel" || d.name != spec["modelClaim"]["modelName"].text)
      continue;
    d.kind = "OpenModel+Playground";
    if (const auto n = spec["replicas"].number(); n && *n >= 0) d.replicas = *n;
  }
  return true;
}

/// Objects that claim a model by its name: KAITO and others.
bool read_model_claim(const YamlNode& root, const std::string& kind, const Source& source) {
  const YamlNode& spec = root["spec"];
  Workload w = workload_of(root, kind, source);
  for (const YamlNode* node : {&spec["model"]["uri"], &spec["modelURI"], &spec["model"]["name"],
                               &spec["modelName"], &root["inference"]["preset"]["name"]}) {
    if (!w.model) model_from(*node, w);
  }
  if (!w.model) return false;
  w.engine = engine_named(spec["engine"].text).value_or(EngineKind::vllm);
  read_resources(spec["resources"], w);
  if (const YamlNode& type = root["resource"]["instanceType"]; type.is_scalar())
    w.device_hints.push_back({"instanceType", type.text, type.line});
  add_workload(std::move(w), source);
  return true;
}

/// NVIDIA Dynamo: a model whose parallel sizes its operator chooses.
bool read_dynamo_request(const YamlNode& root, const std::string& kind, const Source& source) {
  const YamlNode& spec = root["spec"];
  Workload w = workload_of(root, kind, source);
  model_from(spec["model"], w);
  w.engine = engine_named(spec["backend"].text).value_or(EngineKind::vllm);
  if (const YamlNode& sku = spec["hardware"]["gpuSku"]; sku.is_scalar())
    w.device_hints.push_back({"hardware.gpuSku", sku.text, sku.line});
  add_unresolved(w.base, "arguments", {"what the operator's profiler chooses"});
  add_workload(std::move(w), source);
  return true;
}

}  // namespace

bool read_serving_object(const YamlNode& root, const std::string& kind, const Source& source) {
  const std::string& api = root["apiVersion"].text;
  const YamlNode& spec = root["spec"];
  if (kind == "LLMInferenceService" || kind == "LLMInferenceServiceConfig")
    return read_llm_inference_service(root, kind, source);
  if (kind == "InferenceService") return read_inference_service(root, source);
  if (kind == "Model" && spec["url"].is_scalar()) {
    read_kubeai_model(spec, workload_of(root, kind, source), source);
    return true;
  }
  if (kind == "RayService" || kind == "RayCluster" || kind == "RayJob") return read_ray(root, kind, source);
  if (kind == "DynamoGraphDeploymentRequest" && spec["model"].is_scalar())
    return read_dynamo_request(root, kind, source);
  if (kind == "ModelBooster") {
    read_model_booster(root, source);
    return true;
  }
  if (kind == "OpenModel" && api.starts_with("llmaz.io")) return read_open_model(root, kind, source);
  if (kind == "Playground" && api.starts_with("inference.llmaz.io")) return read_playground(spec, source);
  if ((kind == "ModelClaim" || kind == "ModelDeployment" || kind == "Workspace") && !spec.has("template"))
    return read_model_claim(root, kind, source);
  return false;
}

}  // namespace qwenfit::plan
