// The textbook formula, figure by figure; the page's whole table is in tests/golden/quick.txt.
#include "estimate/quick.hpp"

#include "catch.hpp"

using namespace qwenfit;

namespace {

Scenario textbook(const std::string& model) {
  Scenario s;
  s.model = model;
  s.format = "q4_k_m";
  s.method = Method::quick;
  return s;
}

}  // namespace

TEST_CASE("the parts of the formula stand unrounded, memory at two decimals of a GB") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s = textbook("qwen2.5-0.5b");
  const Estimate e = estimator.estimate(s);
  REQUIRE(e.memory.devices.size() == 1);
  CHECK(e.memory.devices[0].weights == 296'419'661);  // 494,032,768 x 4.8 / 8
  CHECK(e.memory.devices[0].kv_cache == 2048 * 24 * 2 * 2 * 64 * 2);
  CHECK(e.memory.devices[0].runtime == 300'000'000);
  CHECK(e.memory.total() == 621'585'485);
  CHECK(quick::memory(e.setup) == 620'000'000);
  CHECK(e.fit.verdict == Verdict::unknown);
  CHECK_FALSE(e.speed);

  s.context = 32768;
  CHECK(quick::memory(estimator.resolve(s)) == 1'000'000'000);
}

TEST_CASE("speed is bandwidth over memory times the vendor's efficiency, and nothing else") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s = textbook("qwen2.5-0.5b");
  s.devices = {{"rtx-4090", 1}};
  const Estimate one = estimator.estimate(s);
  REQUIRE(one.speed);
  CHECK(one.speed->decode_tok_s.value == Approx(1008 / 0.62 * 0.65));
  CHECK(one.speed->decode_tok_s.low == Approx(0.8 * one.speed->decode_tok_s.value));
  CHECK(one.speed->decode_tok_s.high == Approx(1.2 * one.speed->decode_tok_s.value));
  CHECK(one.speed->prefill_tok_s.value == 0);  // the formula has none

  s.devices = {{"rtx-4090", 3}};  // they take turns, each on its third
  const Estimate three = estimator.estimate(s);
  REQUIRE(three.memory.devices.size() == 3);
  CHECK(three.memory.total() == one.memory.total());
  CHECK(three.speed->decode_tok_s.value == Approx(one.speed->decode_tok_s.value));
}

TEST_CASE("only layers with a KV cache count, and the asked cache type") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s = textbook("qwen3-next-80b-a3b-instruct");
  const Estimate hybrid = estimator.estimate(s);
  CHECK(hybrid.kv.layers * 4 == hybrid.model.layers);
  s = textbook("qwen3-8b");
  const Estimate full = estimator.estimate(s);
  s.kv_type = "q8_0";
  CHECK(estimator.estimate(s).kv.bytes_per_token * 32 == full.kv.bytes_per_token * 17);
}
