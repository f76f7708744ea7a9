// TensorRT-LLM's pool.
#include "catch.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Estimate estimate(const std::string& keys) {
  static Estimator estimator(catalog::Catalog::builtin());
  return estimator.estimate(parse_scenario(R"({"engine": "tensorrt-llm", )" + keys + "}"));
}

}  // namespace

TEST_CASE("the pool is a share of what weights, activations and context leave") {
  const Estimate e =
      estimate(R"("model": "qwen3-8b", "format": "bf16", "device": "h100-sxm-80gb", "context": 4096)");
  const engine::DeviceMemory& d = e.memory.devices.front();
  REQUIRE(e.memory.pool);
  const auto left = static_cast<double>(d.capacity - d.weights - d.compute - d.runtime);
  CHECK(static_cast<double>(e.memory.pool->kv_bytes) == Approx(0.9 * left).epsilon(1e-9));
  CHECK(e.memory.pool->block_tokens == 32);
  CHECK(e.memory.pool->kv_tokens == e.memory.pool->kv_bytes / (Bytes{147456} * 32) * 32);
  CHECK(d.headroom() >= 0);
  const Estimate half = estimate(
      R"("model": "qwen3-8b", "format": "bf16", "device": "h100-sxm-80gb", "context": 4096, "gpu_memory_utilization": 0.45)");
  CHECK(static_cast<double>(half.memory.pool->kv_bytes) == Approx(0.45 * left).epsilon(1e-9));
}

TEST_CASE("a context beyond the pool names the largest that fits") {
  const Estimate e =
      estimate(R"("model": "qwen3-32b", "format": "bf16", "device": "h100-sxm-80gb", "context": 131072)");
  CHECK_FALSE(e.fit.fits);
  REQUIRE(e.memory.refusal);
  CHECK(e.memory.refusal->find(units::format_grouped(e.memory.pool->context(1))) != std::string::npos);
}

TEST_CASE("no memory for a pool at all is refused") {
  const Estimate e = estimate(R"("model": "qwen3-32b", "format": "bf16", "device": "rtx-4090")");
  CHECK_FALSE(e.fit.fits);
  CHECK(e.memory.pool->kv_tokens == 0);
}

TEST_CASE("FP8 caches hold twice the tokens") {
  const std::string model =
      R"("model": "qwen3-8b", "format": "fp8", "device": "h100-sxm-80gb", "context": 4096)";
  const auto bf16 = static_cast<double>(estimate(model).memory.pool->kv_tokens);
  CHECK(static_cast<double>(estimate(model + R"(, "kv_type": "fp8")").memory.pool->kv_tokens) ==
        Approx(2 * bf16).epsilon(0.001));
}

TEST_CASE("without a card the plan is what the sequences need") {
  const Estimate e = estimate(R"("model": "qwen3-8b", "context": 1000, "concurrency": 2)");
  CHECK_FALSE(e.memory.pool);
  CHECK(e.memory.devices.front().kv_cache == Bytes{147456} * 1024 * 2);
}
