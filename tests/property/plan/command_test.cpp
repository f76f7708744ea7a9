// What `qwenfit command` writes, `qwenfit check` reads as the same deployment, to the byte.
#include "qwenfit/command.hpp"

#include <map>

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/plan.hpp"
#include "report/command.hpp"

using namespace qwenfit;

namespace {

struct Case {
  std::string model;
  std::string format;  // empty: the engine's default
  std::string device;
  int count = 1;
  std::optional<std::int64_t> context, concurrency;
};

Scenario scenario_of(const std::string& engine, const Case& c) {
  Scenario s;
  s.engine = engine;
  s.model = c.model;
  if (!c.format.empty()) s.format = c.format;
  s.devices = {{c.device, c.count}};
  s.context = c.context;
  s.concurrency = c.concurrency;
  return s;
}

plan::Deployment checked(const std::string& file, const std::string& text, Estimator& estimator) {
  plan::Options options;
  plan::Report report;
  plan::read_text(file, text, options, report);
  INFO(text);
  REQUIRE(report.deployments.size() == 1);
  plan::check(report, options, estimator);
  return report.deployments[0];
}

std::vector<Bytes> figures(const Estimate& e) {
  std::vector<Bytes> out;
  for (const engine::DeviceMemory& d : e.memory.devices)
    out.insert(out.end(),
               {d.weights, d.kv_cache, d.recurrent_state, d.compute, d.graphs, d.runtime, d.usable});
  const engine::HostMemory& h = e.memory.host;
  out.insert(out.end(), {h.weights, h.kv_cache, h.recurrent_state, h.compute, h.output});
  if (e.memory.pool) out.push_back(e.memory.pool->kv_tokens);
  return out;
}

void same(const Estimate& asked, const plan::Deployment& d) {
  for (const plan::Finding& f : d.findings) {
    UNSCOPED_INFO(f.id << ": " << f.message);
  }
  REQUIRE(d.estimate);
  const Estimate& read = *d.estimate;
  CHECK(read.setup.model->id == asked.setup.model->id);
  CHECK(read.setup.weights->format->id == asked.setup.weights->format->id);
  CHECK(read.setup.engine->id == asked.setup.engine->id);
  CHECK(read.setup.backend == asked.setup.backend);
  REQUIRE(read.setup.devices.size() == asked.setup.devices.size());
  for (std::size_t i = 0; i < asked.setup.devices.size(); ++i)
    CHECK(read.setup.devices[i].device == asked.setup.devices[i].device);
  CHECK(read.setup.context == asked.setup.context);
  CHECK(read.setup.concurrency == asked.setup.concurrency);
  CHECK(read.fit.fits == asked.fit.fits);
  CHECK(figures(read) == figures(asked));
}

/// @return how many forms were written
int closes(Estimator& estimator, const Scenario& s) {
  INFO(*s.engine << " " << s.model << " " << s.format.value_or("") << " on " << s.devices.front().count
                 << " x " << s.devices.front().name);
  Estimate e;
  try {
    e = estimator.estimate(s);
  } catch (const Error&) {
    return 0;  // a combination that the engine refuses
  }
  const plan::StartCommand command = plan::command_for(estimator, s, e);
  int forms = 0;
  same(e, checked("start.sh", report::command_shell(command, e), estimator));
  ++forms;
  if (command.image.empty()) return forms;
  same(e, checked("compose.yaml", report::command_compose(command, e), estimator));
  same(e, checked("deployment.yaml", report::command_kubernetes(command, e), estimator));
  return forms + 2;
}

}  // namespace

TEST_CASE("What is written is read as the same deployment") {
  Estimator estimator(catalog::Catalog::builtin());
  const std::map<std::string, std::vector<Case>> matrix{
      {"llama.cpp",
       {{"qwen3-8b", "q4_k_m", "rtx-4090", 1, {}, {}},
        {"qwen3-8b", "ud-q4_k_xl", "rtx-3060-12gb", 1, 16384, {}},
        {"qwen3-8b", "q8_0", "rtx-4090", 2, 8192, 4},
        {"qwen3-32b", "q4_k_m", "rtx-3060-12gb", 1, {}, {}},
        {"qwen3-30b-a3b", "q8_0", "rtx-4090", 1, 8192, 2},
        {"qwen3-30b-a3b", "q4_k_m", "rx-7900-xtx", 1, 4096, {}},
        {"qwen3-next-80b-a3b", "q4_k_m", "rtx-3090", 2, 8192, {}},
        {"qwen3.5-27b", "q6_k", "M3 Max 64GB", 1, 32768, {}},
        {"qwen2.5-vl-7b", "q4_k_m", "rtx-3060-12gb", 1, 8192, {}},
        {"qwen3-0.6b", "bf16", "cpu-ddr5-5600-dual", 1, {}, 3}}},
      {"ollama",
       {{"qwen3-8b", "", "rtx-4090", 1, {}, {}},
        {"qwen3-8b", "q8_0", "rtx-3060-12gb", 1, 16384, 2},
        {"qwen3-30b-a3b", "", "rx-7900-xtx", 1, 8192, {}},
        {"qwen2.5-vl-7b", "", "M3 Max 64GB", 1, 8192, {}}}},
      {"vllm",
       {{"qwen3-8b", "", "h100", 1, 32768, 8},
        {"qwen3-8b", "fp8", "l40s", 1, {}, {}},
        {"qwen3-32b", "", "h100", 2, {}, 16},
        {"qwen3-32b", "awq-int4", "a100-sxm-80gb", 1, 16384, {}},
        {"qwen3-30b-a3b", "gptq-int4", "l40s", 1, 8192, {}},
        {"qwen3-14b", "nf4", "rtx-4090", 1, 8192, {}},
        {"qwen3-14b", "nvfp4", "rtx-5090", 1, 8192, {}},
        {"qwen3-next-80b-a3b", "fp8", "h200", 1, 65536, 4},
        {"qwen3.5-27b", "fp8", "mi300x", 1, 32768, {}},
        {"qwen2.5-vl-7b", "", "a10g", 1, 8192, {}}}},
      {"sglang",
       {{"qwen3-8b", "", "h100", 1, 32768, 8},
        {"qwen3-32b", "fp8", "l40s", 2, {}, {}},
        {"qwen3.5-27b", "fp8", "h100", 1, {}, {}},
        {"qwen3-30b-a3b", "", "h200", 1, 16384, 64},
        {"qwen2.5-vl-7b", "", "a100-sxm-80gb", 1, 8192, {}}}},
      {"tensorrt-llm", {{"qwen3-8b", "", "h100", 1, 8192, 4}, {"qwen3-32b", "fp8", "h100", 2, {}, {}}}},
      {"mlx",
       {{"qwen3-8b", "mlx-4bit", "M3 Max 64GB", 1, 16384, 2},
        {"qwen3-30b-a3b", "", "M3 Max 64GB", 1, {}, {}}}},
  };
  int forms = 0;
  for (const auto& [engine, cases] : matrix) {
    for (const Case& c : cases) forms += closes(estimator, scenario_of(engine, c));
  }
  CHECK(forms > 80);
}

TEST_CASE("Every setting that was asked for comes back") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto with = [](const std::string& engine, const Case& c, auto&& set) {
    Scenario s = scenario_of(engine, c);
    set(s);
    return s;
  };
  const Case small{"qwen3-8b", "", "rtx-4090", 1, 8192, {}};
  const Case large{"qwen3-30b-a3b", "", "h100", 2, 16384, 4};
  const Case hybrid{"qwen3.5-27b", "fp8", "h100", 1, 16384, 2};
  const std::vector<Scenario> scenarios{
      with("llama.cpp", small, [](Scenario& s) { s.gpu_layers = 20; }),
      with("llama.cpp", small, [](Scenario& s) { s.kv_type = "q8_0"; }),
      with("llama.cpp", small,
           [](Scenario& s) {
             s.kv_type = "q8_0";
             s.kv_type_v = "f16";
             s.ubatch = 1024;
             s.batch = 4096;
           }),
      with("llama.cpp", small,
           [](Scenario& s) {
             s.parallel_slots = 8;
             s.kv_unified = true;
           }),
      with("llama.cpp", small, [](Scenario& s) { s.parallel_slots = 6; }),
      with("llama.cpp", small, [](Scenario& s) { s.flash_attention = false; }),
      with("llama.cpp", small, [](Scenario& s) { s.program = "cli"; }),
      with("llama.cpp", small, [](Scenario& s) { s.engine_version = "b9020"; }),
      with("llama.cpp", {"qwen3-30b-a3b", "q4_k_m", "rtx-3060-12gb", 1, 8192, {}},
           [](Scenario& s) { s.cpu_moe_layers = 30; }),
      with("llama.cpp", {"qwen3-32b", "q6_k", "rtx-4090", 2, 8192, {}},
           [](Scenario& s) {
             s.tensor_split = {3, 1};
             s.prompt_tokens = 4000;
           }),
      with("llama.cpp", {"qwen2.5-vl-7b", "q4_k_m", "rtx-4090", 1, 8192, {}},
           [](Scenario& s) { s.mmproj = true; }),
      with("llama.cpp", {"qwen3.5-27b", "q4_k_m", "rtx-5090", 1, 8192, {}},
           [](Scenario& s) {
             s.speculative = engine::Speculative{"mtp", 3, 0.7, ""};
           }),
      with("ollama", small,
           [](Scenario& s) {
             s.gpu_layers = 12;
             s.kv_type = "q8_0";
           }),
      with("vllm", large,
           [](Scenario& s) {
             s.expert_parallel = 2;
             s.tensor_parallel = 2;
             s.gpu_memory_utilization = 0.85;
             s.max_num_seqs = 32;
             s.max_num_batched_tokens = 4096;
             s.kv_type = "fp8";
             s.enforce_eager = true;
             s.enable_prefix_caching = false;
           }),
      with("vllm", small, [](Scenario& s) { s.cpu_offload_gb = 4; }),
      with("vllm", large, [](Scenario& s) { s.data_parallel = 2; }),
      with("vllm", large, [](Scenario& s) { s.pipeline_parallel = 2; }),
      with("vllm", small, [](Scenario& s) { s.kv_cache_memory_bytes = 2'000'000'000; }),
      with("vllm", hybrid,
           [](Scenario& s) {
             s.speculative = engine::Speculative{"mtp", 2, 0.7, ""};
             s.language_model_only = true;
           }),
      with("vllm", small, [](Scenario& s) { s.engine_version = "0.11.0"; }),
      with("vllm", small, [](Scenario& s) { s.engine_version = "main"; }),
      with("vllm", small, [](Scenario& s) { s.kv_type = "int8"; }),
      with("vllm", small, [](Scenario& s) { s.kv_type = "nvfp4"; }),
      with("vllm", hybrid,
           [](Scenario& s) {
             s.engine_version = "0.17.0";
             s.language_model_only = true;
           }),
      with("sglang", small, [](Scenario& s) { s.cuda_graph_max_bs = 32; }),
      with("sglang", small,
           [](Scenario& s) {
             s.cuda_graph_max_bs = 32;
             s.engine_version = "0.5.10";
           }),
      with("tensorrt-llm", {"qwen3-8b", "", "h100", 1, 8192, 4}, [](Scenario& s) { s.kv_type = "fp8"; }),
      with("sglang", large,
           [](Scenario& s) {
             s.tensor_parallel = 2;
             s.expert_parallel = 2;
             s.mem_fraction_static = 0.8;
             s.max_running_requests = 64;
             s.chunked_prefill_size = 4096;
             s.kv_type = "fp8";
             s.disable_radix_cache = true;
             s.enforce_eager = true;
           }),
      with("sglang", hybrid,
           [](Scenario& s) {
             s.speculative = engine::Speculative{"mtp", 2, 0.7, ""};
           }),
      with("tensorrt-llm", {"qwen3-8b", "", "h100", 1, 8192, 4}, [](Scenario& s) { s.max_num_seqs = 64; }),
  };
  int forms = 0;
  for (const Scenario& s : scenarios) forms += closes(estimator, s);
  CHECK(forms > 60);
}
