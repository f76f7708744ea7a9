// YAML of tools that run commands on rented machines: SkyPilot, dstack, Truss; and the option file of vLLM
// and SGLang.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "model_names.hpp"
#include "options.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// "40GB", "24GB..80GB", "24GB.."
bool is_memory(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) &&
         (lower(text).ends_with("gb") || text.ends_with(".."));
}

/// "H100:2", "A100:40GB:2", "24GB", "A10G,A100", {H100: 2}, {name: A100, memory: 40GB, count: 2}, [A100, L4]:
/// the first card that is named. A memory alone says no card.
void read_accelerators(const YamlNode& node, Workload& w) {
  std::string written = node.text;
  if (node.is_map() && (node.has("count") || node.has("memory") || node.has("name"))) {
    const YamlNode& name = node["name"];
    written = name.is_list() && !name.items.empty() ? name.items.front()->text : name.text;
    if (!node["memory"].text.empty()) written += ":" + node["memory"].text;
    if (!node["count"].text.empty()) written += ":" + node["count"].text;
    if (name.items.size() > 1) w.base.notes.emplace_back("of several accelerators the first is taken");
  } else if (node.is_map() && !node.members.empty()) {
    written = node.members.front().first + ":" + node.members.front().second->text;
  } else if (node.is_list() && !node.items.empty()) {
    written = node.items.front()->text;
    if (node.items.size() > 1) w.base.notes.emplace_back("of several accelerators the first is taken");
  }
  std::string name, memory;
  std::optional<std::int64_t> count = 1;
  for (std::string_view rest = written; !rest.empty();) {
    const std::string_view part = trim(rest.substr(0, rest.find(':')));
    rest.remove_prefix(std::min(rest.find(':'), rest.size() - 1) + 1);
    const bool digit = !part.empty() && std::isdigit(static_cast<unsigned char>(part[0]));
    if (is_memory(part)) memory = part;
    else if (digit && (!name.empty() || !memory.empty()))
      count = units::parse_count(part);  // a range ("1..4") is none
    else if (part != "nvidia" && part != "amd" && part != "tpu" && name.empty()) name = part;
  }
  if (const auto comma = name.find(','); comma != std::string::npos) {
    name = name.substr(0, comma);
    w.base.notes.emplace_back("of several accelerators the first is taken");
  }
  if (name.empty() && memory.empty()) return;
  w.base.gpu_resource = "accelerators";
  w.base.gpu_line = node.line;
  if (count && *count >= 1 && *count <= 65536) w.gpus_per_node = *count;
  else add_unresolved(w.base, "gpus", {written});
  if (name.empty()) {
    w.base.notes.push_back(fmt::format("any card of {} may be taken", memory));
    return;
  }
  const bool range = memory.find("..") != std::string::npos;
  w.device_hints.push_back({"accelerators", memory.empty() || range ? name : name + " " + memory, node.line});
}

}  // namespace

bool read_job(const YamlNode& root, const Source& source) {
  const YamlNode& resources = root["resources"];
  const bool sky = root["run"].is_scalar() && (resources.is_map() || root.has("num_nodes"));
  const bool dstack = root["commands"].is_list() && root["type"].is_scalar() && resources.has("gpu");
  const YamlNode& truss = root["docker_server"]["start_command"];
  if (!sky && !dstack && !truss.is_scalar()) return false;
  Workload w = workload_at(source,
                           truss.is_scalar() ? "Truss"
                           : sky             ? "SkyPilot task"
                                             : "dstack " + root["type"].text,
                           root[truss.is_scalar() ? "model_name" : "name"].text);
  w.base.image = root["base_image"]["image"].text;
  if (dstack) w.base.image = root["image"].text;
  for (const char* key : {"envs", "env", "secrets", "environment_variables"})
    read_environment(root[key], Dialect::kubernetes, w.variables);
  if (const auto n = root["num_nodes"].number(); n && *n >= 1 && *n <= 4096) w.base.nodes = *n;
  read_accelerators(resources[truss.is_scalar() ? "accelerator" : sky ? "accelerators" : "gpu"], w);
  if (w.gpus_per_node) w.variables.set("SKYPILOT_NUM_GPUS_PER_NODE", std::to_string(*w.gpus_per_node));
  std::vector<Launch> launches;
  if (sky || truss.is_scalar()) {
    launches = launches_of_scalar(truss.is_scalar() ? truss : root["run"], w.variables);
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

bool read_slurm_recipe(const YamlNode& root, const Source& source) {
  static constexpr std::pair<std::string_view, EngineKind> kConfigs[] = {
      {"sglang_config", EngineKind::sglang},
      {"vllm_config", EngineKind::vllm},
      {"trtllm_config", EngineKind::tensorrt_llm}};
  const YamlNode& backend = root["backend"];
  const YamlNode& resources = root["resources"];
  if (!resources.is_map()) return false;
  bool found = false;
  for (const auto& [key, engine] : kConfigs) {
    for (const auto& [pool, options] : backend[key].members) {
      if (!options->is_map()) continue;
      const std::string place = pool == "aggregated" ? "agg" : pool;
      const auto number = [&](const std::string& name, std::int64_t otherwise) {
        return std::clamp<std::int64_t>(resources[name].number().value_or(otherwise), 1, 4096);
      };
      Workload w = workload_at(source, "srt-slurm recipe", root["name"].text, options->line);
      if (pool == "prefill" || pool == "decode") w.base.role = pool;
      w.base.image = root["model"]["container"].text;
      w.engine = engine;
      w.program = "api_server";
      read_environment(backend[pool + "_environment"], Dialect::kubernetes, w.variables);
      // Nodes and cards are those of the pool; a worker has its part of them.
      const std::int64_t workers = number(place + "_workers", 1);
      const std::int64_t nodes = number(place + "_nodes", 1);
      w.base.replicas = workers;
      w.base.nodes = std::max<std::int64_t>(nodes / workers, 1);
      if (const YamlNode& cards = resources["gpus_per_node"]; cards.number()) {
        const std::int64_t of_worker =
            number("gpus_per_" + place, number("gpus_per_node", 1) * nodes / workers);
        w.gpus_per_node = std::max<std::int64_t>(of_worker / w.base.nodes, 1);
        w.base.gpu_resource = "gpus_per_node";
        w.base.gpu_line = cards.line;
      }
      if (const YamlNode& type = resources["gpu_type"]; type.is_scalar())
        w.device_hints.push_back({"gpu_type", type.text, type.line});
      const bool trtllm = engine == EngineKind::tensorrt_llm;
      w.args = trtllm ? words_of_llm_api(*options) : words_of_options(*options);
      // The model's path in the container says nothing; the recipe's own name for it does, unless an alias is
      // plainer.
      std::string_view served;
      for (const Word& word : w.args) {
        if (word.text.starts_with("--served-model-name=")) served = std::string_view(word.text).substr(20);
      }
      const YamlNode& repository = root["identity"]["model"]["repo"];
      const YamlNode& name = repository.is_scalar() ? repository : root["model"]["path"];
      if (name.is_scalar() && (repository.is_scalar() || !mentions_qwen(served))) {
        w.model = name.word();
        std::erase_if(w.args, [](const Word& word) { return word.text.starts_with("--model-path=/"); });
      }
      add_workload(std::move(w), source);
      found = true;
    }
  }
  return found;
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
    Workload w = workload_at(source, std::string(engine_id(engine)) + " option file",
                             std::string(base_name(source.file)), root.line);
    w.engine = engine;
    w.program = "api_server";
    w.args = words_of_options(root);
    add_workload(std::move(w), source);
    return true;
  }
  return false;
}

}  // namespace qwenfit::plan
