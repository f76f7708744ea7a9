// Kubernetes objects that name a model instead of a command: KServe, KubeAI, Ray, kthena, llmaz.
#include <fmt/format.h>

#include <algorithm>

#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

Workload workload_of(const YamlNode& root, const std::string& kind, const Source& source) {
  Workload w;
  w.base.file = source.file;
  w.base.kind = kind;
  w.base.line = root.line;
  w.variables = given_variables(source);
  read_metadata(root, w);
  return w;
}

void model_from(const YamlNode& node, Workload& w) {
  if (!node.is_scalar() || node.text.empty()) return;
  w.model = expanded_word(node, Dialect::shell, w.variables);
}

void replicas_from(const YamlNode& node, Workload& w) {
  if (const auto n = node.number(); n && *n >= 1 && *n <= 1000000) w.base.replicas = *n;
}

void append_args(const YamlNode& list, Workload& w) {
  for (const YamlPtr& item : list.items)
    w.args.push_back(expanded_word(*item, Dialect::kubernetes, w.variables));
}

/// The engine that a word of an object names: "VLLM", "kserve-sglang", "OLlama".
std::optional<EngineKind> engine_named(std::string_view text) {
  if (contains_folded(text, "huggingface")) return EngineKind::huggingface;
  if (contains_folded(text, "text-generation") || contains_folded(text, "tgi")) return EngineKind::tgi;
  return engine_of_image(text);
}

/// Pods of one replica of an LLMInferenceService with workers, as its operator sizes the group.
std::int64_t nodes_of(const YamlNode& parallel, std::optional<std::int64_t> gpus) {
  const auto size = [&](const char* key) {
    return std::clamp<std::int64_t>(parallel[key].number().value_or(1), 1, 4096);
  };
  if (parallel["dataLocal"].number()) return std::max<std::int64_t>(size("data") / size("dataLocal"), 1);
  if (size("pipeline") > 1) return size("pipeline");
  const std::int64_t cards = size("tensor") * size("data");
  return gpus && *gpus > 0 ? std::clamp<std::int64_t>((cards + *gpus - 1) / *gpus, 1, 4096) : 1;
}

/// LLMInferenceService: the operator's template starts vLLM; prefill is a second pool.
void read_pool(const YamlNode& pool, const YamlNode& model, Workload w, const Source& source,
               const std::string& role) {
  w.base.role = role;
  w.engine = EngineKind::vllm;
  model_from(model["uri"], w);
  if (model["name"].is_scalar()) w.served_names.push_back(model["name"].word());
  replicas_from(pool["replicas"], w);
  const YamlNode& parallel = pool["parallelism"];
  for (const auto& [key, option] : std::initializer_list<std::pair<const char*, const char*>>{
           {"tensor", "--tensor-parallel-size"},
           {"pipeline", "--pipeline-parallel-size"},
           {"data", "--data-parallel-size"},
           {"dataLocal", "--data-parallel-size-local"}}) {
    if (parallel[key].is_scalar())
      w.args.push_back({fmt::format("{}={}", option, parallel[key].text), parallel[key].line, {}});
  }
  if (parallel["expert"].is_true())
    w.args.push_back({"--enable-expert-parallel", parallel["expert"].line, {}});
  const YamlNode& pod = pool["template"];
  read_placement(pod, w);
  for (const YamlPtr& container : pod["containers"].items) {
    if (const std::string& name = (*container)["name"].text;
        !name.empty() && name != "main" && name != "vllm" && pod["containers"].items.size() > 1)
      continue;
    read_container_environment(*container, source.objects, w.variables);
    read_resources((*container)["resources"], w);
    read_claims(*container, pod, source.objects, w);
    w.base.image = (*container)["image"].text;
    w.base.container = (*container)["name"].text;
    std::vector<Word> words;
    for (const char* part : {"command", "args"}) {
      for (const YamlPtr& item : (*container)[part].items)
        words.push_back(expanded_word(*item, Dialect::kubernetes, w.variables));
    }
    const auto launches = find_launches({words, w.variables, container->line});
    if (!launches.empty()) {
      w.engine = launches.front().engine;
      w.variables = launches.front().variables;
      w.args.insert(w.args.end(), launches.front().args.begin(), launches.front().args.end());
    } else if (!(*container).has("command")) {
      w.args.insert(w.args.end(), words.begin(), words.end());
    }
  }
  if (pool["worker"].is_map()) w.base.nodes = nodes_of(parallel, w.gpus_per_node);
  // The model of the object counts, whatever a positional says.
  add_workload(std::move(w), source);
}

void read_llm_inference_service(const YamlNode& root, const Source& source) {
  const YamlNode& spec = root["spec"];
  const Workload w = workload_of(root, "LLMInferenceService", source);
  read_pool(spec, spec["model"], w, source, spec.has("prefill") ? "decode" : "");
  if (spec["prefill"].is_map()) read_pool(spec["prefill"], spec["model"], w, source, "prefill");
}

}  // namespace

bool read_model_service(const YamlNode& root, const Source& source) {
  const YamlNode& model = root["modelArtifacts"];
  if (!model["uri"].is_scalar()) return false;
  bool found = false;
  for (const char* role : {"decode", "prefill"}) {
    if (!root[role].is_map() || root[role]["create"].text == "false") continue;
    // The chart makes the pod of what stands in the pool itself.
    YamlNode pool = root[role];
    const auto pod = std::make_shared<YamlNode>(pool);
    std::erase_if(pool.members, [](const auto& member) { return member.first == "template"; });
    pool.members.emplace_back("template", pod);
    pool.key_lines.push_back(pool.line);
    Workload w;
    w.base.file = source.file;
    w.base.kind = "llm-d model service";
    w.base.name = model["name"].text;
    w.base.line = pool.line;
    w.variables = given_variables(source);
    const YamlNode& parallel = pool["parallelism"];
    if (const auto tensor = parallel["tensor"].number(); tensor && *tensor >= 1 && *tensor <= 4096) {
      // What the chart requests where the container does not.
      w.gpus_per_node = *tensor * std::clamp<std::int64_t>(parallel["dataLocal"].number().value_or(1), 1, 64);
      w.base.gpu_resource = "parallelism";
      w.base.gpu_line = parallel.line;
    }
    read_pool(pool, model, w, source,
              root["prefill"].is_map() && root["prefill"]["create"].text != "false" ? role : "");
    found = true;
  }
  return found;
}

namespace {

/// What a runtime of the same file adds to a service: image, environment, command and arguments ahead of its
/// own.
void read_runtime(const YamlNode& spec, Workload& w, const Source& source) {
  if (spec["containers"].items.empty()) return;
  const auto& list = spec["containers"].items;
  const auto named = std::find_if(list.begin(), list.end(),
                                  [](const YamlPtr& c) { return (*c)["name"].text == "kserve-container"; });
  const YamlNode& container = named == list.end() ? *list.front() : **named;
  if (w.base.image.empty()) w.base.image = container["image"].text;
  read_container_environment(container, source.objects, w.variables);
  read_resources(container["resources"], w);
  read_placement(spec, w);
  std::vector<Word> words;
  for (const char* part : {"command", "args"}) {
    for (const YamlPtr& item : container[part].items)
      words.push_back(expanded_word(*item, Dialect::kubernetes, w.variables));
  }
  const auto launches = find_launches({words, w.variables, container.line});
  if (!launches.empty()) {
    w.engine = launches.front().engine;
    w.args = launches.front().args;
  } else {
    if (const auto engine = engine_of_image(w.base.image)) w.engine = engine;
    w.args = std::move(words);
  }
}

bool read_inference_service(const YamlNode& root, const Source& source) {
  const YamlNode& predictor = root["spec"]["predictor"];
  const YamlNode& model = predictor["model"];
  Workload w = workload_of(root, "InferenceService", source);
  replicas_from(predictor["minReplicas"], w);
  if (!model.is_map()) return read_containers_below(predictor, w, source);
  const std::string format = model["modelFormat"]["name"].text;
  w.engine = engine_named(model["runtime"].text);
  if (!w.engine) w.engine = engine_named(format);
  if (!w.engine) w.engine = EngineKind::other;
  model_from(model["storageUri"], w);
  if (!w.model && model["storage"].is_map()) model_from(model["storage"]["path"], w);
  w.base.line = model.line;
  w.base.image = model["image"].text;
  if (const auto it = source.objects.runtimes.find(model["runtime"].text);
      it != source.objects.runtimes.end())
    read_runtime((*it->second)["spec"], w, source);
  read_container_environment(model, source.objects, w.variables);
  read_resources(model["resources"], w);
  read_placement(predictor, w);
  append_args(model["args"], w);
  if (w.engine == EngineKind::other && w.args.empty() && !w.model) return false;
  if (w.engine == EngineKind::other) w.engine = EngineKind::huggingface;  // the runtime that takes --model_id
  w.program = "api_server";
  // --model_id names the model; storageUri is where its files come from.
  if (w.model) {
    for (const Word& word : w.args) {
      if (word.text.starts_with("--model_id=") || word.text.starts_with("--model-id=")) w.model.reset();
      if (!w.model) break;
    }
  }
  add_workload(std::move(w), source);
  return true;
}

void read_kubeai_model(const YamlNode& spec, Workload w, const Source& source) {
  model_from(spec["url"], w);
  w.engine = engine_named(spec["engine"].text);
  if (!w.engine)
    w.engine = spec["url"].text.starts_with("ollama://") ? EngineKind::ollama : EngineKind::other;
  if (const auto n = spec["replicas"].number(); n && *n > 0) w.base.replicas = *n;
  else replicas_from(spec["minReplicas"], w);
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

/// RayService and RayCluster: serveConfigV2 is YAML in a string.
bool read_ray(const YamlNode& root, const std::string& kind, const Source& source) {
  const YamlNode& spec = root["spec"];
  bool found = false;
  const YamlNode& config = spec["serveConfigV2"];
  const YamlNode& cluster = spec["rayClusterConfig"].is_map() ? spec["rayClusterConfig"] : spec;
  // The widest worker group is where replicas run.
  Workload base = workload_of(root, kind, source);
  for (const YamlPtr& group : cluster["workerGroupSpecs"].items) {
    const YamlNode& pod = (*group)["template"]["spec"];
    read_placement(pod, base);
    for (const YamlPtr& container : pod["containers"].items) read_resources((*container)["resources"], base);
    if (const YamlNode& gpus = (*group)["rayStartParams"]["num-gpus"]; !base.gpus_per_node && gpus.number())
      base.gpus_per_node = gpus.number();
  }
  if (config.is_scalar() && !config.text.empty()) {
    const YamlPtr inner = parse_yaml(config.text, config.line);
    for (const YamlPtr& application : (*inner)["applications"].items) {
      const YamlNode& args = (*application)["args"];
      Workload w = base;
      if (!(*application)["name"].text.empty()) w.base.container = (*application)["name"].text;
      // What a runtime environment sets: MODEL_ID, TENSOR_PARALLELISM of the older samples.
      read_environment((*application)["runtime_env"]["env_vars"], Dialect::kubernetes, w.variables);
      if (args["llm_configs"].items.empty()) {
        const std::string model =
            w.variables.text("MODEL_ID").empty() ? w.variables.text("MODEL") : w.variables.text("MODEL_ID");
        if (model.empty()) continue;
        w.engine = EngineKind::vllm;
        w.model = Word{model, application->line, {}};
        for (const auto& [name, option] : std::initializer_list<std::pair<const char*, const char*>>{
                 {"TENSOR_PARALLELISM", "--tensor-parallel-size"},
                 {"PIPELINE_PARALLELISM", "--pipeline-parallel-size"},
                 {"MAX_MODEL_LEN", "--max-model-len"},
                 {"GPU_MEMORY_UTILIZATION", "--gpu-memory-utilization"},
                 {"DTYPE", "--dtype"},
                 {"QUANTIZATION", "--quantization"}}) {
          if (const std::string value = w.variables.text(name); !value.empty())
            w.args.push_back({fmt::format("{}={}", option, value), application->line, {}});
        }
        add_workload(std::move(w), source);
        found = true;
        continue;
      }
      for (const YamlPtr& llm : args["llm_configs"].items) {
        Workload one = w;
        one.base.line = llm->line;
        read_llm_config(*llm, one);
        add_workload(std::move(one), source);
        found = true;
      }
    }
  }
  if (found) return true;
  if (spec["entrypoint"].is_scalar()) {
    const auto launches = launches_of_scalar(spec["entrypoint"], base.variables);
    add_launches(launches, base, source);
    found = !launches.empty();
  }
  return found || read_containers_below(cluster, base, source);
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
      replicas_from((*backend)["minReplicas"], w);
      if (const auto n = (*worker)["replicas"].number(); n && *n > 1 && *n <= 10000) w.base.replicas *= *n;
      if (const auto n = (*worker)["pods"].number(); n && *n > 1 && *n <= 4096) w.base.nodes = *n;
      read_resources((*worker)["resources"], w);
      w.program = "api_server";
      add_workload(std::move(w), source);
    }
  }
}

}  // namespace

void read_llm_config(const YamlNode& config, Workload& w) {
  w.engine = EngineKind::vllm;
  const YamlNode& loading = config["model_loading_config"];
  model_from(loading["model_source"], w);
  if (!w.model) model_from(loading["model_id"], w);
  else if (loading["model_id"].is_scalar()) w.served_names.push_back(loading["model_id"].word());
  for (Word& word : words_of_options(config["engine_kwargs"])) w.args.push_back(std::move(word));
  if (const YamlNode& type = config["accelerator_type"]; type.is_scalar())
    w.device_hints.insert(w.device_hints.begin(), {"accelerator_type", type.text, type.line});
  const YamlNode& deployment = config["deployment_config"];
  replicas_from(deployment["num_replicas"], w);
  if (w.base.replicas == 1) replicas_from(deployment["autoscaling_config"]["min_replicas"], w);
  if (const auto n = deployment["ray_actor_options"]["num_gpus"].number()) w.gpus_per_node = *n;
}

bool read_serving_object(const YamlNode& root, const std::string& kind, const Source& source) {
  const std::string& api = root["apiVersion"].text;
  const YamlNode& spec = root["spec"];
  if (kind == "LLMInferenceService" || kind == "LLMInferenceServiceConfig") {
    if (!spec["model"]["uri"].is_scalar() && kind == "LLMInferenceServiceConfig")
      return read_containers_below(spec, workload_of(root, kind, source), source);
    read_llm_inference_service(root, source);
    return true;
  }
  if (kind == "InferenceService") return read_inference_service(root, source);
  if (kind == "Model" && spec["url"].is_scalar()) {
    read_kubeai_model(spec, workload_of(root, kind, source), source);
    return true;
  }
  if (kind == "RayService" || kind == "RayCluster" || kind == "RayJob") return read_ray(root, kind, source);
  if (kind == "DynamoGraphDeploymentRequest" && spec["model"].is_scalar()) {
    Workload w = workload_of(root, kind, source);
    model_from(spec["model"], w);
    w.engine = engine_named(spec["backend"].text).value_or(EngineKind::vllm);
    if (const YamlNode& sku = spec["hardware"]["gpuSku"]; sku.is_scalar())
      w.device_hints.push_back({"hardware.gpuSku", sku.text, sku.line});
    add_unresolved(w.base, "arguments", {"what the operator's profiler chooses"});
    add_workload(std::move(w), source);
    return true;
  }
  if (kind == "ModelBooster") {
    read_model_booster(root, source);
    return true;
  }
  if (kind == "OpenModel" && api.starts_with("llmaz.io")) {
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
  if (kind == "Playground" && api.starts_with("inference.llmaz.io")) {
    // Options and replicas for the OpenModel of the same file.
    for (Deployment& d : source.report.deployments) {
      if (d.file != source.file || d.kind != "OpenModel" || d.name != spec["modelClaim"]["modelName"].text)
        continue;
      d.kind = "OpenModel+Playground";
      if (const auto n = spec["replicas"].number(); n && *n >= 1) d.replicas = *n;
    }
    return true;
  }
  if ((kind == "ModelClaim" || kind == "ModelDeployment" || kind == "Workspace") && !spec.has("template")) {
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
  return false;
}

}  // namespace qwenfit::plan
