// SGLang's shares and pools.
#include "catch.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Estimate estimate(const std::string& keys) {
  static Estimator estimator(catalog::Catalog::builtin());
  return estimator.estimate(parse_scenario(R"({"engine": "sglang", )" + keys + "}"));
}

double fraction(const std::string& keys) {
  return estimate(keys).setup.serving.mem_fraction_static.value();
}

}  // namespace

TEST_CASE("mem_fraction_static by version") {
  const std::string h100 = R"("model": "qwen3-8b", "device": "h100-sxm-80gb", "engine_version": )";
  CHECK(fraction(h100 + R"("0.5.12")") == Approx(0.830).margin(1e-9));
  CHECK(fraction(h100 + R"("0.4.6")") == Approx(0.88).margin(1e-9));
  CHECK(fraction(h100 + R"("0.5.2")") == Approx(1 - 10240 / 81559.0).margin(6e-4));
  const std::string ada = R"("model": "qwen3-8b", "device": "rtx-4090", "engine_version": )";
  CHECK(fraction(ada + R"("0.5.6")") == Approx(0.847).margin(1e-9));
  CHECK(fraction(R"("model": "qwq-32b", "device": "l4", "tensor_parallel": 4, "engine_version": "0.4.3")") ==
        0.85);
  // Room for an encoder of width 1152: x 0.95 x (1.1 - 0.1 x (1152 / 1024)^2); prefill graphs are off with
  // it.
  const double text = 1 - (512 + 1.5 * 8192 + 512 + 128) / 81559.0;
  CHECK(fraction(R"("model": "qwen3.5-9b", "device": "h100-sxm-80gb", "engine_version": "0.5.12")") ==
        Approx(text * 0.95 * (1.1 - 0.1 * 1.265625)).margin(6e-4));
}

TEST_CASE("the pool is what the share leaves of the free memory") {
  const Estimate e = estimate(
      R"("model": "qwen3-8b", "device": "h100-sxm-80gb", "mem_fraction_static": 0.8, "engine_version": "0.5.18")");
  const engine::DeviceMemory& d = e.memory.devices.front();
  const double before = static_cast<double>(d.capacity - d.runtime);
  const double rest = before * 0.8 - static_cast<double>(d.weights);
  CHECK(e.memory.pool->kv_tokens == Approx(rest / 147456).epsilon(1e-5));
  CHECK(d.kv_cache == (e.memory.pool->kv_tokens + 1) * 147456);
}

TEST_CASE("hybrids split the rest between state and KV cache") {
  const Estimate e = estimate(
      R"("model": "qwen3.5-4b", "device": "h200-sxm-141gb", "mem_fraction_static": 0.75, "engine_version": "0.5.9")");
  const engine::DeviceMemory& d = e.memory.devices.front();
  const double before = static_cast<double>(d.capacity - d.runtime);
  const double rest = before * 0.75 - static_cast<double>(d.weights);
  CHECK(static_cast<double>(d.kv_cache) == Approx(rest / 1.9).epsilon(0.002));
  // 24 layers x (3 x 8192 x 2 + 32 x 128 x 128 x 4) B a slot.
  const Bytes slot = Bytes{24} * (3 * 8192 * 2 + 32 * 128 * 128 * 4);
  CHECK(d.recurrent_state % slot == 0);
  CHECK(e.memory.pool->max_sequences == (d.recurrent_state / slot - 1) / 3);
}

TEST_CASE("speculation takes copies of the state and a KV layer") {
  const Estimate e = estimate(
      R"("model": "qwen3.8-27b", "device": "h200-sxm-141gb", "engine_version": "0.5.18", "max_running_requests": 4,
         "max_mamba_cache_size": 40, "speculative": {"method": "mtp", "tokens": 2})");
  // 41 slots, and (4 + 1) requests x 3 draft tokens: a log of a 27B prints 2.11 GiB for the SSM part of
  // these.
  const Bytes ssm = Bytes{48} * 48 * 128 * 128 * 4;
  CHECK(units::to_gib(15 * ssm) == Approx(2.11).margin(0.005));
  const Bytes slot = ssm + Bytes{48} * 3 * 10240 * 2;
  CHECK(e.memory.devices.front().recurrent_state == (41 + 15) * slot);
  CHECK(e.memory.devices.front().kv_cache == (e.memory.pool->kv_tokens + 1) * 17 * 4096);
}

TEST_CASE("what does not fit") {
  const Estimate weights = estimate(R"("model": "qwen3-32b", "device": "rtx-4090")");
  REQUIRE(weights.memory.refusal);
  CHECK(weights.memory.refusal->find("out of memory while loading") != std::string::npos);
  const Estimate share = estimate(R"("model": "qwen3-8b", "device": "rtx-4090", "mem_fraction_static": 0.5)");
  REQUIRE(share.memory.refusal);
  CHECK(share.memory.refusal->find("mem_fraction_static 0.500") != std::string::npos);
  const Estimate full =
      estimate(R"("model": "qwen3-8b", "device": "rtx-4090", "context": 40960, "concurrency": 4)");
  CHECK_FALSE(full.memory.refusal);
  CHECK_FALSE(full.fit.fits);
}
