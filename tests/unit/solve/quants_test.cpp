// Weight formats side by side: what is known of their quality, and which one is starred.
#include "qwenfit/quants.hpp"

#include <algorithm>

#include "catch.hpp"

using namespace qwenfit;

namespace {

QuantsAnswer quants(const char* model, const char* engine, const char* device) {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.model = model;
  if (*engine) scenario.engine = engine;
  if (*device) scenario.devices = {{device, 1}};
  return compare_quants(estimator, scenario);
}

const Quant& of(const QuantsAnswer& answer, const char* format) {
  const auto it = std::find_if(answer.quants.begin(), answer.quants.end(),
                               [&](const Quant& q) { return q.format->id == format; });
  REQUIRE(it != answer.quants.end());
  return *it;
}

std::string starred(const QuantsAnswer& answer) {
  return answer.recommended ? std::string(answer.quants[*answer.recommended].format->id) : "none";
}

}  // namespace

TEST_CASE("the official tables of a model: scores of its formats") {
  const QuantsAnswer answer = quants("qwen2-72b", "vllm", "");
  const QuantQuality& int4 = of(answer, "gptq-int4").quality;
  CHECK(int4.official);
  CHECK(int4.benchmarks == "MMLU 80.8 of 82.3, C-Eval 83.9 of 83.8, IFEval-strict-prompt 78.9 of 77.6");
  REQUIRE(int4.accuracy_kept);
  CHECK(*int4.accuracy_kept == Approx((80.8 / 82.3 + 83.9 / 83.8 + 78.9 / 77.6) / 3));
  CHECK(of(answer, "bf16").quality.accuracy_kept == 1.0);
  CHECK_FALSE(of(answer, "fp8").quality.accuracy_kept);  // nobody scored it there
}

TEST_CASE("divergences come from one table, whatever the model") {
  const QuantsAnswer answer = quants("qwen3-8b", "", "");
  REQUIRE(answer.kl_table);
  CHECK(answer.kl_table->kind == "kl_divergence");
  std::size_t scored = 0;
  for (const Quant& q : answer.quants) {
    if (!q.quality.kl_divergence) continue;
    ++scored;
    const bool there = std::any_of(answer.kl_table->scores.begin(), answer.kl_table->scores.end(),
                                   [&](const catalog::QualityScore& s) {
                                     return s.format == q.format->id && s.value == *q.quality.kl_divergence;
                                   });
    CHECK(there);
  }
  CHECK(scored > 20);
  CHECK(of(answer, "q4_k_m").quality.retention == 0.89);  // the web page's, beside it
  CHECK(of(answer, "q4_k_m").quality.kl_divergence < of(answer, "q3_k_m").quality.kl_divergence);
}

TEST_CASE("the star: balance where it fits, less where it does not") {
  CHECK(starred(quants("qwen3-8b", "", "")) == "q4_k_m");
  CHECK(starred(quants("qwen3-8b", "", "rtx-4090")) == "q4_k_m");
  const QuantsAnswer narrow = quants("qwen3-14b", "", "rtx-3080");
  REQUIRE(narrow.recommended);
  const Quant& star = narrow.quants[*narrow.recommended];
  CHECK(star.file_bytes < of(narrow, "q4_k_m").file_bytes);
  CHECK((star.verdict == Verdict::comfortable || star.verdict == Verdict::fits));
  CHECK(narrow.advice.find("the best that fits") != std::string::npos);
  // Beside a card there is host memory; a Mac has but one.
  const QuantsAnswer partly = quants("qwen3-32b", "", "rtx-4060-ti-16gb");
  CHECK(starred(partly) == "q4_k_m");
  CHECK(of(partly, "q4_k_m").verdict == Verdict::offload);
  CHECK(partly.advice.find("with a part in host memory") != std::string::npos);
  const QuantsAnswer none = quants("qwen3-32b", "", "apple-m1-7c 8GB");
  CHECK_FALSE(none.recommended);
  CHECK(none.advice == "No format that holds up fits.");
}

TEST_CASE("where nobody measured the engine's formats, bits pick the star, and nothing is called better") {
  const QuantsAnswer mac = quants("qwen3-30b-a3b", "mlx", "m3 max 64GB");
  REQUIRE(mac.recommended);
  const Quant& star = mac.quants[*mac.recommended];
  CHECK(star.bits >= 4.4);
  CHECK(star.bits < 5);
  CHECK(mac.advice.find("; smallest that holds up: ") != std::string::npos);
  CHECK(mac.advice.find(" more") == std::string::npos);
}

TEST_CASE("engines that fill a device: what a better format takes is KV cache") {
  const QuantsAnswer pool = quants("qwen3-8b", "vllm", "h100-sxm");
  CHECK(pool.fills_memory);
  CHECK(pool.advice.find(" less for the KV cache will do") != std::string::npos);
  CHECK_FALSE(quants("qwen3-8b", "", "rtx-4090").fills_memory);
}

TEST_CASE("without the memory of a machine nothing is said of what fits") {
  const QuantsAnswer answer = quants("qwen3-8b", "", "cpu-ddr5-5200-dual");
  CHECK_FALSE(answer.recommended);
  CHECK(answer.advice.starts_with("Whether they fit can't be said: the memory of"));
}

TEST_CASE("a context beyond the native one is the full one") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.model = "qwen3-8b";
  scenario.context = 100'000;
  for (const Quant& q : compare_quants(estimator, scenario).quants) {
    CHECK(q.full_context == 100'000);
    CHECK(q.full_memory == q.memory);
    CHECK(q.format->id != "copy");  // what a file had before is no format of its own
  }
}

TEST_CASE("the advice names the next better and the smallest that holds up") {
  const QuantsAnswer answer = quants("qwen3-14b", "", "rtx-4090");
  CHECK(answer.advice.find("Q4_K_M: best balance") == 0);
  CHECK(answer.advice.find("; Q5_K_M if you have ") != std::string::npos);
  CHECK(answer.advice.find("; smallest that holds up: IQ3_S.") != std::string::npos);
}

TEST_CASE("formats that can't hold a model are left out and counted") {
  // 896 columns are no multiple of 256: super-blocks do not fit, but llama.cpp falls back; EXL3 needs 128.
  const QuantsAnswer answer = quants("qwen2.5-0.5b", "tensorrt-llm", "h100-sxm");
  std::size_t all = answer.quants.size();
  for (const LeftOut& l : answer.left_out) {
    CHECK(l.count > 0);
    CHECK_FALSE(l.reason.empty());
    all += static_cast<std::size_t>(l.count);
  }
  std::size_t candidates = 0;
  const catalog::Engine& engine = catalog::Catalog::builtin().find_engine("tensorrt-llm");
  for (const catalog::WeightFormat* f : catalog::Catalog::builtin().formats()) {
    candidates += static_cast<std::size_t>(
        std::count(engine.schemes.begin(), engine.schemes.end(), catalog::scheme_name(f->scheme)));
  }
  CHECK(all == candidates);
}
