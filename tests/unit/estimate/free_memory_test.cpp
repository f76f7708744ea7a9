// What other programs leave of a device.
#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Estimate answer(const char* scenario) {
  Estimator estimator(catalog::Catalog::builtin());
  return estimator.estimate(parse_scenario(scenario));
}

/// A machine with a card that the catalog knows and one that it does not, and a processor.
machine::LocalDevices workshop() {
  static const catalog::Device processor = [] {
    catalog::Device d{};
    d.id = "auto-cpu";
    d.name = "Some processor";
    d.device_class = catalog::DeviceClass::cpu;
    d.device_count = 1;
    d.bandwidth_gb_s = 50;
    return d;
  }();
  machine::LocalDevices here;
  const catalog::Device* card = catalog::Catalog::builtin().device("rtx-4090");
  here.gpus = {{card, std::nullopt, std::nullopt, units::gib(20), "the first", ""},
               {card, std::nullopt, std::nullopt, units::gib(10), "the second", ""}};
  here.processor = {&processor, std::nullopt, units::gib(64), units::gib(40), "the processor", ""};
  here.host_name = "Some processor";
  here.host_bandwidth_gb_s = 50;
  here.host_memory = units::gib(40);
  return here;
}

Estimate answer_here(const char* scenario) {
  Estimator estimator(catalog::Catalog::builtin(), ModelFiles::ignore, {workshop, nullptr});
  return estimator.estimate(parse_scenario(scenario));
}

}  // namespace

TEST_CASE("usable is what is free") {
  const Estimate all = answer(R"({"model": "qwen3-8b", "device": "rtx-4090"})");
  const Estimate part = answer(R"({"model": "qwen3-8b", "device": [{"device": "rtx-4090", "free_gib": 8}]})");
  CHECK(part.memory.devices[0].usable == units::gib(8));
  CHECK(part.memory.devices[0].capacity == all.memory.devices[0].capacity);
  CHECK(part.fit.max_context.value() < all.fit.max_context.value());
  const Estimate ample =
      answer(R"({"model": "qwen3-8b", "device": [{"device": "rtx-4090", "free_gib": 900}]})");
  CHECK(ample.memory.devices[0].usable == all.memory.devices[0].usable);
}

TEST_CASE("vLLM takes its share of the whole card and does not start where that is not free") {
  const Estimate taken = answer(R"({"model": "qwen3-8b", "format": "fp8", "engine": "vllm", "context": 4096,
                 "device": [{"device": "rtx-4090", "free_gib": 20}]})");
  REQUIRE(taken.memory.refusal);
  CHECK_THAT(*taken.memory.refusal, ContainsText("free memory on device on startup"));
  const Estimate less = answer(R"({"model": "qwen3-8b", "format": "fp8", "engine": "vllm", "context": 4096,
                 "gpu_memory_utilization": 0.7, "device": [{"device": "rtx-4090", "free_gib": 20}]})");
  CHECK_FALSE(less.memory.refusal);
  // Its pool is the same as on an empty card.
  const Estimate empty = answer(R"({"model": "qwen3-8b", "format": "fp8", "engine": "vllm", "context": 4096,
                                    "gpu_memory_utilization": 0.7, "device": "rtx-4090"})");
  CHECK(less.memory.pool->kv_bytes == empty.memory.pool->kv_bytes);
}

TEST_CASE("auto is this machine") {
  const Estimate both = answer_here(R"({"model": "qwen3-8b", "device": "auto"})");
  REQUIRE(both.memory.devices.size() == 2);
  CHECK(both.memory.devices[1].usable == units::gib(10));
  CHECK(both.setup.host.name == "Some processor");
  CHECK(both.setup.host.memory == units::gib(40));
  CHECK(answer_here(R"({"model": "qwen3-8b", "device": "AUTO", "device_count": 1})").memory.devices.size() ==
        1);
  CHECK(answer_here(R"({"model": "qwen3-8b", "device": "auto-gpu1"})").memory.devices[0].usable ==
        units::gib(10));
  for (const char* cpu : {R"({"model": "qwen3-8b", "device": "auto", "backend": "cpu"})",
                          R"({"model": "qwen3-8b", "device": "auto-cpu"})"}) {
    const Estimate e = answer_here(cpu);
    CHECK(e.setup.backend == engine::Backend::cpu);
    CHECK(e.memory.devices.at(0).usable == units::gib(40));
    CHECK(e.memory.devices.at(0).capacity == units::gib(64));
    CHECK(e.speed->decode_tok_s.value > 0);
  }
  CHECK_THROWS_AS(answer_here(R"({"model": "qwen3-8b", "device": "auto", "device_count": 3})"), Error);
  CHECK_THROWS_AS(answer_here(R"({"model": "qwen3-8b", "device": "auto-gpu2"})"), Error);
  CHECK_THROWS_AS(answer(R"({"model": "qwen3-8b", "device": "auto"})"), Error);
}

TEST_CASE("the machine is looked at once, and only when it is asked for") {
  int looks = 0;
  Estimator estimator(catalog::Catalog::builtin(), ModelFiles::ignore,
                      {[&] {
                         ++looks;
                         return workshop();
                       },
                       nullptr});
  estimator.estimate(parse_scenario(R"({"model": "qwen3-8b", "device": "rtx-4090"})"));
  CHECK(looks == 0);
  for (int i = 0; i < 3; ++i)
    estimator.estimate(parse_scenario(R"({"model": "qwen3-8b", "device": "auto"})"));
  CHECK(looks == 1);
}
