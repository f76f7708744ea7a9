// What is said beside the figures: where they come from, and what hardware can't do.
#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Scenario on(const std::string& model, const std::string& device, const std::string& engine,
            const std::string& format) {
  Scenario s;
  s.model = model;
  s.devices = {{device, 1}};
  s.engine = engine;
  s.format = format;
  return s;
}

}  // namespace

TEST_CASE("FP8 on Ampere says how it falls back, on Hopper it says nothing") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto notes = [&](const std::string& device) {
    const Estimate e = estimator.estimate(on("qwen3-8b", device, "vllm", "fp8"));
    REQUIRE(e.speed);
    std::string all;
    for (const std::string& note : e.speed->notes) all += note + "\n";
    return all;
  };
  CHECK_THAT(notes("a100-sxm-80gb"), ContainsText("W8A16"));
  CHECK_THAT(notes("h100-sxm-80gb"), !ContainsText("W8A16"));
}

TEST_CASE("without a bandwidth figure there is no speed, and the device is named") {
  Estimator estimator(catalog::Catalog::builtin());
  const Estimate e = estimator.estimate(on("qwen3-8b", "rtx-4090", "llama.cpp", "q4_k_m"));
  engine::Setup setup = e.setup;
  catalog::Device unknown = *setup.devices.front().device;
  unknown.bandwidth_gb_s.reset();
  setup.devices.front().device = &unknown;
  std::string why_not;
  CHECK_FALSE(speed::predict(setup, e.memory, nullptr, &why_not));
  CHECK_THAT(why_not, ContainsText(std::string(unknown.name)));
}

TEST_CASE("a measured setup cites its source") {
  Estimator estimator(catalog::Catalog::builtin());
  const Estimate e = estimator.estimate(on("qwen3-32b", "h100-sxm-80gb", "vllm", "bf16"));
  REQUIRE(e.speed);
  CHECK(e.speed->confidence == speed::Confidence::measured);
  CHECK(e.speed->based_on > 0);
  REQUIRE_FALSE(e.speed->notes.empty());
  CHECK_THAT(e.speed->notes.front(), ContainsText("measured on such a setup: "));
}

TEST_CASE("no prompt is processed faster than the hardware multiplies") {
  Estimator estimator(catalog::Catalog::builtin());
  struct Limit {
    const char* device;
    const char* engine;
    const char* format;
    double tflops;  ///< dense, at the widest of the rates that the format may use
  };
  for (const Limit& limit :
       {Limit{"h100-sxm-80gb", "vllm", "bf16", 989}, Limit{"a100-sxm-80gb", "vllm", "bf16", 312},
        Limit{"apple-m3-max-40c", "llama.cpp", "q4_k_m", 16.5},
        Limit{"rtx-4090", "llama.cpp", "q4_k_m", 661}}) {
    for (const std::int64_t prompt : {512, 2048, 8192, 30000}) {
      Scenario s = on("qwen3-8b", limit.device, limit.engine, limit.format);
      s.prompt_tokens = prompt;
      const Estimate e = estimator.estimate(s);
      REQUIRE(e.speed);
      INFO(limit.device << ", " << prompt << " tokens");
      CHECK(e.speed->prefill_tok_s.value * 2 * 7e9 < limit.tflops * 1e12);
    }
  }
}
