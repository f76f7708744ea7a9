// What is said beside the figures: where they come from, and what hardware can't do.
#include <array>
#include <cmath>

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"
#include "speed/step.hpp"
#include "speed/work.hpp"

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

TEST_CASE("a server under load works off the prompts of new sequences in between, llama.cpp alone does not") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto prompts = [&](const std::string& engine, const std::string& format, int concurrency) {
    Scenario s = on("qwen3-8b", "h100-sxm-80gb", engine, format);
    s.prompt_tokens = 4096;
    s.output_tokens = 128;
    s.concurrency = concurrency;
    const Estimate e = estimator.estimate(s);
    const speed::Work prompt = speed::prefill_work(e.setup, e.memory);
    return std::pair{speed::decode_work(e.setup, e.memory).prompts_s,
                     (prompt.compute_s + 2 * prompt.attention_s) / 128};
  };
  CHECK(prompts("vllm", "bf16", 1).first == 0);
  const auto [nine, each] = prompts("vllm", "bf16", 9);
  CHECK(nine == Approx(8 * each));
  CHECK(prompts("llama.cpp", "q8_0", 9).first == 0);
}

TEST_CASE(
    "prompts of others hide behind memory where they are part of a step, and come on top where they are "
    "not") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto work = [&](const std::string& engine) {
    Scenario s = on("qwen3-8b", "h100-sxm-80gb", engine, "bf16");
    s.prompt_tokens = 1024;
    s.output_tokens = 256;
    s.concurrency = 65;
    const Estimate e = estimator.estimate(s);
    return std::pair{speed::decode_work(e.setup, e.memory), speed::prefill_work(e.setup, e.memory)};
  };
  for (const char* engine : {"vllm", "tensorrt-llm", "sglang"}) {
    INFO(engine);
    const auto [step, prompt] = work(engine);
    // 64 others, a prompt each in 256 steps, at random.
    const double share = 1 - std::exp(-0.25 * prompt.passes);
    CHECK(step.prompt_kernels == Approx(share * prompt.kernels / prompt.passes));
    CHECK(step.mixed == Approx(engine == std::string_view("sglang") ? 0 : share));
  }
  speed::Parts apart{.memory = 4, .compute = 1, .prompts = 2};
  speed::Parts within = apart;
  within.mixed = 0.5;
  CHECK(within.sum() < apart.sum());
  // In half of the steps 1 + 2 / 0.5 seconds of products meet 4 of memory.
  const auto meet = [](double a, double b) { return std::pow(std::pow(a, 4) + std::pow(b, 4), 0.25); };
  CHECK(within.sum() == Approx(0.5 * meet(4, 1) + 0.5 * meet(4, 5)));
  // All of a step is somebody's.
  const auto shares = within.shares();
  const auto at = [&](speed::Share share) { return shares[static_cast<std::size_t>(share)]; };
  CHECK(at(speed::Share::shared) == Approx(at(speed::Share::memory)));
  CHECK(at(speed::Share::memory) + at(speed::Share::compute) < 1);
}

TEST_CASE("of versions only the turns of engines count, and none said is the newest") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto decode = [&](const std::string& engine, const std::string& format, const std::string& version) {
    Scenario s = on("qwen2.5-7b", "rtx-3090", engine, format);
    if (!version.empty()) s.engine_version = version;
    const Estimate e = estimator.estimate(s);
    REQUIRE(e.speed);
    return e.speed->decode_tok_s.value;
  };
  for (const auto& [engine, format] : {std::pair{"vllm", "bf16"}, std::pair{"exllamav3", "exl3-4.0bpw"}}) {
    const bool vllm = std::string_view(engine) == "vllm";
    INFO(engine);
    const double newest = decode(engine, format, "");
    CHECK(decode(engine, format, vllm ? "0.6.3" : "1.0.0") == newest);
    CHECK(decode(engine, format, vllm ? "v0.4.2" : "0.0.43") < newest);
  }
}

TEST_CASE("processors with more channels lose more of their bandwidth, and the interval is wider") {
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  const auto kept = [&](const char* name) {
    const catalog::Device& d = *catalog.find_device(name).device;
    return speed::reached_bandwidth(d) / (*d.bandwidth_gb_s * 1e9);
  };
  CHECK(kept("cpu-ddr5-6000-dual") == Approx(1 / (1 + 96.0 / 400)));
  CHECK(kept("epyc-genoa-ddr5-4800-12ch") == Approx(1 / (1 + 460.8 / 400)));
  CHECK(kept("rtx-4090") == 1);
  Estimator estimator(catalog);
  const auto width = [&](const char* device) {
    const Estimate e = estimator.estimate(on("qwen3-8b", device, "llama.cpp", "q4_k_m"));
    REQUIRE(e.speed);
    return e.speed->decode_tok_s.value / e.speed->decode_tok_s.low;
  };
  CHECK(width("epyc-genoa-ddr5-4800-12ch") > width("cpu-ddr5-6000-dual"));
}

TEST_CASE("factors on parts multiply these, and shared ones all but caches, products and prompts") {
  speed::Parts parts{
      .memory = 4, .cache = 1, .compute = 2, .latency = 1, .interconnect = 1, .host = 1, .prompts = 1};
  std::array<double, speed::kShares> logs{};
  logs[static_cast<std::size_t>(speed::Share::memory)] = std::log(2.0);
  logs[static_cast<std::size_t>(speed::Share::shared)] = std::log(3.0);
  parts.multiply(logs);
  CHECK(parts.cache == Approx(2));
  CHECK(parts.memory == Approx(3 * 2 * 3 + 2));
  CHECK(parts.compute == 2);
  CHECK(parts.latency == Approx(3));
  CHECK(parts.interconnect == Approx(3));
  CHECK(parts.host == Approx(3));
  CHECK(parts.prompts == 1);
}

TEST_CASE("an engine's backend that was never measured takes the constants of its most measured one") {
  Estimator estimator(catalog::Catalog::builtin());
  const Estimate e = estimator.estimate(on("qwen3-8b", "mi300x", "transformers", "bf16"));
  CHECK(speed::group_of(e.setup, speed::Phase::decode) == "decode transformers rocm");
  const speed::Group& group = speed::find_group(e.setup, speed::Phase::decode);
  CHECK(group.name == "decode transformers cuda");
  CHECK_FALSE(speed::is_of(group, e.setup, speed::Phase::decode));
}

TEST_CASE("how far batching is free stays below what the caches and products allow") {
  Estimator estimator(catalog::Catalog::builtin());
  const Estimate e = estimator.estimate(on("qwen3-0.6b", "h100-sxm-80gb", "vllm", "bf16"));
  REQUIRE(e.speed);
  REQUIRE(e.speed->bound == speed::Bound::latency);
  const std::string_view hint = e.speed->hint;
  const std::string_view until = "batching is nearly free until ";
  REQUIRE(hint.find(until) != std::string_view::npos);
  Scenario s = on("qwen3-0.6b", "h100-sxm-80gb", "vllm", "bf16");
  s.concurrency = std::stoll(std::string(hint.substr(hint.find(until) + until.size())));
  const Estimate batch = estimator.estimate(s);
  REQUIRE(batch.speed);
  CHECK(batch.speed->itl_ms.value < 2 * e.speed->itl_ms.value);
}

TEST_CASE("without a prompt there is a decoding speed, and nothing is said of a first token") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s = on("qwen3-8b", "rtx-4090", "llama.cpp", "q4_k_m");
  s.prompt_tokens = 0;
  const Estimate none = estimator.estimate(s);
  REQUIRE(none.speed);
  CHECK(none.speed->prefill_tok_s.value == 0);
  CHECK(none.speed->ttft_ms.value == 0);
  s.prompt_tokens = 512;
  const Estimate some = estimator.estimate(s);
  CHECK(some.speed->prefill_tok_s.value > 0);
  CHECK(none.speed->decode_tok_s.value > some.speed->decode_tok_s.value);
}

TEST_CASE("memory is not read faster than it can be, and launches come on top, whatever the factors say") {
  Estimator estimator(catalog::Catalog::builtin());
  const Estimate e = estimator.estimate(on("qwen3-8b", "rtx-3090", "llama.cpp", "q4_k_m"));
  const speed::Work work = speed::decode_work(e.setup, e.memory);
  std::array<double, speed::kShares> logs{};
  logs[static_cast<std::size_t>(speed::Share::memory)] = -3;
  const speed::Parts parts = speed::parts_of(e.setup, work, speed::Phase::decode, logs);
  CHECK(parts.at_bound);
  CHECK(parts.memory == Approx(speed::least_seconds(e.setup, work, false) / speed::kReachable));
  CHECK(parts.sum() > parts.memory + 0.99 * parts.latency);
}

TEST_CASE("cards without links of their own exchange over PCIe, and a bridge is not assumed") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto work = [&](const std::string& device) {
    Scenario s = on("qwen3-32b", device, "vllm", "awq-int4");
    s.devices = {{device, 4}};
    s.tensor_parallel = 4;
    const Estimate e = estimator.estimate(s);
    return speed::decode_work(e.setup, e.memory);
  };
  for (const std::string device : {"rtx-4090", "rtx-3090"}) {
    INFO(device);
    CHECK(work(device).bus_reductions > 0);
    CHECK(work(device).reductions == 0);
  }
  CHECK(work("a100-sxm-80gb").reductions > 0);
  CHECK(work("a100-sxm-80gb").bus_reductions == 0);
  CHECK(work("rtx-4090").reduced_s > 5 * work("a100-sxm-80gb").reduced_s);
}

TEST_CASE("the tokens of all copies meet at experts that are spread over them") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto weights = [&](int tensor, int data, std::int64_t sequences) {
    Scenario s = on("qwen3-30b-a3b", "h100-sxm-80gb", "vllm", "bf16");
    s.devices = {{"h100-sxm-80gb", 8}};
    s.tensor_parallel = tensor;
    s.data_parallel = data;
    s.expert_parallel = 8;
    s.concurrency = sequences;
    const Estimate e = estimator.estimate(s);
    return speed::decode_work(e.setup, e.memory).weights_s;
  };
  // Copies hold all that is beside the experts, and read it whole.
  CHECK(weights(1, 8, 64) > weights(8, 1, 64));
  // As many experts are reached as by all sequences in one copy.
  CHECK(weights(1, 8, 64) < weights(8, 1, 64) + 8 * weights(8, 1, 1));
  CHECK(weights(1, 8, 64) > 1.5 * weights(1, 8, 8));
}

TEST_CASE(
    "a batch surely reads fewer experts than if all were alike, a single sequence just those it chooses") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario s = on("qwen3-30b-a3b", "dgx-spark-gb10", "llama.cpp", "q8_0");
  const auto surely = [&](std::int64_t sequences) {
    s.concurrency = sequences;
    const Estimate e = estimator.estimate(s);
    return speed::decode_work(e.setup, e.memory).surely;
  };
  CHECK(surely(1) == Approx(1));
  CHECK(surely(16) < 0.85);
  CHECK(surely(16) > 0.7);
}
