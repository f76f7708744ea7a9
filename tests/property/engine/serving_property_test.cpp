// What must hold for every model, card and setting of the engines that fill a pool.

#include "catch.hpp"
#include "draw.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

class Draw : tests::Draws {
 public:
  Draw() : Draws(20261120) {}

  Scenario scenario() {
    Scenario s;
    s.model = pick({"qwen2.5-0.5b", "qwen2.5-7b", "qwen3-8b", "qwen3-32b", "qwen3-30b-a3b", "qwen3-235b-a22b",
                    "qwen2.5-vl-7b", "qwen3-vl-8b-instruct", "qwen3-next-80b-a3b-instruct", "qwen3.5-9b",
                    "qwen3.6-27b", "qwen3.6-35b-a3b", "qwen3.8-flash-next", "qwen3-embedding-4b"});
    s.engine = pick({"vllm", "sglang"});
    s.format = pick({"bf16", "fp8", "awq-int4"});
    s.devices = {{pick({"rtx-3090", "rtx-5090", "l4", "a100-sxm-40gb", "h100-sxm-80gb", "h200-sxm-141gb",
                        "b200-sxm-180gb", "mi300x-192gb", "tesla-t4"}),
                  1}};
    s.engine_version = tests::version_for(
        s.model, *s.engine,
        *s.engine == "vllm" ? pick({"0.6.3", "0.8.5", "0.11.0", "0.19.1", "0.24.0", "0.28.0"})
                            : pick({"0.3.0", "0.4.6", "0.5.2", "0.5.6", "0.5.12", "0.5.18"}));
    s.context = 1 << number(9, 17);
    s.max_num_seqs = number(1, 64);
    if (coin()) s.kv_type = "fp8";
    if (coin()) s.tensor_parallel = 2;
    if (s.model == "qwen3.8-flash-next") s.format = "bf16";  // its experts are no whole blocks over two ranks
    if (s.model.starts_with("qwen3.") && coin()) s.speculative = engine::Speculative{"mtp", 2, {}, ""};
    return s;
  }
};

constexpr int kDraws = 400;

}  // namespace

TEST_CASE("a larger share of the card never holds fewer tokens") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  for (int i = 0; i < kDraws; ++i) {
    Scenario s = draw.scenario();
    INFO(s.model << " " << *s.engine << " " << *s.engine_version << " on " << s.devices[0].name);
    std::int64_t before = 0;
    for (const double share : {0.5, 0.7, 0.8, 0.9, 0.95}) {
      (*s.engine == "vllm" ? s.gpu_memory_utilization : s.mem_fraction_static) = share;
      const Estimate e = estimator.estimate(s);
      REQUIRE(e.memory.pool);
      CHECK(e.memory.pool->kv_tokens >= before);
      before = e.memory.pool->kv_tokens;
    }
  }
}

TEST_CASE("a longer context never raises the concurrency") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  for (int i = 0; i < kDraws; ++i) {
    Scenario s = draw.scenario();
    s.max_num_batched_tokens = 2048;
    INFO(s.model << " " << *s.engine << " " << *s.engine_version << " on " << s.devices[0].name);
    double before = 1e18;
    for (const std::int64_t context : {1024, 4096, 16384, 65536}) {
      s.context = context;
      const Estimate e = estimator.estimate(s);
      CHECK(e.memory.pool->max_concurrency <= before);
      before = e.memory.pool->max_concurrency;
    }
  }
}

TEST_CASE("more ranks never hold more weights each") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  for (int i = 0; i < kDraws; ++i) {
    Scenario s = draw.scenario();
    INFO(s.model << " " << *s.engine << " " << *s.engine_version);
    Bytes before = 0;
    for (const int tp : {1, 2, 4}) {
      s.tensor_parallel = tp;
      Bytes weights = 0;
      try {
        weights = estimator.estimate(s).memory.devices.front().weights;
      } catch (const Error&) {
        break;  // the heads do not divide
      }
      if (before > 0) CHECK(weights <= before);
      CHECK(weights > 0);
      before = weights;
    }
  }
}

TEST_CASE("the answers agree with each other") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  int started = 0;
  for (int i = 0; i < kDraws; ++i) {
    Scenario s = draw.scenario();
    const Estimate e = estimator.estimate(s);
    INFO(s.model << " " << *s.engine << " " << *s.engine_version << " on " << s.devices[0].name);
    for (const engine::DeviceMemory& d : e.memory.devices) {
      CHECK(d.weights > 0);
      CHECK(d.kv_cache >= 0);
      CHECK(d.recurrent_state >= 0);
      CHECK(d.compute > 0);
      CHECK(d.usable <= d.capacity);
    }
    CHECK(e.fit.fits == (e.fit.max_concurrency.value_or(0) >= 1));
    if (e.memory.refusal) {
      CHECK_FALSE(e.fit.fits);
      CHECK(e.fit.reason.find(*e.memory.refusal) != std::string::npos);
      continue;
    }
    ++started;
    if (*s.engine == "vllm") {
      // What it takes is what it was given.
      for (const engine::DeviceMemory& d : e.memory.devices) CHECK(d.headroom() >= 0);
    }
    // The longest context really fits, as far as the batch does not depend on it.
    if (e.fit.max_context && e.setup.serving.max_num_batched_tokens && *e.fit.max_context > *s.context) {
      s.max_num_batched_tokens = *e.setup.serving.max_num_batched_tokens;
      s.context = *e.fit.max_context;
      CHECK(estimator.estimate(s).fit.fits);
    }
  }
  CHECK(started > kDraws / 4);
}
