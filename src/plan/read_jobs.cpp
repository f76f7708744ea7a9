// YAML of tools that run commands on rented machines: SkyPilot, dstack; and the option file of vLLM and
// SGLang.
#include <algorithm>

#include "options.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// "H100:2", {H100: 2}, [A100, L4]: the first that is named.
void read_accelerators(const YamlNode& node, Workload& w) {
  std::string name = node.text;
  std::optional<std::int64_t> count = 1;
  if (node.is_map() && !node.members.empty()) {
    name = node.members.front().first;
    count = node.members.front().second->number();
  } else if (node.is_list() && !node.items.empty()) {
    name = node.items.front()->text;
    if (node.items.size() > 1) w.base.notes.emplace_back("of several accelerators the first is taken");
  }
  if (const auto colon = name.rfind(':'); colon != std::string::npos) {
    count = units::parse_count(std::string_view(name).substr(colon + 1));
    name = name.substr(0, colon);
  }
  if (name.empty()) return;
  w.device_hints.push_back({"accelerators", name, node.line});
  w.base.gpu_resource = "accelerators";
  w.base.gpu_line = node.line;
  if (count && *count >= 1 && *count <= 65536) w.gpus_per_node = *count;
}

}  // namespace

bool read_job(const YamlNode& root, const Source& source) {
  const YamlNode& resources = root["resources"];
  const bool sky = root["run"].is_scalar() && (resources.is_map() || root.has("num_nodes"));
  const bool dstack = root["commands"].is_list() && root["type"].is_scalar() && resources.has("gpu");
  if (!sky && !dstack) return false;
  Workload w;
  w.base.file = source.file;
  w.base.kind = sky ? "SkyPilot task" : "dstack " + root["type"].text;
  w.base.name = root["name"].text;
  w.variables = given_variables(source);
  for (const char* key : {"envs", "env", "secrets"})
    read_environment(root[key], Dialect::kubernetes, w.variables);
  if (const auto n = root["num_nodes"].number(); n && *n >= 1 && *n <= 4096) w.base.nodes = *n;
  read_accelerators(sky ? resources["accelerators"] : resources["gpu"], w);
  if (w.gpus_per_node) w.variables.set("SKYPILOT_NUM_GPUS_PER_NODE", std::to_string(*w.gpus_per_node));
  std::vector<Launch> launches;
  if (sky) {
    launches = launches_of_scalar(root["run"], w.variables);
  } else {
    Variables variables = w.variables;
    for (const YamlPtr& command : root["commands"].items) {
      for (Launch& l : launches_of_script(command->text, command->line, variables))
        launches.push_back(std::move(l));
    }
  }
  add_launches(launches, w, source);
  return !launches.empty();
}

std::vector<Word> words_of_llm_api(const YamlNode& map) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"tensor_parallel_size", "tp_size"},     {"pipeline_parallel_size", "pp_size"},
      {"moe_expert_parallel_size", "ep_size"}, {"max_batch_size", "max_batch_size"},
      {"max_num_tokens", "max_num_tokens"},    {"max_seq_len", "max_seq_len"}};
  std::vector<Word> words;
  const auto put = [&](std::string_view option, const YamlNode& value) {
    if (value.is_scalar()) words.push_back({"--" + std::string(option) + "=" + value.text, value.line, {}});
  };
  for (const auto& [key, option] : kNames) put(option, map[key]);
  put("kv_cache_free_gpu_memory_fraction", map["kv_cache_config"]["free_gpu_memory_fraction"]);
  put("kv_cache_dtype", map["kv_cache_config"]["dtype"]);
  return words;
}

bool read_option_file(const YamlNode& root, const Source& source) {
  if (!root.is_map() || root.has("apiVersion")) return false;
  for (const auto& [engine, model] :
       {std::pair{EngineKind::vllm, "model"}, {EngineKind::sglang, "model-path"}}) {
    const auto named = [&](std::string_view name) {
      return std::any_of(root.members.begin(), root.members.end(),
                         [&](const auto& m) { return dashed(m.first) == name && m.second->is_scalar(); });
    };
    const bool own =
        engine == EngineKind::vllm
            ? named("max-model-len") || named("gpu-memory-utilization") || named("tensor-parallel-size")
            : named("mem-fraction-static") || named("context-length") || named("tp-size") || named("tp");
    if (!named(model) || !own) continue;
    Workload w;
    w.base.file = source.file;
    w.base.kind = std::string(engine_id(engine)) + " option file";
    w.base.name = std::string(base_name(source.file));
    w.base.line = root.line;
    w.variables = given_variables(source);
    w.engine = engine;
    w.program = "api_server";
    w.args = words_of_options(root);
    add_workload(std::move(w), source);
    return true;
  }
  return false;
}

}  // namespace qwenfit::plan
