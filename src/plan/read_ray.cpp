// Ray Serve: objects of KubeRay, and the configuration of one model.
#include <fmt/format.h>

#include "serving.hpp"

namespace qwenfit::plan {

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
  replicas_from(deployment["num_replicas"], w, 1);
  if (w.base.replicas == 1) replicas_from(deployment["autoscaling_config"]["min_replicas"], w, 1);
  if (const auto n = deployment["ray_actor_options"]["num_gpus"].number()) w.gpus_per_node = *n;
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

}  // namespace qwenfit::plan
