// Options as the engines' own parsers read them.
#include "plan/options.hpp"

#include "catch.hpp"
#include "plan_reader.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
using namespace qwenfit::plan;

namespace {

ParsedOptions parse(EngineKind engine, const std::string& line) {
  return parse_options(engine, split_words(line, 1));
}

std::string value(const ParsedOptions& options, const std::string& name) {
  const auto* setting = options.find(name);
  return setting ? setting->value.text : "(none)";
}

Deployment deployment(const std::vector<std::string>& words) {
  Report report;
  read_command(words, {}, report);
  REQUIRE(report.deployments.size() == 1);
  return report.deployments[0];
}

Deployment of_line(const std::string& line) {
  std::vector<std::string> words;
  for (const Word& word : split_words(line, 1)) words.push_back(word.text);
  return deployment(words);
}

}  // namespace

TEST_CASE("vLLM: spellings, prefixes, switches, repeats") {
  const auto o = parse(EngineKind::vllm,
                       "M -tp 2 --max_model_len=32k --max-num-batched-token=8192 --gpu-memory-util 0.9 "
                       "--enforce-eager --port 1 "
                       "--no-enable-prefix-caching --enable-chunked-prefill=false --served-model-name a b "
                       "--max-num-seqs 1 --max-num-seqs 2");
  CHECK(o.positional.size() == 1);
  CHECK(value(o, "tensor_parallel_size") == "2");
  CHECK(value(o, "max_model_len") == "32k");
  CHECK(value(o, "max_num_batched_tokens") == "8192");
  CHECK(value(o, "gpu_memory_utilization") == "0.9");
  CHECK(value(o, "enforce_eager") == "true");
  CHECK(value(o, "enable_prefix_caching") == "false");
  CHECK(value(o, "enable_chunked_prefill") == "false");
  CHECK(value(o, "served_model_name") == "a b");
  CHECK(value(o, "max_num_seqs") == "2");
  CHECK(o.find("port") == nullptr);
}

TEST_CASE("vLLM: JSON and dotted values") {
  auto o = parse(EngineKind::vllm,
                 "M --speculative-config.method mtp --speculative-config.num_speculative_tokens=3");
  CHECK(value(o, "speculative_config") == R"({"method":"mtp","num_speculative_tokens":3})");
  const Deployment d = of_line(
      "vllm serve Qwen/Qwen3.5-27B --speculative-config '{\"method\":\"mtp\",\"num_speculative_tokens\":2}'");
  REQUIRE(d.scenario.speculative);
  CHECK(d.scenario.speculative->method == "mtp");
  CHECK(d.scenario.speculative->tokens == 2);
  const Deployment short_names = of_line("vllm serve Qwen/Qwen3.5-27B --spec-method mtp --spec-tokens 3");
  REQUIRE(short_names.scenario.speculative);
  CHECK(short_names.scenario.speculative->method == "mtp");
  CHECK(short_names.scenario.speculative->tokens == 3);
  CHECK(of_line("vllm serve Qwen/Qwen3-VL-8B-Instruct --limit-mm-per-prompt '{\"image\":0,\"video\":0}'")
            .scenario.language_model_only == true);
}

TEST_CASE("An unknown option does not swallow what follows it wrongly, an ambiguous prefix is refused") {
  const auto o = parse(EngineKind::vllm, "M --no-such-thing 7 --max 3 --enforce-eager");
  CHECK(o.unknown.size() == 1);
  REQUIRE(o.ambiguous.size() == 1);
  CHECK_THAT(o.ambiguous[0].text, ContainsText("--max could match --max-model-len, --max-num-seqs"));
  CHECK(o.positional.size() == 1);
  CHECK(value(o, "enforce_eager") == "true");
}

TEST_CASE("A list item with flag and value in one") {
  const auto o =
      parse_options(EngineKind::vllm, {{"--max-model-len 8192", 7, {}}, {"--enforce-eager", 8, {}}});
  CHECK(value(o, "max_model_len") == "8192");
  CHECK(o.joined.size() == 1);
}

TEST_CASE("vLLM flags as scenario keys") {
  const Deployment d = of_line(
      "vllm serve Qwen/Qwen3-30B-A3B -tp 2 -dp 2 --enable-expert-parallel --max-model-len 32768 "
      "--kv-cache-dtype fp8 --max-num-seqs 64 --swap-space 4 "
      "--cpu-offload-gb 2 --quantization fp8 --dtype auto");
  CHECK(d.model_id == "qwen3-30b-a3b");
  CHECK(d.engine == "vllm");
  CHECK(d.scenario.tensor_parallel == 2);
  CHECK(d.scenario.data_parallel == 2);
  CHECK(d.scenario.expert_parallel == 4);
  CHECK(d.scenario.context == 32768);
  CHECK(d.scenario.kv_type == "fp8");
  CHECK(d.scenario.max_num_seqs == 64);
  CHECK(d.scenario.cpu_offload_gb == 2);
  CHECK(d.scenario.format == "fp8");
  CHECK(flag(d, "swap_space") == "4");
}

TEST_CASE("Words of --quantization as formats") {
  for (const auto& [word, format] :
       std::initializer_list<std::pair<const char*, const char*>>{{"fp8", "fp8"},
                                                                  {"fp8_per_tensor", "fp8-tensor"},
                                                                  {"fp8_per_channel", "fp8-dynamic"},
                                                                  {"auto_awq", "awq-int4"},
                                                                  {"gptq_marlin", "gptq-int4"},
                                                                  {"bitsandbytes", "nf4"}}) {
    INFO(word);
    CHECK(of_line(std::string("vllm serve Qwen/Qwen3-8B --quantization ") + word).scenario.format == format);
  }
}

TEST_CASE("An option has all names that its engine gives it") {
  const Deployment trtllm = of_line(
      "trtllm-serve Qwen/Qwen3-30B-A3B --tensor_parallel_size 2 --pipeline_parallel_size 2 "
      "--moe_expert_parallel_size 2 --free_gpu_memory_fraction 0.8");
  CHECK(trtllm.scenario.tensor_parallel == 2);
  CHECK(trtllm.scenario.pipeline_parallel == 2);
  CHECK(trtllm.scenario.expert_parallel == 2);
  CHECK(trtllm.scenario.gpu_memory_utilization == 0.8);
  for (const char* name : {"--cuda-graph-max-bs", "--cuda-graph-max-bs-decode"}) {
    const std::string line = "python -m sglang.launch_server --model-path Qwen/Qwen3-8B ";
    CHECK(of_line(line + name + " 32").scenario.cuda_graph_max_bs == 32);
  }
  const Deployment llama =
      of_line("llama-server -m Qwen3-8B-Q4_K_M.gguf --spec-draft-model Qwen3-0.6B-Q8_0.gguf --draft-max 8");
  REQUIRE(llama.scenario.speculative);
  CHECK(llama.scenario.speculative->draft_model == "Qwen3-0.6B-Q8_0.gguf");
}

TEST_CASE("SGLang flags as scenario keys") {
  const Deployment d = of_line(
      "python -m sglang.launch_server --model-path Qwen/Qwen3.5-27B --tp 2 --mem-fraction-static 0.85 "
      "--context-length 65536 --speculative-algorithm EAGLE "
      "--speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4 "
      "--disable-cuda-graph --mamba-ssm-dtype bfloat16");
  CHECK(d.engine == "sglang");
  CHECK(d.scenario.tensor_parallel == 2);
  CHECK(d.scenario.mem_fraction_static == 0.85);
  CHECK(d.scenario.context == 65536);
  CHECK(d.scenario.enforce_eager == true);
  CHECK(d.scenario.mamba_ssm_dtype == "bfloat16");
  REQUIRE(d.scenario.speculative);
  CHECK(d.scenario.speculative->method == "mtp");
  CHECK(d.scenario.speculative->tokens == 3);
}

TEST_CASE("llama.cpp: the context is shared by slots unless they share one buffer") {
  CHECK(of_line("llama-server -m /models/Qwen3-8B-Q4_K_M.gguf -c 32768 -np 4").scenario.context == 8192);
  CHECK(of_line("llama-server -m /models/Qwen3-8B-Q4_K_M.gguf -c 32768 -np 4 -kvu").scenario.context ==
        32768);
  const Deployment d = of_line(
      "LLAMA_ARG_CTX_SIZE=16384 LLAMA_ARG_N_GPU_LAYERS=20 llama-server -hf unsloth/Qwen3-8B-GGUF:Q6_K -fa on "
      "-ctk q8_0 -ctv q8_0 -ngl all");
  CHECK(d.model_id == "qwen3-8b");
  CHECK(d.scenario.format == "q6_k");
  CHECK(d.scenario.context == 16384);
  CHECK(d.scenario.gpu_layers == 999);
  CHECK(d.scenario.flash_attention == true);
  CHECK(d.scenario.kv_type == "q8_0");
}

TEST_CASE("Ollama: tags and its environment") {
  const Deployment d = of_line(
      "OLLAMA_CONTEXT_LENGTH=16384 OLLAMA_NUM_PARALLEL=2 OLLAMA_KV_CACHE_TYPE=q8_0 ollama run qwen3:8b");
  CHECK(d.model_id == "qwen3-8b");
  CHECK(d.scenario.context == 16384);
  CHECK(d.scenario.parallel_slots == 2);
  CHECK(d.scenario.kv_type == "q8_0");
}

TEST_CASE("Values that no engine could read are findings, whatever their size") {
  CHECK(has_finding(of_line("vllm serve Qwen/Qwen3-8B --max-model-len many"), "invalid-flag"));
  CHECK(has_finding(of_line("vllm serve Qwen/Qwen3-8B -tp 99999999999999999999"), "invalid-flag"));
  CHECK(has_finding(of_line("vllm serve Qwen/Qwen3-8B --gpu-memory-utilization 1.7"), "invalid-flag"));
  CHECK(has_finding(of_line("vllm serve Qwen/Qwen3-8B --speculative-config nonsense"), "invalid-flag"));
}

TEST_CASE("A command that starts no engine is refused") {
  Report report;
  CHECK_THROWS_AS(read_command({"nginx", "-g", "x"}, {}, report), Error);
}

TEST_CASE("Numbers are what the engine's own parser makes of them") {
  const auto context = [](const char* command) {
    const Report r = read_plan("a.sh", command);
    REQUIRE(r.deployments.size() == 1);
    return r.deployments[0];
  };
  CHECK(context("vllm serve Qwen/Qwen3-8B --max-model-len 32k").scenario.context == 32000);
  CHECK(context("vllm serve Qwen/Qwen3-8B --max-model-len 32K").scenario.context == 32768);
  CHECK(context("vllm serve Qwen/Qwen3-8B --max-model-len 25.6k").scenario.context == 25600);
  CHECK(has_finding(context("vllm serve Qwen/Qwen3-8B --max-model-len 1.5K"), "invalid-flag"));
  CHECK(has_finding(context("vllm serve Qwen/Qwen3-8B --kv-cache-memory-bytes 8Gi"), "invalid-flag"));
  const Deployment cut = context("llama-server -m Qwen3-8B-Q4_K_M.gguf -c 64k");
  CHECK(cut.scenario.context == 64);
  CHECK(has_finding(cut, "invalid-flag"));
}
