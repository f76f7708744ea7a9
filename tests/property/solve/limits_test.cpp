// Inverse questions over random scenarios: what is answered fits, and one more does not.
#include "qwenfit/limits.hpp"

#include <random>

#include "catch.hpp"
#include "estimate/ladder.hpp"

using namespace qwenfit;

namespace {

struct Draw {
  std::mt19937 random{20261126};

  template <std::size_t N>
  std::string one_of(const char* const (&words)[N]) {
    return words[random() % N];
  }

  Scenario scenario() {
    static const char* const kModels[] = {"qwen3-0.6b", "qwen3-8b",        "qwen2.5-14b", "qwen3-30b-a3b",
                                          "qwen3-32b",  "qwen3.5-35b-a3b", "qwen-7b",     "qwen2.5-72b"};
    static const char* const kSmall[] = {"rtx-3060-12gb", "rtx-4090", "rx-7900-xtx", "apple-m3-max-40c 64GB",
                                         "rtx-3050-laptop-4gb"};
    static const char* const kLarge[] = {"h100-sxm", "l40s", "a100-sxm-80gb", "mi300x"};
    Scenario s;
    s.model = one_of(kModels);
    switch (random() % 3) {
      case 0: {
        static const char* const kFormats[] = {"q4_k_m", "q8_0", "iq3_m", "q6_k"};
        s.engine = "llama.cpp";
        s.format = one_of(kFormats);
        s.devices = {{one_of(kSmall), 1 + static_cast<int>(random() % 2)}};
        break;
      }
      case 1: s.engine = "vllm"; break;
      default: s.engine = "sglang"; break;
    }
    if (s.devices.empty()) {
      static const char* const kFormats[] = {"bf16", "fp8", "awq-int4"};
      s.format = one_of(kFormats);
      s.devices = {{one_of(kLarge), 1}};
    }
    if (random() % 2 == 0) s.context = std::int64_t{512} << (random() % 6);
    if (random() % 3 == 0) s.concurrency = 1 + static_cast<std::int64_t>(random() % 8);
    return s;
  }
};

bool fits(Estimator& estimator, const Scenario& scenario, Limit limit) {
  try {
    return holds(scenario, limit, estimator.estimate(scenario));
  } catch (const Error& e) {
    if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::invalid_value) throw;
    return false;
  }
}

struct Count {
  Limit limit;
  std::optional<std::int64_t> Scenario::*member;
};

}  // namespace

TEST_CASE("feeding the answer back fits, and one more does not") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  const Count counts[] = {{Limit::context, &Scenario::context},
                          {Limit::concurrency, &Scenario::concurrency},
                          {Limit::layers, &Scenario::gpu_layers}};
  int answered = 0, bounded = 0, none = 0;
  for (int i = 0; i < 90; ++i) {
    Scenario s = draw.scenario();
    const Count& count = counts[i % 3];
    if (count.limit == Limit::layers && s.engine != "llama.cpp") continue;
    INFO(i << ": " << s.model << " " << *s.format << " " << *s.engine << " " << s.devices[0].name << " "
           << limit_name(count.limit));
    LimitAnswer answer;
    try {
      answer = find_limit(estimator, s, count.limit);
    } catch (const Error& e) {
      REQUIRE(e.code() == ErrorCode::unsupported);
      continue;
    }
    CHECK_FALSE(answer.bound.empty());
    if (!answer.value) {
      s.*count.member = count.limit == Limit::layers ? 0 : 1;
      CHECK_FALSE(fits(estimator, s, count.limit));
      ++none;
      continue;
    }
    ++answered;
    s.*count.member = *answer.value;
    CHECK(fits(estimator, s, count.limit));
    REQUIRE(answer.at);
    const std::int64_t end = count.limit == Limit::context  ? answer.at->model.context_longest
                             : count.limit == Limit::layers ? answer.at->model.layers + 1
                                                            : std::int64_t{1} << 20;
    if (*answer.value == end) continue;
    ++bounded;
    s.*count.member = *answer.value + 1;
    CHECK_FALSE(fits(estimator, s, count.limit));
  }
  CHECK(answered > 30);
  CHECK(bounded > 15);
  CHECK(none > 0);
}

TEST_CASE("the largest format fits, and none that is larger does") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  for (int i = 0; i < 6; ++i) {
    const Scenario s = draw.scenario();
    INFO(s.model << " " << *s.engine << " " << s.devices[0].name);
    LimitAnswer answer;
    try {
      answer = find_limit(estimator, s, Limit::format);
    } catch (const Error& e) {
      REQUIRE(e.code() == ErrorCode::unsupported);
      continue;
    }
    if (answer.name.empty()) continue;
    REQUIRE(answer.at);
    CHECK(holds(s, Limit::format, *answer.at));
    for (const catalog::WeightFormat* format : estimator.catalog().formats()) {
      if (!runs(*answer.at->setup.engine, *format)) continue;
      Scenario other = s;
      other.format = std::string(format->id);
      try {
        const Estimate e = estimator.estimate(other, false);
        if (e.weights.bytes <= answer.at->weights.bytes || e.weights.bits_per_weight > 16.5) continue;
        INFO(format->id);
        CHECK_FALSE(holds(other, Limit::format, e));
      } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::unsupported);
      }
    }
  }
}

TEST_CASE("the smallest device does it, and no smaller one") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s;
  s.model = "qwen3-14b";
  s.format = "q4_k_m";
  const LimitAnswer smallest = find_limit(estimator, s, Limit::device);
  REQUIRE_FALSE(smallest.devices.empty());
  const DevicesAnswer all = compare_devices(estimator, s, {});
  for (const DeviceRun& r : all.runs) {
    if (r.memory_gb && *r.memory_gb < *smallest.devices.front().memory_gb) {
      INFO(r.name);
      CHECK_FALSE(r.holds);
    }
  }
  s.require.decode_tok_s = 60;
  const LimitAnswer cheapest = find_limit(estimator, s, Limit::device, DeviceOrder::price);
  REQUIRE_FALSE(cheapest.devices.empty());
  for (const DeviceRun& r : cheapest.devices) {
    REQUIRE(r.run.speed);
    CHECK(r.run.speed->decode_tok_s.value >= 60);
    CHECK(*r.usd >= *cheapest.devices.front().usd);
  }
}

TEST_CASE("tokens of the KV cache: split among the sequences they fit") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s;
  s.model = "qwen3-8b";
  s.format = "q4_k_m";
  s.devices = {{"rtx-4090", 1}};
  s.concurrency = 4;
  const LimitAnswer answer = find_limit(estimator, s, Limit::tokens);
  REQUIRE(answer.value);
  CHECK(*answer.value % 4 == 0);
  s.context = *answer.value / 4;
  CHECK(fits(estimator, s, Limit::tokens));
  ++*s.context;
  CHECK_FALSE(fits(estimator, s, Limit::tokens));
}

TEST_CASE("tokens of the KV cache, whatever the model and its card") {
  Estimator estimator(catalog::Catalog::builtin());
  Draw draw;
  int bounded = 0;
  for (int i = 0; i < 30; ++i) {
    Scenario s = draw.scenario();
    if (s.engine != "llama.cpp") continue;
    INFO(i << ": " << s.model << " " << *s.format << " " << s.devices[0].name);
    const LimitAnswer answer = find_limit(estimator, s, Limit::tokens);
    const std::int64_t sequences = s.concurrency.value_or(1);
    s.context = answer.value.value_or(sequences) / sequences;
    CHECK(fits(estimator, s, Limit::tokens) == answer.value.has_value());
    if (!answer.value) continue;
    ++*s.context;
    CHECK_FALSE(fits(estimator, s, Limit::tokens));
    ++bounded;
  }
  CHECK(bounded > 3);
}

TEST_CASE("questions that have no answer") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s;
  s.model = "qwen3-8b";
  CHECK_THROWS_AS(find_limit(estimator, s, Limit::context), Error);  // no device
  s.devices = {{"h100-sxm", 1}};
  s.engine = "vllm";
  s.format = "bf16";
  CHECK_THROWS_AS(find_limit(estimator, s, Limit::layers), Error);
  s.model = "qwen3-235b-a22b";
  const LimitAnswer answer = find_limit(estimator, s, Limit::context);
  CHECK_FALSE(answer.value);
  CHECK_FALSE(answer.bound.empty());
}
