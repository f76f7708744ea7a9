// What must hold of speed for every model, format, engine and device.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "catch.hpp"
#include "draw.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"
#include "speed/work.hpp"

using namespace qwenfit;

namespace {

class Draw : tests::Draws {
 public:
  Draw() : Draws(20261127) {}

  Scenario scenario() {
    Scenario s;
    s.model = pick({"qwen2.5-0.5b", "qwen2.5-7b", "qwen2.5-72b", "qwen3-0.6b", "qwen3-8b", "qwen3-30b-a3b",
                    "qwen3-next-80b-a3b-instruct", "qwen3.5-9b", "qwen3.6-35b-a3b"});
    s.engine = pick({"llama.cpp", "vllm", "sglang"});
    if (*s.engine == "llama.cpp") {
      s.format = pick({"q4_k_m", "q8_0", "iq4_xs"});
      s.devices = {{pick({"rtx-4090", "rtx-3060-12gb", "apple-m3-max-40c", "rx-7900-xtx"}), 1}};
    } else {
      s.format = pick({"bf16", "fp8", "awq-int4"});
      s.devices = {{pick({"h100-sxm-80gb", "a100-sxm-80gb", "l40s"}), 1}};
    }
    s.concurrency = 1 << number(0, 6);
    s.prompt_tokens = 1 << number(5, 14);
    s.output_tokens = 256;
    return s;
  }
};

constexpr int kDraws = 150;

void check_figure(const speed::Figure& f) {
  CHECK(std::isfinite(f.high));
  CHECK(f.low > 0);
  CHECK(f.low <= f.value);
  CHECK(f.value <= f.high);
}

std::string words(const Scenario& s) {
  return s.model + " " + s.format.value_or("") + " " + *s.engine + " " + s.devices.front().name + " x " +
         std::to_string(*s.concurrency) + " prompt " + std::to_string(s.prompt_tokens.value_or(0));
}

}  // namespace

TEST_CASE("every speed is a positive number inside its interval, and its figures agree") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  int seen = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Scenario s = draw.scenario();
    INFO(words(s));
    try {
      const Estimate e = estimator.estimate(s);
      if (!e.speed) continue;
      ++seen;
      for (const speed::Figure& f : {e.speed->decode_tok_s, e.speed->decode_tok_s_total, e.speed->itl_ms,
                                     e.speed->prefill_tok_s, e.speed->ttft_ms})
        check_figure(f);
      CHECK(e.speed->decode_tok_s.value * e.speed->itl_ms.value == Approx(1000));
      CHECK(e.speed->prefill_tok_s.value * e.speed->ttft_ms.value ==
            Approx(1000.0 * static_cast<double>(*s.prompt_tokens)));
      CHECK(e.speed->based_on >= 0);
      CHECK_FALSE(e.speed->hint.empty());
    } catch (const Error& refused) {
      CHECK(refused.code() == ErrorCode::unsupported);
    }
  }
  CHECK(seen > kDraws / 2);
}

TEST_CASE("no estimate and no end of an interval is faster than data sheets allow") {
  Estimator estimator(catalog::Catalog::builtin());
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  int seen = 0;
  for (const catalog::Device* device : catalog.devices()) {
    for (const auto& [model, engine, format] :
         {std::tuple{"qwen3-8b", "llama.cpp", "q4_k_m"}, std::tuple{"qwen3-30b-a3b", "llama.cpp", "q8_0"},
          std::tuple{"qwen3.6-27b", "vllm", "fp8"}, std::tuple{"qwen2.5-7b", "vllm", "awq-int4"},
          std::tuple{"qwen3-8b", "mlx", "mlx-4bit"}, std::tuple{"qwen3-32b", "transformers", "bf16"}}) {
      for (const std::int64_t concurrency : {1, 16}) {
        Scenario s;
        s.model = model;
        s.engine = engine;
        s.format = format;
        s.devices = {{std::string(device->id), 1}};
        s.concurrency = concurrency;
        INFO(words(s));
        try {
          const Estimate e = estimator.estimate(s);
          if (!e.speed) continue;
          const speed::Work decode = speed::decode_work(e.setup, e.memory);
          const speed::Work prompt = speed::prefill_work(e.setup, e.memory);
          CHECK(e.speed->itl_ms.low / 1e3 >= 0.999 * speed::least_seconds(e.setup, decode, false));
          CHECK(e.speed->ttft_ms.low / 1e3 >= 0.999 * speed::least_seconds(e.setup, prompt, true));
          // A wide interval is explained.
          const bool wide = e.speed->prefill_tok_s.high > 8.01 * e.speed->prefill_tok_s.low;
          const auto& notes = e.speed->notes;
          const bool said = std::any_of(notes.begin(), notes.end(), [](const std::string& note) {
            return note.find("times apart") != std::string::npos;
          });
          CHECK((said || !wide));
          ++seen;
        } catch (const Error&) {
          continue;  // refused: nothing to compare
        }
      }
    }
  }
  CHECK(seen > 500);
}

TEST_CASE("a card with more bandwidth is never slower") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  int compared = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Scenario s = draw.scenario();
    INFO(words(s));
    try {
      const Estimate e = estimator.estimate(s);
      if (!e.speed) continue;
      engine::Setup setup = e.setup;
      catalog::Device faster = *setup.devices.front().device;
      faster.bandwidth_gb_s = *faster.bandwidth_gb_s * 2;
      for (engine::DeviceSlot& slot : setup.devices) slot.device = &faster;
      const auto then = speed::predict(setup, e.memory);
      REQUIRE(then);
      CHECK(then->decode_tok_s.value >= e.speed->decode_tok_s.value);
      ++compared;
    } catch (const Error&) {
      continue;  // refused: nothing to compare
    }
  }
  CHECK(compared > kDraws / 2);
}

TEST_CASE("twice the sequences are never faster, each, nor fewer tokens a second while memory is the limit") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  int compared = 0;
  for (int i = 0; i < kDraws; ++i) {
    Scenario s = draw.scenario();
    INFO(words(s));
    try {
      const Estimate e = estimator.estimate(s);
      if (!e.speed) continue;
      engine::Setup setup = e.setup;
      setup.concurrency *= 2;
      const auto then = speed::predict(setup, e.memory);
      REQUIRE(then);
      CHECK(then->decode_tok_s.value <= Approx(e.speed->decode_tok_s.value));
      // Where prompts are the most of the work, a second sequence's delays the first.
      if (e.speed->bound != speed::Bound::memory) continue;
      CHECK(then->decode_tok_s_total.value >= e.speed->decode_tok_s_total.value);
      ++compared;
    } catch (const Error&) {
      continue;  // refused: nothing to compare
    }
  }
  CHECK(compared > kDraws / 4);
}

TEST_CASE("a longer context is never faster to decode") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  int compared = 0;
  for (int i = 0; i < kDraws; ++i) {
    Scenario s = draw.scenario();
    INFO(words(s));
    try {
      const Estimate e = estimator.estimate(s);
      if (!e.speed) continue;
      engine::Setup setup = e.setup;
      setup.concurrency = 1;
      const auto before = speed::predict(setup, e.memory);
      setup.prompt_tokens *= 4;
      const auto then = speed::predict(setup, e.memory);
      REQUIRE(before);
      REQUIRE(then);
      CHECK(then->decode_tok_s.value <= before->decode_tok_s.value);
      ++compared;
    } catch (const Error&) {
      continue;  // refused: nothing to compare
    }
  }
  CHECK(compared > kDraws / 2);
}
