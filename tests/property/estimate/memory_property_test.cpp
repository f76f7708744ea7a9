// What must hold of memory for every model, format and engine: more work never needs less.

#include "catch.hpp"
#include "draw.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

class Draw : tests::Draws {
 public:
  Draw() : Draws(20261126) {}

  Scenario scenario() {
    Scenario s;
    s.model = pick({"qwen-7b", "qwen1.5-moe-a2.7b", "qwen2.5-0.5b", "qwen2.5-7b", "qwen2.5-72b", "qwen3-0.6b",
                    "qwen3-8b", "qwen3-30b-a3b", "qwen2.5-vl-7b", "qwen3-next-80b-a3b-instruct", "qwen3.5-9b",
                    "qwen3.6-35b-a3b"});
    s.engine = pick({"transformers", "mlx", "exllamav3", "tensorrt-llm"});
    if (*s.engine == "transformers") {
      s.format = pick({"bf16", "nf4", "awq-int4", "gptq-int4"});
      s.engine_version =
          tests::version_for(s.model, *s.engine, pick({"4.37.0", "4.43.0", "4.46.0", "4.51.3", "5.0.0"}));
    }
    if (*s.engine == "mlx") s.format = pick({"mlx-4bit", "mlx-8bit", "bf16"});
    s.context = 1 << number(9, 15);
    s.concurrency = number(1, 8);
    if (coin()) s.prompt_tokens = *s.context / 2;
    return s;
  }
};

constexpr int kDraws = 300;

Bytes total(Estimator& estimator, const Scenario& s) {
  return estimator.estimate(s).memory.total();
}

}  // namespace

TEST_CASE("a longer context, more sequences, a longer prompt never need less") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  for (int i = 0; i < kDraws; ++i) {
    const Scenario s = draw.scenario();
    INFO(s.model << " " << *s.engine << " " << s.format.value_or("") << " " << s.engine_version.value_or("")
                 << " context " << *s.context << " x " << *s.concurrency);
    const Bytes now = total(estimator, s);
    CHECK(now > 0);
    Scenario more = s;
    more.context = *s.context * 2;
    CHECK(total(estimator, more) >= now);
    more = s;
    more.concurrency = *s.concurrency + 1;
    CHECK(total(estimator, more) >= now);
    more = s;
    more.prompt_tokens = *s.context;
    CHECK(total(estimator, more) >= now);
  }
}

TEST_CASE("the shares of tensor-parallel ranks add up to no less than the whole") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  int compared = 0;
  for (int i = 0; i < kDraws; ++i) {
    Scenario s = draw.scenario();
    s.engine = i % 2 == 0 ? "vllm" : "tensorrt-llm";
    s.engine_version.reset();
    s.format = "bf16";
    INFO(s.model << " " << *s.engine);
    s.tensor_parallel = 1;
    const Bytes whole = estimator.estimate(s).memory.all_devices().weights;
    for (const int tp : {2, 4}) {
      s.tensor_parallel = tp;
      Bytes together = 0;
      try {
        together = estimator.estimate(s).memory.all_devices().weights;
      } catch (const Error&) {
        break;  // the heads do not divide
      }
      CHECK(together >= whole * 999 / 1000);
      ++compared;
    }
  }
  CHECK(compared > kDraws);
}

TEST_CASE("layers over several cards are the layers of one") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  for (int i = 0; i < kDraws; ++i) {
    Scenario s = draw.scenario();
    if (*s.engine == "tensorrt-llm") continue;
    INFO(s.model << " " << *s.engine << " " << s.format.value_or(""));
    s.devices = {{*s.engine == "mlx" ? "M3 Ultra 512GB" : "h100-sxm-80gb", 1}};
    const engine::DeviceMemory one = estimator.estimate(s).memory.all_devices();
    s.device_count = 3;
    const Estimate three = estimator.estimate(s);
    CHECK(three.memory.all_devices().weights == one.weights);
    CHECK(three.memory.all_devices().kv_cache == one.kv_cache);
    CHECK(three.memory.all_devices().recurrent_state == one.recurrent_state);
  }
}

TEST_CASE(
    "fine-tuning: longer sequences, larger batches and ranks never need less; more cards never more each") {
  Estimator estimator(catalog::Catalog::builtin());
  for (const char* model : {"qwen-7b", "qwen2.5-7b", "qwen3-30b-a3b", "qwen3.5-9b", "qwen2.5-vl-7b"}) {
    for (const char* method : {"full", "lora", "qlora"}) {
      Scenario s;
      s.model = model;
      s.devices = {{"h100-sxm-80gb", 2}};
      s.train = Train{};
      s.train->method = method;
      INFO(model << " " << method);
      const auto card = [&](const Scenario& of) { return estimator.estimate(of).train.front().total(); };
      const Bytes now = card(s);
      Scenario more = s;
      more.train->sequence = 4096;
      CHECK(card(more) > now);
      more = s;
      more.train->batch = 2;
      CHECK(card(more) > now);
      more = s;
      if (s.train->method != "full") more.train->rank = 128;
      CHECK(card(more) >= now);
      more = s;
      more.devices[0].count = 8;
      CHECK(card(more) <= now);
    }
  }
}
