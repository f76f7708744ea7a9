// Estimate -> command, which is read back before it is told.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"
#include "workload.hpp"
#include "writer.hpp"

namespace qwenfit::plan {
namespace {

EngineKind kind_of(const catalog::Engine& engine) {
  if (const auto kind = engine_kind(engine.id)) return *kind;
  throw Error(ErrorCode::unsupported,
              fmt::format("engine: {} is started by no command that qwenfit writes; vllm, sglang, llama.cpp, "
                          "ollama, tensorrt-llm and mlx are",
                          engine.name));
}

bool same_memory(const Estimate& a, const Estimate& b) {
  const auto same = [](const engine::DeviceMemory& x, const engine::DeviceMemory& y) {
    return x.weights == y.weights && x.kv_cache == y.kv_cache && x.recurrent_state == y.recurrent_state &&
           x.compute == y.compute && x.graphs == y.graphs && x.runtime == y.runtime;
  };
  return std::equal(a.memory.devices.begin(), a.memory.devices.end(), b.memory.devices.begin(),
                    b.memory.devices.end(), same) &&
         a.memory.host.total() == b.memory.host.total();
}

/// So many first layers have their experts on the host, and no other; nothing: some other pattern.
std::optional<std::int64_t> first_layers_without_experts(const engine::MemoryPlan& plan) {
  const auto there = [](const engine::LayerPlace& p) { return !p.experts_on_host; };
  const auto first = std::find_if(plan.layers.begin(), plan.layers.end(), there);
  if (!std::all_of(first, plan.layers.end(), there)) return std::nullopt;
  return first - plan.layers.begin();
}

/// What was asked for, with what the plan came to.
Scenario pinned(Estimator& estimator, const Scenario& asked, const Estimate& e, EngineKind kind,
                std::vector<std::string>& notes) {
  Scenario s = asked;
  // Engines with a pool take the model's own context; to ask for it would be to ask that every sequence
  // fills it.
  if (kind == EngineKind::llama_cpp || kind == EngineKind::ollama) s.context = e.setup.context;
  if (e.setup.tensor_parallel > 1) s.tensor_parallel = e.setup.tensor_parallel;
  if (kind != EngineKind::llama_cpp) return s;
  if (s.kv_type && !s.kv_type_v) s.kv_type_v = std::string(e.setup.kv_type_v->id);
  if (s.gpu_layers || s.cpu_moe_layers || e.setup.devices.empty() || e.setup.backend == engine::Backend::cpu)
    return s;
  // llama.cpp's own choice, as flags where flags can say it.
  const auto without_experts = first_layers_without_experts(e.memory);
  if (without_experts) {
    Scenario placed = s;
    placed.gpu_layers = e.memory.gpu_layers;
    if (*without_experts > 0) placed.cpu_moe_layers = *without_experts;
    if (same_memory(estimator.estimate(placed, false), e)) return placed;
  }
  notes.emplace_back("which layers' experts go to host memory, llama.cpp's own --fit decides at the start");
  return s;
}

/// The options as `qwenfit check` reads them where no image tells the version.
Scenario read_back(const StartCommand& c, EngineKind kind, const Scenario& asked, Estimator& estimator) {
  Workload w;
  w.engine = kind;
  w.program = c.program.front();
  for (const auto& option : c.options) {
    for (const std::string& word : option) w.args.push_back({word, 1, {}});
  }
  for (const auto& [name, value] : c.environment) w.variables.set(name, value, 1);
  if (!c.served_name.empty()) w.model = Word{c.served_name, 1, {}};
  Options options;
  options.catalog = &estimator.catalog();
  Scenario s = interpret(std::move(w), options).scenario;
  // `check` opens no path: what lies there has to be told here.
  if (s.model.empty() || input::is_path(estimator.catalog(), asked.model)) s.model = asked.model;
  s.devices = asked.devices;
  s.device_count = asked.device_count;
  return s;
}

/// Keys that say nothing of how the engine is started.
bool about_start(std::string_view key) {
  static constexpr std::array<std::string_view, 11> kNot{
      "id",      "model",        "method",      "device",      "device_count", "train",
      "require", "usd_per_hour", "usd_per_kwh", "utilization", "explain"};
  return std::find(kNot.begin(), kNot.end(), key) == kNot.end();
}

}  // namespace

StartCommand command_for(Estimator& estimator, const Scenario& asked, const Estimate& answer) {
  if (asked.train || answer.setup.train)
    throw Error(ErrorCode::unsupported, "train: a command starts a server, and that does not train");
  if (asked.method == Method::quick)
    throw Error(ErrorCode::unsupported, "method: the textbook formula knows no engine to start");
  const EngineKind kind = kind_of(*answer.setup.engine);
  std::vector<std::string> notes;
  const Scenario wanted = pinned(estimator, asked, answer, kind, notes);
  StartCommand c = Writer(kind, wanted, answer).run();
  c.notes.insert(c.notes.end(), notes.begin(), notes.end());

  const Scenario target = estimator.estimate(wanted, false).scenario;
  Scenario read = read_back(c, kind, wanted, estimator);
  const Scenario got = estimator.estimate(read, false).scenario;
  if (!wanted.devices.empty()) {
    Scenario devices = wanted;
    if (wanted.device_count && devices.devices.size() == 1)
      devices.devices.front().count = static_cast<int>(*wanted.device_count);
    c.settings.emplace_back("device", field_text(devices, scenario_field("device")));
  }
  for (const Field& field : scenario_fields()) {
    if (!about_start(field.key)) continue;
    const std::string text = field_text(target, field);
    if (text.empty() || text == field_text(got, field)) continue;
    // As it was asked, where the answer has put it into other words.
    const std::string given = field_text(wanted, field);
    c.settings.emplace_back(field.key, given.empty() ? text : given);
  }
  return c;
}

}  // namespace qwenfit::plan
