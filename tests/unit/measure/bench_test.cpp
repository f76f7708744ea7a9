#include "measure/bench.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "catch.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
using measure::Bench;
using measure::BenchRow;
using measure::read_bench;

namespace {

std::string test_file(const std::string& name) {
  std::ifstream in(std::string(QWENFIT_SOURCE_DIR) + "/tests/data/benchmarks/" + name, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A row of llama-bench with some fields replaced.
std::string llama_row(const std::string& more) {
  return R"({"backends": "CUDA", "gpu_info": "NVIDIA GeForce RTX 4090", "model_filename": "/m/Qwen3-8B-Q4_K_M.gguf",)"
         R"( "model_type": "qwen3 8B Q4_K - Medium", "model_size": 5027782656, "model_n_params": 8190735360,)"
         R"( "n_batch": 2048, "n_ubatch": 512, "type_k": "f16", "type_v": "f16", "n_gpu_layers": 99,)"
         R"( "split_mode": "layer", "n_prompt": 0, "n_gen": 128, "n_depth": 0, "avg_ts": 120.5)" +
         more + "}";
}

std::string reason(const std::string& text) {
  const Bench bench = read_bench(text, "x");
  return bench.left_out.empty() ? "" : bench.left_out.front().why;
}

std::string vllm(const std::string& more) {
  return R"({"date": "20261127-101530", "endpoint_type": "openai", "backend": "openai", "label": null,)"
         R"( "model_id": "Qwen/Qwen3-32B", "num_prompts": 64, "request_rate": "inf", "burstiness": 1.0,)"
         R"( "max_concurrency": 8, "duration": 100.0, "completed": 64, "failed": 0, "total_input_tokens": 65536,)"
         R"( "total_output_tokens": 8192, "mean_ttft_ms": 250.0, "median_ttft_ms": 240.0, "mean_tpot_ms": 21.0,)"
         R"( "median_tpot_ms": 20.0)" +
         more + "}";
}

}  // namespace

TEST_CASE("all forms of one run of llama-bench say the same") {
  const Bench json = read_bench(test_file("llama-bench.json"), "json");
  const Bench lines = read_bench(test_file("llama-bench.jsonl"), "jsonl");
  const Bench csv = read_bench(test_file("llama-bench.csv"), "csv");
  const Bench table = read_bench(test_file("llama-bench.md"), "md");
  REQUIRE(json.rows.size() == 3);
  CHECK(json.rows[0].label == "pp32");
  CHECK(json.rows[1].label == "tg8");
  CHECK(json.rows[2].label == "tg8 @ d64");
  CHECK(json.left_out.size() == 3);  // pp32 @ d64, and both of the -pg tests
  for (const Bench* other : {&lines, &csv, &table}) {
    REQUIRE(other->rows.size() == 3);
    CHECK(other->left_out.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      const BenchRow& a = json.rows[i];
      const BenchRow& b = other->rows[i];
      CHECK(b.label == a.label);
      CHECK(b.prefill == a.prefill);
      CHECK(b.scenario.prompt_tokens == a.scenario.prompt_tokens);
      CHECK(b.scenario.context == a.scenario.context);
      CHECK(b.scenario.backend == "cpu");
      CHECK(b.scenario.format == "Q4_K_m");
      CHECK(b.tok_s > 0);
      // Rounded to four digits in the table.
      CHECK(static_cast<double>(*b.parameters) == Approx(static_cast<double>(*a.parameters)).epsilon(1e-3));
      CHECK(static_cast<double>(*b.weights) == Approx(static_cast<double>(*a.weights)).epsilon(1e-3));
    }
  }
  CHECK(json.rows[1].model_path.ends_with("Qwen3-0.6B-Q4_K_M.gguf"));
  CHECK(csv.rows[1].model_path == json.rows[1].model_path);
  CHECK(table.rows[1].model_path.empty());
  CHECK(json.rows[2].scenario.prompt_tokens == 64);
  CHECK(json.rows[2].scenario.output_tokens == 8);
  CHECK(json.rows[2].scenario.context == 72);
}

TEST_CASE("fields of llama-bench become keys of the scenario") {
  const Bench bench = read_bench(
      "[" +
          llama_row(
              R"(, "n_gpu_layers": 20, "type_k": "q8_0", "type_v": "q4_0", "n_ubatch": 256, "flash_attn": 1,)"
              R"( "n_cpu_moe": 3, "split_mode": "row", "tensor_split": "3.00/1.00",)"
              R"( "gpu_info": "NVIDIA GeForce RTX 4090, NVIDIA GeForce RTX 3090", "test_time": "2026-11-27T10:00:00Z")") +
          "]",
      "x");
  REQUIRE(bench.rows.size() == 1);
  const BenchRow& row = bench.rows[0];
  const Scenario& s = row.scenario;
  CHECK(s.engine == "llama.cpp");
  CHECK(s.program == "cli");
  CHECK(s.backend == "cuda");
  CHECK(s.gpu_layers == 20);
  CHECK(s.cpu_moe_layers == 3);
  CHECK(s.kv_type == "q8_0");
  CHECK(s.kv_type_v == "q4_0");
  CHECK(s.ubatch == 256);
  CHECK(s.flash_attention == true);
  CHECK(s.split_mode == "row");
  CHECK(s.tensor_split == std::vector<double>{3, 1});
  CHECK(row.gpus == std::vector<std::string>{"NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 3090"});
  CHECK(row.date == "2026-11-27");
  CHECK(row.tok_s == 120.5);
  // Automatic: llama.cpp's own choice, and the estimator's.
  const Scenario plain =
      read_bench(llama_row(R"(, "n_gpu_layers": -1, "flash_attn": -1)"), "x").rows[0].scenario;
  CHECK_FALSE(plain.gpu_layers);
  CHECK_FALSE(plain.flash_attention);
  CHECK_FALSE(plain.kv_type_v);
  // One card of two.
  const Bench one = read_bench(
      llama_row(R"(, "split_mode": "none", "main_gpu": 1, "gpu_info": "NVIDIA A, NVIDIA B")"), "x");
  CHECK(one.rows[0].gpus == std::vector<std::string>{"NVIDIA B"});
}

TEST_CASE("the format is what the file says, not what llama.cpp guessed") {
  const auto format = [](const std::string& type) {
    return read_bench(llama_row(R"(, "model_type": ")" + type + "\""), "x")
        .rows[0]
        .scenario.format.value_or("");
  };
  CHECK(format("qwen3 8B Q6_K") == "Q6_K");
  CHECK(format("qwen2 7B Q3_K - Small") == "Q3_K_s");
  CHECK(format("qwen2 7B IQ4_XS - 4.25 bpw") == "IQ4_XS");
  CHECK(format("qwen2 7B IQ3_S mix - 3.66 bpw") == "iq3_m");
  CHECK(format("qwen2 7B BF16") == "BF16");
  CHECK(format("qwen2 7B all F32") == "f32");
  CHECK(format("qwen3moe 30B.A3B MXFP4 MoE") == "mxfp4_moe");
  CHECK(format("qwen3 8B (guessed) Q4_K - Medium").empty());
  CHECK(format("qwen3 8B Q8_0 (guessed)").empty());
  CHECK(format("").empty());
}

TEST_CASE("what can't be said of a row of llama-bench is a reason to leave it out") {
  CHECK_THAT(reason(llama_row(R"(, "n_prompt": 512)")), ContainsText("one figure"));
  CHECK_THAT(reason(llama_row(R"(, "n_prompt": 512, "n_gen": 0, "n_depth": 4096)")),
             ContainsText("empty cache"));
  CHECK_THAT(reason(llama_row(R"(, "n_gen": 0)")), ContainsText("nothing"));
  CHECK_THAT(reason(llama_row(R"(, "backends": "RPC")")), ContainsText("RPC"));
  CHECK_THAT(reason(llama_row(R"(, "backends": "OpenCL")")), ContainsText("OpenCL"));
  CHECK_THAT(reason(llama_row(R"(, "no_kv_offload": true)")), ContainsText("-nkvo"));
  CHECK_THAT(reason(llama_row(R"(, "embeddings": true)")), ContainsText("embeddings"));
  CHECK_THAT(reason(llama_row(R"(, "tensor_buft_overrides": "exps=CPU")")), ContainsText("-ot"));
  CHECK(reason(llama_row("")).empty());
}

TEST_CASE("figures that are none are errors that name the place and the field") {
  const auto refused = [](const std::string& text, const std::string& words) {
    CHECK_THROWS_WITH(read_bench(text, "b.json"), ContainsText(words));
  };
  refused(llama_row(R"(, "avg_ts": -3)"), "b.json:1: avg_ts: '-3'");
  refused(llama_row(R"(, "avg_ts": "fast")"), "avg_ts: 'fast' is not a speed");
  refused(llama_row(R"(, "avg_ts": 1e300)"), "avg_ts");
  refused(llama_row(R"(, "n_gen": 1.5)"), "n_gen: '1.5' is not a whole number");
  refused(llama_row(R"(, "n_depth": 99999999999)"), "n_depth");
  refused(llama_row(R"(, "n_ubatch": 0)"), "n_ubatch");
  refused("[" + llama_row("") + ",", "b.json: not valid JSON");
  refused(R"({"model": "qwen3-8b"})", "no result of llama-bench");
  refused("[1, 2]", "b.json: row 1: no result");
  refused("", "empty");
  refused("hello", "not the output of a benchmark");
  refused("[]", "no result in it");
  refused(std::string(100000, '['), "nested too deeply");
  refused("{\"a\":" + std::string(100000, '{'), "b.json");
  refused("n_prompt,avg_ts\n1,2,3\n", "row 1: 3 fields below 2 names");
  refused("n_prompt,avg_ts\n\"1,2\n", "a quote is not closed");
  refused("| model | test | t/s |\n| qwen3 8B | tg128 |\n", "b.json:2: 2 columns below a header of 3");
  refused("| model | test | t/s |\n| qwen3 8B | tg128 | nan |\n", "avg_ts: 'nan'");
}

TEST_CASE("CSV has quoted commas, doubled quotes and line ends of Windows") {
  const Bench bench = read_bench(
      "backends,model_filename,model_type,n_prompt,n_gen,n_depth,avg_ts\r\n"
      "\"CUDA\",\"/m/a, \"\"b\"\".gguf\",\"qwen3 8B Q6_K\",\"0\",\"128\",\"0\",\"41.5\"\r\n",
      "x");
  REQUIRE(bench.rows.size() == 1);
  CHECK(bench.rows[0].model_path == "/m/a, \"b\".gguf");
  CHECK(bench.rows[0].tok_s == 41.5);
}

TEST_CASE("llama-bench's SQL says what its JSON says, and flags of older builds what ran") {
  // Shape: README.md of llama.cpp's tools/llama-bench, its build 1275 with flags instead of "backends".
  const std::string text =
      "CREATE TABLE IF NOT EXISTS test (\n  build_commit TEXT,\n  avg_ts REAL\n);\n\n"
      "INSERT INTO test (build_number, cuda, metal, gpu_blas, blas, gpu_info, model_filename, model_type, "
      "model_size, model_n_params, n_batch, n_gpu_layers, tensor_split, n_prompt, n_gen, test_time, avg_ts) "
      "VALUES "
      "('1275', '1', '0', '1', '1', 'NVIDIA GeForce RTX 3090 Ti', 'models/it''s.gguf', 'qwen2 7B mostly "
      "Q4_0', "
      "'4431390720', '7615616512', '512', '99', '0.00', '0', '128', '2024-02-23T12:10:30Z', '132.050000');\n";
  const Bench bench = read_bench(text, "x");
  REQUIRE(bench.rows.size() == 1);
  CHECK(bench.rows[0].tok_s == 132.05);
  CHECK_FALSE(bench.rows[0].scenario.backend);  // as the card has it
  CHECK(bench.rows[0].scenario.format == "Q4_0");
  CHECK(bench.rows[0].gpus == std::vector<std::string>{"NVIDIA GeForce RTX 3090 Ti"});
  CHECK(bench.rows[0].date == "2024-02-23");
  const auto backend = [](const std::string& flags) {
    return read_bench(R"({"n_prompt": 0, "n_gen": 8, "avg_ts": 5, )" + flags + "}", "x")
        .rows.at(0)
        .scenario.backend.value_or("");
  };
  CHECK(backend(R"("cuda": false, "gpu_blas": false, "blas": true)") == "cpu");
  CHECK(backend(R"("metal": true, "gpu_blas": true)") == "metal");
  for (const char* broken :
       {"INSERT INTO test", "INSERT INTO test (avg_ts) VALUES", "INSERT INTO t) VALUES (",
        "INSERT INTO test (avg_ts, n_gen) VALUES ('x', '1');", "CREATE TABLE t (a);"})
    CHECK_THROWS_AS(read_bench(broken, "x"), Error);
  CHECK(read_bench(
            "| model | size | params | backend | threads | test | t/s |\n| --- | --- | --- | --- | --- | --- "
            "| --- |\n| qwen2 7B mostly Q4_0 | 4.13 GiB | 7.62 B | CUDA | 8 | tg 128 | 61.2 ± 0.1 |\n",
            "x")
            .rows.at(0)
            .scenario.output_tokens == 128);
}

TEST_CASE("vLLM's result: time per token at the client's concurrency") {
  const Bench bench = read_bench(vllm(""), "x");
  REQUIRE(bench.rows.size() == 1);
  const BenchRow& row = bench.rows[0];
  CHECK(row.scenario.model == "Qwen/Qwen3-32B");
  CHECK(row.scenario.engine == "vllm");
  CHECK(row.scenario.concurrency == 8);
  CHECK(row.scenario.prompt_tokens == 1024);
  CHECK(row.scenario.output_tokens == 128);
  CHECK(row.tok_s == Approx(50));
  CHECK(row.date == "2026-11-27");
  CHECK_FALSE(row.prefill);
  REQUIRE(bench.left_out.size() == 1);
  CHECK_THAT(bench.left_out[0].why, ContainsText("other requests"));
  // Alone, the first token tells the prompt's speed.
  const Bench alone = read_bench(vllm(R"(, "max_concurrency": 1)"), "x");
  REQUIRE(alone.rows.size() == 2);
  CHECK(alone.rows[1].prefill);
  CHECK(alone.rows[1].tok_s == Approx(1024 / 0.25));
  // Appended results stand on a line each.
  CHECK(read_bench(vllm("") + "\n" + vllm(R"(, "max_concurrency": 16)"), "x").rows.size() == 2);
  // At a rate of requests, as many are under way as arrive while one stays.
  const Bench rate = read_bench(vllm(R"(, "max_concurrency": null, "request_rate": 0.64)"), "x");
  CHECK(rate.rows[0].scenario.concurrency == 2);  // 64 x (0.25 s + 127 x 0.021 s) / 100 s = 1.87
}

TEST_CASE("runs of servers that say nothing of a steady state are left out") {
  CHECK_THAT(reason(vllm(R"(, "max_concurrency": null)")), ContainsText("--max-concurrency"));
  CHECK_THAT(reason(vllm(R"(, "failed": 30)")), ContainsText("30 of 94 requests failed"));
  CHECK_THAT(reason(vllm(R"(, "completed": 0)")), ContainsText("no request was completed"));
  CHECK_THAT(reason(vllm(R"(, "spec_decode_acceptance_length": 2.5)")), ContainsText("speculative"));
  CHECK_THAT(reason(vllm(R"(, "median_tpot_ms": 0, "mean_tpot_ms": NaN)")),
             ContainsText("no time per output token"));
  CHECK_THAT(reason(vllm(R"(, "total_output_tokens": 0)")), ContainsText("no tokens"));
  CHECK_THROWS_WITH(read_bench(vllm(R"(, "completed": -1)"), "x"), ContainsText("x:1: completed: -1"));
  CHECK_THROWS_WITH(read_bench(vllm(R"(, "completed": "all")"), "x"), ContainsText("completed"));
}

TEST_CASE("SGLang's result: Python's Infinity, and the server's own settings where it tells them") {
  const std::string old =
      R"({"backend": "sglang", "dataset_name": "random", "request_rate": Infinity, "max_concurrency": 4,)"
      R"( "duration": 50.0, "completed": 32, "total_input_tokens": 32768, "total_output_tokens": 8192,)"
      R"( "mean_ttft_ms": 100.0, "median_ttft_ms": 90.0, "mean_tpot_ms": 11.0, "median_tpot_ms": 10.0,)"
      R"( "concurrency": 3.9, "accept_length": null)";
  const Bench bench = read_bench(old + "}\n", "x");
  REQUIRE(bench.rows.size() == 1);
  CHECK(bench.tool == "sglang.bench_serving");
  CHECK(bench.rows[0].scenario.engine == "sglang");
  CHECK(bench.rows[0].scenario.model.empty());
  CHECK(bench.rows[0].scenario.concurrency == 4);
  CHECK(bench.rows[0].tok_s == Approx(100));
  const Bench told = read_bench(
      old +
          R"(, "server_info": {"model_path": "Qwen/Qwen3-8B", "tp_size": 2, "kv_cache_dtype": "fp8_e4m3"}})",
      "x");
  CHECK(told.rows[0].scenario.model == "Qwen/Qwen3-8B");
  CHECK(told.rows[0].scenario.tensor_parallel == 2);
  CHECK(told.rows[0].scenario.device_count == 2);
  CHECK(told.rows[0].scenario.kv_type == "fp8");
  CHECK_THAT(reason(old + R"(, "server_info": {"dp_size": 2}})"), ContainsText("several copies"));
  CHECK_THAT(reason(old + R"(, "accept_length": 2.9})"), ContainsText("speculative"));
  CHECK_THAT(reason(old + R"(, "backend": "gserver"})"), ContainsText("gserver"));
  CHECK(read_bench(old + R"(, "backend": "vllm-chat"})", "x").rows[0].scenario.engine == "vllm");
  // Words inside of texts stay.
  CHECK(read_bench(vllm(R"(, "model_id": "Infinity-NaN")"), "x").rows[0].scenario.model == "Infinity-NaN");
}

// vLLM at 0049e29c41 benchmarks/benchmark_serving.py: no endpoint_type, label or failed.
TEST_CASE("vLLM's old script writes the server's name and no endpoint type") {
  const std::string old =
      R"({"date": "20250520-091500", "backend": "vllm", "model_id": "Qwen/Qwen3-8B", "tokenizer_id": "Qwen/Qwen3-8B",)"
      R"( "num_prompts": 64, "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 8, "duration": 12.0,)"
      R"( "completed": 64, "total_input_tokens": 65536, "total_output_tokens": 8192, "request_throughput": 5.3,)"
      R"( "request_goodput:": null, "output_throughput": 682.6, "total_token_throughput": 6144.0,)"
      R"( "input_lens": [1024, 1024], "ttfts": [0.06, 0.06], "itls": [[0.01], [0.01]], "generated_texts": ["a", "b"],)"
      R"( "errors": ["", ""], "mean_ttft_ms": 61.0, "median_ttft_ms": 60.0, "mean_tpot_ms": 8.1, "median_tpot_ms": 8.0)";
  const Bench bench = read_bench(old + "}", "x");
  REQUIRE(bench.rows.size() == 1);
  CHECK(bench.tool == "vllm bench serve");
  CHECK(bench.rows[0].scenario.engine == "vllm");
  CHECK(bench.rows[0].scenario.model == "Qwen/Qwen3-8B");
  CHECK(bench.rows[0].scenario.concurrency == 8);
  CHECK(bench.rows[0].tok_s == Approx(125));
  CHECK(bench.rows[0].date == "2025-05-20");
  // The script measures servers of others too.
  const auto engine = [&](const std::string& backend) {
    return read_bench(old + R"(, "backend": ")" + backend + R"("})", "x").rows.at(0).scenario.engine;
  };
  CHECK(engine("sglang") == "sglang");
  CHECK(engine("tensorrt-llm") == "tensorrt-llm");
  CHECK(engine("llama.cpp") == "llama.cpp");
  CHECK(engine("openai-chat") == "vllm");
  CHECK_THAT(reason(old + R"(, "backend": "deepspeed-mii"})"), ContainsText("deepspeed-mii"));
}

TEST_CASE("a rate of requests that rises, or is that of a recording, is no unlimited one") {
  CHECK_THAT(reason(vllm(R"(, "ramp_up_strategy": "linear", "ramp_up_start_rps": 1, "ramp_up_end_rps": 9)")),
             ContainsText("--ramp-up-strategy"));
  const Bench recorded = read_bench(vllm(R"(, "max_concurrency": null, "request_rate": "trace")"), "x");
  REQUIRE(recorded.rows.size() == 1);
  CHECK(recorded.rows[0].scenario.concurrency == 2);  // 64 x (0.25 s + 127 x 0.021 s) / 100 s = 1.87
}

TEST_CASE("SGLang's server tells its ranks, and when it is two") {
  const auto with = [](const std::string& info) {
    return R"({"tag": null, "backend": "sglang-oai", "dataset_name": "random", "request_rate": Infinity,)"
           R"( "max_concurrency": 4, "server_info": )" +
           info +
           R"(, "duration": 50.0, "completed": 32, "total_input_tokens": 32768, "total_output_tokens": 8192,)"
           R"( "mean_ttft_ms": 100.0, "mean_tpot_ms": 11.0, "median_tpot_ms": 10.0, "accept_length": null})";
  };
  const Bench bench = read_bench(
      with(
          R"({"model_path": "Qwen/Qwen3-235B-A22B", "tp_size": 4, "pp_size": 2, "ep_size": 4, "dp_size": 1})"),
      "x");
  REQUIRE(bench.rows.size() == 1);
  const Scenario& s = bench.rows[0].scenario;
  CHECK(s.engine == "sglang");
  CHECK(s.tensor_parallel == 4);
  CHECK(s.pipeline_parallel == 2);
  CHECK(s.expert_parallel == 4);
  CHECK(s.device_count == 8);
  CHECK(read_bench(with("null"), "x").rows.size() == 1);
  CHECK_THAT(reason(with(R"({"prefill": [{"tp_size": 2}], "decode": [{"tp_size": 2}]})")),
             ContainsText("servers of their own"));
  CHECK_THROWS_WITH(read_bench(with(R"({"tp_size": 4096})"), "x"), ContainsText("tp_size"));
}
