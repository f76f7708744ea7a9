// vLLM's KV pool against the figures its logs print, given the KV memory that they print.
#include <algorithm>

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Estimate estimate(const std::string& keys) {
  static Estimator estimator(catalog::Catalog::builtin());
  return estimator.estimate(parse_scenario(R"({"engine": "vllm", )" + keys + "}"));
}

std::string kv_memory(double gib) {
  return R"("kv_cache_memory_bytes": )" + std::to_string(units::gib(gib)) + ", ";
}

const std::string kFp8TP2 =
    R"("model": "qwen3.6-27b", "format": "fp8", "kv_type": "fp8", "tensor_parallel": 2, "device": "rtx-3090",
       "max_num_seqs": 3, "enable_prefix_caching": true, )";

int block(const std::string& keys) {
  return estimate(keys).setup.serving.block_size.value();
}

}  // namespace

TEST_CASE("hybrid block sizes, as the log sets them") {
  CHECK(block(R"("model": "qwen3.5-9b")") == 528);
  CHECK(block(R"("model": "qwen3.5-9b", "kv_type": "fp8")") == 1056);
  CHECK(block(R"("model": "qwen3.5-27b")") == 784);
  CHECK(block(R"("model": "qwen3.6-27b", "kv_type": "fp8")") == 1568);
  CHECK(block(R"("model": "qwen3.6-27b", "kv_type": "fp8", "tensor_parallel": 2)") == 1568);
  CHECK(block(R"("model": "qwen3.6-27b", "kv_type": "fp8", "speculative": {"method": "mtp", "tokens": 2})") ==
        1600);
  CHECK(block(R"("model": "qwen3.6-27b", "kv_type": "fp8", "speculative": {"method": "mtp", "tokens": 3})") ==
        1600);
  CHECK(block(R"("model": "qwen3.6-27b", "kv_type": "fp8", "speculative": {"method": "mtp", "tokens": 4})") ==
        1616);
  CHECK(block(R"("model": "qwen3.6-35b-a3b", "kv_type": "fp8")") == 2096);
  CHECK(block(R"("model": "qwen3.8-flash-next", "speculative": {"method": "mtp", "tokens": 2})") == 1600);
  CHECK(block(R"("model": "qwen3.8-flash-next", "tensor_parallel": 4)") == 784);
  CHECK(block(R"("model": "qwen3.5-397b-a17b", "kv_type": "fp8", "mamba_ssm_dtype": "float16")") == 2128);
  CHECK(block(R"("model": "qwen3-8b")") == 16);
}

TEST_CASE("hybrid tokens and concurrency, printed as concurrency x context") {
  // The same 208 blocks print different tokens at different max_model_len.
  Estimate e = estimate(kFp8TP2 + kv_memory(4.99) + R"("context": 131072)");
  REQUIRE(e.memory.pool);
  CHECK(e.memory.pool->blocks == 208);
  CHECK(e.memory.pool->kv_tokens == 302921);
  CHECK(e.memory.pool->max_concurrency == Approx(2.31).margin(0.005));
  e = estimate(kFp8TP2 + kv_memory(4.99) + R"("context": 262144)");
  CHECK(e.memory.pool->kv_tokens == 313367);
  CHECK(e.memory.pool->max_concurrency == Approx(1.20).margin(0.005));
  // One card, 180,000 tokens.
  e = estimate(R"("model": "qwen3.8-27b", "format": "gptq-int4", "kv_type": "fp8", "device": "rtx-3090",
                  "language_model_only": true, "max_num_seqs": 3, "engine_version": "0.27.1", "context": 180000, )" +
               kv_memory(6.5) + R"("enforce_eager": false)");
  CHECK(e.memory.pool->kv_tokens == 200826);
  // MTP: 17 layers a block, three groups of state with three drafts, prefix caching off by default at 0.25.
  e = estimate(R"("model": "qwen3.6-27b", "format": "nvfp4", "kv_type": "fp8", "device": "rtx-5090",
                  "tensor_parallel": 2, "engine_version": "0.25.1", "context": 262144, "max_num_seqs": 8,
                  "speculative": {"method": "mtp", "tokens": 3}, )" +
               kv_memory(14.68) + R"("enforce_eager": false)");
  CHECK(e.memory.pool->kv_tokens == 841541);
  CHECK(e.memory.pool->max_concurrency == Approx(3.21).margin(0.005));
}

TEST_CASE("hybrid tokens before spring 2026 are a share of the blocks") {
  const Estimate e =
      estimate(R"("model": "qwen3.6-35b-a3b", "format": "nvfp4", "kv_type": "fp8", "device": "rtx-5090",
                  "engine_version": "2026-04-27", "context": 65536, "max_num_seqs": 1, )" +
               kv_memory(2.95) + R"("enforce_eager": false)");
  CHECK(e.memory.pool->blocks == 147);
  CHECK(e.memory.pool->kv_tokens == 75456);
}

TEST_CASE("dense pools: blocks x 16, blocks on the host for the old engine") {
  Estimate e =
      estimate(R"("model": "Qwen/Qwen2.5-1.5B-Instruct", "device": "tesla-t4", "engine_version": "0.7.3",
                           "gpu_memory_utilization": 0.5)");
  REQUIRE(e.memory.pool);
  CHECK(e.memory.host.kv_cache / (16 * 28 * 1024) == 9362);
  CHECK(e.memory.pool->max_concurrency == Approx(static_cast<double>(e.memory.pool->kv_tokens) / 32768));
  CHECK(e.setup.context == 32768);
  CHECK(e.setup.serving.max_num_batched_tokens.value() == 32768);  // no chunked prefill up to 32,768
  e = estimate(R"("model": "qwen3-8b", "device": "a100-sxm-40gb", "engine_version": "0.19.1", )" +
               kv_memory(19.36) + R"("context": 40960)");
  CHECK(e.memory.pool->kv_tokens == Approx(140960).margin(60));
  CHECK(e.memory.pool->max_concurrency == Approx(3.44).margin(0.005));
}

TEST_CASE("refusals say what vLLM says") {
  // 36 layers x 2 heads x 128 x 2 x 2 B x 32,000 = 1.0986 GiB.
  Estimate e = estimate(R"("model": "qwen2.5-3b", "device": "rtx-3070", "context": 32000, )" +
                        kv_memory(0.59) + R"("max_num_seqs": 8)");
  REQUIRE(e.memory.refusal);
  CHECK_FALSE(e.fit.fits);
  CHECK(e.memory.refusal->find("max seq len (32,000), 1.10 GiB") != std::string::npos);
  CHECK(e.fit.max_context.value() == units::gib(0.59) / (16 * 36864) * 16);
  CHECK(e.memory.refusal->find("maximum model length is 17,") != std::string::npos);

  e = estimate(
      R"("model": "qwen3-32b", "device": "h100-sxm-80gb", "engine_version": "0.11.0", "context": 32000)");
  REQUIRE(e.memory.refusal);
  CHECK(e.fit.reason.find("vLLM would not start") == 0);

  e = estimate(R"("model": "qwen3.6-27b", "format": "fp8", "device": "rtx-3090", "tensor_parallel": 2,
                  "context": 8192)");
  REQUIRE(e.memory.refusal);
  CHECK(e.memory.refusal->find("exceeds available Mamba cache blocks") != std::string::npos);
  e = estimate(R"("model": "qwen3.6-27b", "format": "fp8", "device": "rtx-3090", "tensor_parallel": 2,
                  "context": 8192, "max_num_seqs": 16)");
  CHECK(e.fit.fits);

  CHECK_THROWS_AS(estimate(R"("model": "qwen3-8b", "tensor_parallel": 3)"), Error);
  // 1536 columns over 8 ranks are no whole FP8 blocks; whole experts are.
  const std::string fp8 = R"("model": "qwen3-235b-a22b", "format": "fp8", "tensor_parallel": 8)";
  CHECK_THROWS_WITH(estimate(fp8), ContainsText("192 columns"));
  CHECK_NOTHROW(estimate(fp8 + R"(, "expert_parallel": 8)"));
  CHECK_THROWS_AS(estimate(R"("model": "qwen3-8b", "tensor_parallel": 4, "device": "h100-sxm-80gb",
                              "device_count": 2)"),
                  Error);
}

TEST_CASE("defaults by version and card") {
  const auto serving = [](const std::string& keys) { return estimate(keys).setup.serving; };
  CHECK(serving(R"("model": "qwen3-8b", "engine_version": "0.19.1")").gpu_memory_utilization.value() == 0.90);
  CHECK(serving(R"("model": "qwen3-8b", "engine_version": "0.21.0")").gpu_memory_utilization.value() == 0.92);
  const auto h100 = serving(R"("model": "qwen3-8b", "device": "h100-sxm-80gb", "engine_version": "0.11.0")");
  CHECK(h100.max_num_batched_tokens.value() == 8192);
  CHECK(h100.max_num_seqs.value() == 1024);
  const auto a100 = serving(R"("model": "qwen3-8b", "device": "a100-sxm-80gb", "engine_version": "0.11.0")");
  CHECK(a100.max_num_batched_tokens.value() == 2048);
  CHECK(a100.max_num_seqs.value() == 256);
  CHECK(serving(R"("model": "qwen3-8b", "device": "a100-sxm-80gb", "engine_version": "0.8.5")")
            .max_num_batched_tokens.value() == 8192);
  CHECK(serving(R"("model": "qwen3-8b", "device": "b200-sxm-180gb", "engine_version": "0.28.0")")
            .max_num_batched_tokens.value() == 16384);
  // Chunked above 32,768: the base checkpoint promises more, the instruct one, which the bare name means,
  // not.
  CHECK(serving(R"("model": "Qwen/Qwen2.5-7B", "device": "v100-pcie-32gb", "engine_version": "0.8.5")")
            .max_num_batched_tokens.value() == 2048);
  CHECK(serving(R"("model": "qwen2.5-7b", "device": "v100-pcie-32gb", "engine_version": "0.8.5")")
            .max_num_batched_tokens.value() == 32768);
  CHECK(serving(R"("model": "qwen3.6-27b", "engine_version": "0.25.1")").prefix_caching.value() == false);
  CHECK(serving(R"("model": "qwen3.6-27b", "engine_version": "0.27.0")").mamba_cache_mode.value() == "align");
  // Several cards and no parallelism asked: all that the heads allow.
  CHECK(estimate(R"("model": "qwen3-8b", "device": "rtx-4090", "device_count": 4)").setup.tensor_parallel ==
        4);
}

TEST_CASE("pipeline stages with one kind of layer only") {
  for (const char* engine : {"vllm", "sglang"}) {
    static Estimator estimator(catalog::Catalog::builtin());
    const Estimate e = estimator.estimate(parse_scenario(
        std::string(
            R"({"model": "qwen3.6-27b", "pipeline_parallel": 64, "device": "h100-sxm-80gb", "context": 8192,
                        "max_num_seqs": 8, "engine": ")") +
        engine + "\"}"));
    INFO(engine);
    REQUIRE(e.memory.pool);
    CHECK(e.memory.devices.size() == 64);
    CHECK(e.memory.pool->kv_tokens > 1'000'000);
    CHECK(e.fit.fits);
  }
}

TEST_CASE("without a context the sequences hold the work's tokens") {
  const Estimate e = estimate(R"("model": "qwen3-8b", "device": "rtx-4090", "concurrency": 32)");
  CHECK(e.setup.context == 40960);
  CHECK(e.fit.fits);
  const Estimate full =
      estimate(R"("model": "qwen3-8b", "device": "rtx-4090", "concurrency": 32, "context": 32768)");
  CHECK_FALSE(full.fit.fits);
  CHECK_FALSE(full.memory.refusal);
  CHECK(full.fit.max_concurrency.value() == 1);
}

TEST_CASE("CUDA graphs outside the budget take no more than is free beside it") {
  const std::string t4 =
      R"("model": "qwen3-8b", "format": "fp8", "device": "tesla-t4", "device_count": 2, "tensor_parallel": 2,
         "engine_version": "0.28.0", "context": 512, "max_num_seqs": 16, "gpu_memory_utilization": )";
  const auto warned = [](const Estimate& e) {
    return std::any_of(e.notes.begin(), e.notes.end(), [](const std::string& note) {
      return note.find("while it captures them") != std::string::npos;
    });
  };
  const Estimate full = estimate(t4 + "0.92");
  CHECK(warned(full));
  CHECK(full.memory.devices[0].headroom() >= 0);
  const Estimate roomy = estimate(t4 + "0.8");
  CHECK_FALSE(warned(roomy));
  CHECK(roomy.memory.devices[0].graphs > full.memory.devices[0].graphs);
}
