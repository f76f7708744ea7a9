// Fine-tuning: what is trained, what it keeps, and how it is cut.
#include "qwenfit/train.hpp"

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Estimator& estimator() {
  static Estimator instance(catalog::Catalog::builtin());
  return instance;
}

Scenario training(const std::string& model, const std::string& method) {
  Scenario s;
  s.model = model;
  s.train.emplace();
  s.train->method = method;
  return s;
}

TrainMemory memory(const Scenario& s) {
  return estimator().estimate(s).train.at(0);
}

}  // namespace

TEST_CASE("LoRA adds rank x (inputs + outputs) to every linear layer") {
  // Qwen2.5-0.5B: hidden 896, 2 KV heads of 64, MLP 4,864, 24 layers.
  Scenario s = training("qwen2.5-0.5b", "lora");
  s.train->rank = 16;
  const std::int64_t attention = 2 * (896 + 896) + 2 * (896 + 128);
  const std::int64_t mlp = 3 * (896 + 4'864);
  const auto trained = [&] { return train::trained_parameters(estimator().resolve(s)); };
  CHECK(trained().adapters == 16 * 24 * (attention + mlp));
  CHECK(trained().full == 0);
  s.train->targets = "attention";
  CHECK(trained().adapters == 16 * 24 * attention);
  s.train->targets = "q_proj,v_proj+up_proj";
  CHECK(trained().adapters == 16 * 24 * ((896 + 896) + (896 + 128) + (896 + 4'864)));
}

TEST_CASE("full fine-tuning trains every text parameter, towers stay frozen") {
  CHECK(train::trained_parameters(estimator().resolve(training("qwen2.5-7b", "full"))).full == 7'615'616'512);
  const Estimate e = estimator().estimate(training("qwen2.5-vl-7b", "full"));
  const train::Trained trained = train::trained_parameters(e.setup);
  CHECK(trained.full == 7'615'616'512);
  CHECK(e.train[0].weights > 2 * trained.full);
}

TEST_CASE("bytes per parameter follow the framework") {
  const Bytes n = 7'615'616'512;
  // transformers alone trains the 16-bit weights: gradients and two states of 16 bits.
  const TrainMemory plain = memory(training("qwen2.5-7b", "full"));
  CHECK(plain.weights == 2 * n);
  CHECK(plain.gradients == 2 * n);
  CHECK(plain.optimizer == 4 * n);
  // DeepSpeed keeps 32-bit master weights and states, cut over 4 cards; stage 2 cuts gradients too.
  Scenario s = training("qwen2.5-7b", "full");
  s.devices = {{"h100", 4}};
  s.train->zero_stage = 2;
  const TrainMemory two = memory(s);
  CHECK(two.weights == 2 * n);
  CHECK(two.gradients == 2 * n / 4);
  CHECK(two.optimizer == 12 * n / 4);
  // Its step copies the gradients of a card, in 16 and in 32 bits.
  CHECK(two.activations == 6 * n / 4);
  s.train->zero_stage = 3;
  CHECK(memory(s).weights == 2 * n / 4 + 2'000'000'000);
  // Megatron sums gradients in 32 bits.
  s.train->zero_stage.reset();
  s.tensor_parallel = 4;
  const TrainMemory megatron = memory(s);
  CHECK(megatron.weights == n * 2 / 4);
  CHECK(megatron.gradients == n * 4 / 4);
  CHECK(megatron.optimizer == n * 12 / 4);
}

TEST_CASE("ZeRO 2 holds DeepSpeed's bucket beside the activations, until its step") {
  Scenario s = training("qwen2.5-7b", "lora");
  s.devices = {{"h100", 4}};
  const Bytes without = memory(s).activations;
  s.train->zero_stage = 2;
  CHECK(memory(s).activations == without + 1'000'000'000);
  s.train->zero_stage = 3;
  CHECK(memory(s).activations == without);
  // The step of full fine-tuning takes more than the bucket and the activations: 6 bytes a parameter, cut.
  Scenario full = training("qwen2.5-7b", "full");
  full.devices = {{"h100", 4}};
  full.train->zero_stage = 2;
  full.train->sequence = 256;
  CHECK(memory(full).activations == 6 * Bytes{7'615'616'512} / 4);
}

TEST_CASE("an 8-bit optimizer keeps a byte a state") {
  Scenario s = training("qwen2.5-7b", "full");
  s.train->optimizer = "paged_adamw_8bit";
  CHECK(memory(s).optimizer == 2 * Bytes{7'615'616'512});
  s.train->optimizer = "sgd";
  CHECK(memory(s).optimizer == 0);
}

TEST_CASE("QLoRA quantizes 16-bit weights as it loads them") {
  const Estimate e = estimator().estimate(training("qwen2.5-7b", "qlora"));
  CHECK(e.setup.weights->format->id == "nf4");
  CHECK(e.train[0].weights == e.weights.bytes);
  Scenario gptq = training("qwen2.5-7b", "qlora");
  gptq.format = "gptq-int4";
  CHECK(estimator().estimate(gptq).setup.weights->format->id == "gptq-int4");
}

TEST_CASE("a training estimate has a verdict, the longest sequence and no speed") {
  Scenario s = training("qwen3-8b", "qlora");
  s.devices = {{"rtx-4090", 1}};
  const Estimate e = estimator().estimate(s);
  CHECK(e.fit.fits);
  CHECK_FALSE(e.speed);
  CHECK(e.memory.total() == e.train[0].total());
  REQUIRE(e.fit.max_context);
  s.train->sequence = *e.fit.max_context;
  CHECK(estimator().estimate(s).fit.fits);
  s.train->sequence = *e.fit.max_context + 1;
  CHECK_FALSE(estimator().estimate(s).fit.fits);
}

TEST_CASE("more tokens, more rank, fewer cards never take less") {
  Bytes before = 0;
  for (const std::int64_t sequence : {1, 256, 2048, 8192, 131072}) {
    Scenario s = training("qwen3-30b-a3b", "lora");
    s.train->sequence = sequence;
    const Bytes now = memory(s).total();
    CHECK(now > before);
    before = now;
  }
  for (const int stage : {1, 2, 3}) {
    Bytes one_less = 0;
    for (const int cards : {16, 8, 4, 2}) {
      Scenario s = training("qwen3-8b", "full");
      s.devices = {{"h100", cards}};
      s.train->zero_stage = stage;
      const Bytes now = memory(s).total();
      CHECK(now >= one_less);
      one_less = now;
    }
  }
}

TEST_CASE("what can't be trained is refused with a reason") {
  const auto message = [](const Scenario& s) -> std::string {
    try {
      estimator().estimate(s);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  Scenario s = training("qwen3-8b", "full");
  s.format = "q4_k_m";
  CHECK(message(s) == "train: Transformers does not train on Q4_K_M weights, but on bf16");
  s = training("qwen3-8b", "lora");
  s.train->optimizer = "adamx";
  CHECK(message(s) == "unknown optimizer 'adamx': did you mean adamw or adam?");
  s = training("qwen3-8b", "lora");
  s.train->targets = "q_prj";
  CHECK(message(s).starts_with("unknown LoRA target 'q_prj': did you mean q_proj"));
  s.train->targets = "foo";
  CHECK(message(s) ==
        "unknown LoRA target 'foo': it is all-linear, attention, mlp, embeddings or a module such as q_proj");
  s.train->targets = "c_attn";
  CHECK(message(s) == "train.targets: Qwen3-8B has no module of 'c_attn'");
  s = training("qwen3-8b", "full");
  s.train->rank = 8;
  CHECK(message(s) == "train.rank: full fine-tuning has no adapters: leave it out, or take lora");
  s = training("qwen3-8b", "lora");
  s.train->fsdp = true;
  s.train->zero_stage = 3;
  CHECK(message(s) == "train.fsdp: FSDP and ZeRO 3 both cut the same: one of them");
  s = training("qwen3-8b", "lora");
  s.train->rank = 0;
  CHECK(message(s).starts_with("train.rank: '0'"));
  s = training("qwen3-8b", "lora");
  s.train->batch = 1 << 20;
  s.train->sequence = std::int64_t{1} << 40;
  CHECK(message(s).starts_with("train.sequence:"));
  s = training("qwen3-8b", "lora");
  s.engine = "vllm";
  CHECK(message(s) == "engine: vLLM does not train; fine-tuning is estimated for transformers");
}
