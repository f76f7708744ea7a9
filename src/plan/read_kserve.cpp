// KServe: InferenceService and LLMInferenceService; llm-d's model service, which is built like the latter.
#include <fmt/format.h>

#include <algorithm>

#include "serving.hpp"

namespace qwenfit::plan {
namespace {

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
    std::vector<Word> words = container_words(*container, w.variables);
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
  std::vector<Word> words = container_words(container, w.variables);
  const auto launches = find_launches({words, w.variables, container.line});
  if (!launches.empty()) {
    w.engine = launches.front().engine;
    w.args = launches.front().args;
  } else {
    if (const auto engine = engine_of_image(w.base.image)) w.engine = engine;
    w.args = std::move(words);
  }
}

}  // namespace

bool read_llm_inference_service(const YamlNode& root, const std::string& kind, const Source& source) {
  const YamlNode& spec = root["spec"];
  if (!spec["model"]["uri"].is_scalar() && kind == "LLMInferenceServiceConfig")
    return read_containers_below(spec, workload_of(root, kind, source), source);
  const Workload w = workload_of(root, "LLMInferenceService", source);
  read_pool(spec, spec["model"], w, source, spec.has("prefill") ? "decode" : "");
  if (spec["prefill"].is_map()) read_pool(spec["prefill"], spec["model"], w, source, "prefill");
  return true;
}

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
    Workload w = workload_at(source, "llm-d model service", model["name"].text, pool.line);
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

bool read_inference_service(const YamlNode& root, const Source& source) {
  const YamlNode& predictor = root["spec"]["predictor"];
  const YamlNode& model = predictor["model"];
  Workload w = workload_of(root, "InferenceService", source);
  replicas_from(predictor["minReplicas"], w, 1);
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

}  // namespace qwenfit::plan
