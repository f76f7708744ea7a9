#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "catch.hpp"
#include "engine/llamacpp_allocator.hpp"
#include "engine/llamacpp_placement.hpp"
#include "engine/llamacpp_sketch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;
using engine::llamacpp::arrange;
using engine::llamacpp::Arrangement;
using engine::llamacpp::kHost;

namespace {

Estimate estimate_of(std::string_view json) {
  Estimator estimator(catalog::Catalog::builtin());
  return estimator.estimate(parse_scenario(json));
}

double mib(Bytes bytes) {
  return static_cast<double>(bytes) / static_cast<double>(units::kMiB);
}

/// The figure as llama.cpp prints it.
bool prints(Bytes bytes, double printed) {
  return std::abs(mib(bytes) - printed) <= 0.0051;
}

}  // namespace

TEST_CASE("a start-up log of llama-server: Qwen3.5-0.8B Q8_0, four slots over 2,048 cells") {
  const Estimate e =
      estimate_of(R"({"model":"qwen3.5-0.8b","format":"q8_0","engine":"llama.cpp","context":2048})");
  const engine::DeviceMemory& card = e.memory.devices.front();
  CHECK(prints(card.weights, 763.78));
  CHECK(prints(card.kv_cache, 24.00));
  CHECK(prints(card.recurrent_state, 77.06));
  CHECK(prints(card.compute, 42.58));
  CHECK(prints(e.memory.host.weights, 257.66));
  CHECK(prints(e.memory.host.compute, 6.02));
  CHECK(prints(e.memory.host.output, 3.79));
  CHECK(e.scenario.parallel_slots == 4);
  CHECK(e.scenario.kv_unified == true);
}

TEST_CASE("a log of two unlike cards: Qwen3.6-27B, -ts 17,13, MTP with three drafted tokens") {
  const Estimate e = estimate_of(
      R"({"model":"qwen3.6-27b","format":"q8_0","engine":"llama.cpp","device":"rtx-4090","device_count":2,"context":262144,)"
      R"("parallel_slots":1,"gpu_layers":999,"tensor_split":[17,13],"kv_type":"q8_0",)"
      R"("speculative":{"method":"mtp","tokens":3}})");
  const auto& cards = e.memory.devices;
  CHECK(prints(cards[0].kv_cache, 4896.00));
  // The draft context has a cache of its own, of one layer.
  CHECK(prints(cards[1].kv_cache, 3808.00 + 544.00));
  CHECK(prints(cards[0].recurrent_state + cards[1].recurrent_state, 598.50));
}

TEST_CASE("MTP loads its block and makes a second context") {
  const std::string base =
      R"({"model":"qwen3.6-27b","format":"bf16","engine":"llama.cpp","context":8192,"parallel_slots":1)";
  const engine::MemoryPlan plain = estimate_of(base + "}").memory;
  const engine::MemoryPlan mtp = estimate_of(base + R"(,"speculative":{"method":"mtp","tokens":3}})").memory;
  CHECK(mib(mtp.devices[0].weights - plain.devices[0].weights) == Approx(810.1).margin(0.05));
  CHECK(mtp.devices[0].kv_cache - plain.devices[0].kv_cache == 32 * units::kMiB);
  CHECK(mtp.devices[0].recurrent_state == 4 * plain.devices[0].recurrent_state);
  CHECK(mib(plain.devices[0].compute) == Approx(130.0).margin(0.05));
  CHECK(mib(mtp.devices[0].compute - plain.devices[0].compute) == Approx(130.0).margin(0.05));
}

TEST_CASE("layers go to cards from the back, the head last") {
  const Arrangement none = arrange(4, 0, {1}, 0);
  CHECK(none.layers == std::vector<std::int16_t>{kHost, kHost, kHost, kHost});
  CHECK(none.output == kHost);
  const Arrangement head = arrange(4, 1, {1}, 0);
  CHECK(head.layers.back() == kHost);
  CHECK(head.output == 0);
  const Arrangement two = arrange(4, 3, {1}, 0);
  CHECK(two.layers == std::vector<std::int16_t>{kHost, kHost, 0, 0});
  const Arrangement split = arrange(7, 99, {1, 1}, 2);
  CHECK(split.layers == std::vector<std::int16_t>{0, 0, 0, 0, 1, 1, 1});
  CHECK(split.output == 1);
  CHECK(split.experts_on_host == std::vector<bool>{true, true, false, false, false, false, false});
}

TEST_CASE("the allocator takes the smallest block that fits, and joins what it gets back") {
  engine::llamacpp::FreeList list;
  CHECK(list.take(256) == 0);
  CHECK(list.take(128) == 256);
  list.give(0, 256);
  CHECK(list.take(128) == 0);
  CHECK(list.peak() == 384);
  CHECK(list.take(256) == 384);  // the hole has 128 left
  CHECK(list.peak() == 640);
  list.give(384, 256);
  list.give(256, 128);
  CHECK(list.take(512) == 128);
  CHECK(list.peak() == 640);
}

TEST_CASE("a sketch has every kind of layer, and layers that are like none are kept") {
  using namespace engine::llamacpp;
  ModelShape shape;
  shape.layers = 36;
  Placement placement;
  placement.host = 1;
  for (std::int16_t i = 0; i < 36; ++i)
    placement.layers.push_back({i < 20 ? std::int16_t{1} : std::int16_t{0}, false, 0});
  const Sketch dense = sketch_of(shape, placement);
  CHECK(dense.kept.size() < 12);
  CHECK(dense.like.size() == 36);
  CHECK(dense.kept.front() == 0);
  CHECK(dense.kept.back() == 35);
  for (const std::size_t edge : {std::size_t{0}, std::size_t{19}, std::size_t{20}, std::size_t{35}})
    CHECK(dense.kept[dense.like[edge]] == edge);
  for (std::size_t i = 0; i < 36; ++i)
    CHECK(placement.layers[dense.kept[dense.like[i]]] == placement.layers[i]);
  CHECK(dense.like[5] == dense.like[6]);
  shape.interval = 4;  // three of four layers without attention
  const Sketch hybrid = sketch_of(shape, placement);
  for (std::size_t i = 0; i < 36; ++i) CHECK(hybrid.kept[hybrid.like[i]] % 4 == i % 4);
  CHECK(hybrid.like[5] != hybrid.like[6]);
  shape.interval = 0;
  shape.streams = 4;
  CHECK(sketch_of(shape, placement).kept.size() == 36);
}

TEST_CASE("too large for the card: a part goes to the host, and the plan says so") {
  const Estimate dense =
      estimate_of(R"({"model":"qwen3-32b","format":"q8_0","engine":"llama.cpp","device":"rtx-4090"})");
  CHECK(dense.fit.verdict == Verdict::offload);
  CHECK(dense.memory.gpu_layers > 30);
  CHECK(dense.memory.gpu_layers < 65);
  CHECK(dense.memory.devices[0].headroom() >= 1024 * units::kMiB);
  CHECK(dense.memory.host.kv_cache > 0);
  REQUIRE_FALSE(dense.memory.notes.empty());
  const Estimate moe =
      estimate_of(R"({"model":"qwen3-30b-a3b","format":"q8_0","engine":"llama.cpp","device":"rtx-4090"})");
  CHECK(moe.fit.verdict == Verdict::offload);
  CHECK(moe.memory.gpu_layers == 49);
  CHECK(moe.memory.host.kv_cache == 0);
  CHECK_FALSE(moe.memory.layers.front().experts_on_host);
  CHECK(moe.memory.layers.back().experts_on_host);
  const Estimate ollama =
      estimate_of(R"({"model":"qwen3-30b-a3b","format":"q8_0","engine":"ollama","device":"rtx-4090"})");
  CHECK(ollama.fit.verdict == Verdict::offload);
  CHECK(ollama.memory.gpu_layers < 49);
}

TEST_CASE("what llama.cpp refuses") {
  CHECK_THROWS_AS(
      estimate_of(R"({"model":"qwen3-8b","engine":"llama.cpp","kv_type":"q8_0","flash_attention":false})"),
      Error);
  CHECK_THROWS_AS(estimate_of(R"({"model":"qwen3-8b","engine":"llama.cpp","kv_type":"fp8"})"), Error);
  const Estimate e = estimate_of(
      R"({"model":"qwen3-0.6b","engine":"llama.cpp","device":"rtx-4090","parallel_slots":257,"context":256})");
  REQUIRE(e.memory.refusal);
  CHECK(e.fit.verdict == Verdict::does_not_fit);
}

TEST_CASE("older versions: a 32-bit mask, logits for the whole batch") {
  const std::string base =
      R"({"model":"qwen3-1.7b","format":"q8_0","engine":"llama.cpp","context":40960,"parallel_slots":1)";
  const engine::MemoryPlan now = estimate_of(base + "}").memory;
  const engine::MemoryPlan old =
      estimate_of(base + R"(,"engine_version":"b6021","flash_attention":true})").memory;
  CHECK(mib(old.host.compute) == Approx(88).margin(0.05));
  CHECK(old.devices[0].compute > now.devices[0].compute + 200 * units::kMiB);
  CHECK(estimate_of(base + R"(,"engine_version":"v0.5.0"})").memory.devices[0].compute ==
        now.devices[0].compute);
  CHECK(estimate_of(base + R"(,"engine_version":"latest"})").memory.devices[0].compute ==
        now.devices[0].compute);
  CHECK_THROWS_AS(estimate_of(base + R"(,"engine_version":"prebuilt"})"), Error);
}

TEST_CASE("flash attention and all layers on the card are defaults since 2025-08-30") {
  const std::string base =
      R"({"model":"qwen3-1.7b","format":"q8_0","engine":"llama.cpp","context":40960,"device":"rtx-4090",)";
  const Estimate before = estimate_of(base + R"("engine_version":"b6324"})");
  const Estimate asked =
      estimate_of(base + R"("engine_version":"b6324","flash_attention":true,"gpu_layers":99})");
  const Estimate since = estimate_of(base + R"("engine_version":"b6325"})");
  CHECK(before.scenario.flash_attention == false);
  CHECK(since.scenario.flash_attention == true);
  CHECK(before.memory.notes.size() == since.memory.notes.size() + 1);  // nothing is on the card without -ngl
  CHECK(asked.memory.notes.size() == since.memory.notes.size());
  CHECK(asked.memory.devices[0].compute == since.memory.devices[0].compute);
  // The product of queries and keys, in 32 bit: 16 heads x 512 tokens x 40,960 cells.
  CHECK(before.memory.devices[0].compute > since.memory.devices[0].compute + 1280 * units::kMiB / 2);
  CHECK_THROWS_AS(estimate_of(base + R"("engine_version":"b6324","kv_type":"q8_0"})"), Error);
  CHECK_NOTHROW(estimate_of(base + R"("engine_version":"b6324","kv_type":"q8_0","flash_attention":true})"));
}

TEST_CASE("the server's slots by version: one until November 2025, then four over one cache") {
  const std::string base = R"({"model":"qwen3-0.6b","engine":"llama.cpp","engine_version":)";
  CHECK(estimate_of(base + R"("b6924"})").scenario.parallel_slots == 1);
  CHECK(estimate_of(base + R"("b6925"})").scenario.parallel_slots == 4);
  CHECK(estimate_of(base + R"("2025-11-01"})").scenario.parallel_slots == 1);
}

TEST_CASE("an MTP block whose experts are on the host streams its own types") {
  const Estimate e = estimate_of(
      R"({"model":"qwen3.5-35b-a3b","format":"q3_k_m","engine":"llama.cpp","context":256,"parallel_slots":3,)"
      R"("kv_unified":false,"batch":2048,"ubatch":100,"flash_attention":false,"kv_type":"bf16","program":"cli",)"
      R"("speculative":{"method":"mtp","tokens":3},"device":"rtx-4090","gpu_layers":999,"cpu_moe_layers":41})");
  // llama.cpp v0.5.0's own figures (scripts/check_llamacpp.py)
  CHECK(e.memory.devices[0].weights == 1221089792);
  CHECK(e.memory.devices[0].compute == 362089600);
  CHECK(e.memory.host.compute == 4393440);
}

TEST_CASE("a 32-bit cache is copied to 16 bit to attend") {
  const Estimate e = estimate_of(
      R"({"model":"qwen3-8b","format":"bf16","engine":"llama.cpp","context":20000,"parallel_slots":5,"kv_unified":false,)"
      R"("batch":512,"ubatch":128,"kv_type":"f32","program":"cli","device":"rtx-4090","device_count":3,)"
      R"("gpu_layers":999,"tensor_split":[1,1,1]})");
  // llama.cpp v0.5.0's own figures (scripts/check_llamacpp.py)
  CHECK(e.memory.devices[0].compute == 452271616);
  CHECK(e.memory.devices[1].compute == 460791296);
  CHECK(e.memory.devices[2].compute == 460793344);
  CHECK(e.memory.host.compute == 25307648);
}

TEST_CASE("shares of cards: all zero are none, surplus ones are said to be left out") {
  const std::string two =
      R"({"model":"qwen3-8b","engine":"llama.cpp","device":"rtx-4090","device_count":2,"gpu_layers":999)";
  const auto weights = [](const Estimate& e) {
    return std::pair(e.memory.devices[0].weights, e.memory.devices[1].weights);
  };
  const Estimate even = estimate_of(two + R"(,"tensor_split":[1,1]})");
  CHECK(weights(estimate_of(two + R"(,"tensor_split":[0,0]})")) == weights(even));
  const Estimate three = estimate_of(two + R"(,"tensor_split":[1,1,5]})");
  CHECK(weights(three) == weights(even));
  CHECK(std::count(three.notes.begin(), three.notes.end(),
                   "tensor_split: 3 shares for 2 cards: the first 2 are taken") == 1);
  CHECK_THROWS_AS(estimate_of(two + R"(,"tensor_split":[1e300,1e300]})"), Error);
}

TEST_CASE("split mode row: until July 2026") {
  const std::string row =
      R"({"model":"qwen3-8b","engine":"llama.cpp","device":"rtx-4090","device_count":2,"split_mode":"row")";
  CHECK(estimate_of(row + "}").memory.refusal);
  CHECK(estimate_of(row + "}").fit.verdict == Verdict::does_not_fit);
  CHECK(!estimate_of(row + R"(,"engine_version":"b9840"})").memory.refusal);
}

TEST_CASE("options that change nothing are said to") {
  const auto notes = [](std::string_view rest) {
    const Estimate e = estimate_of(fmt::format(R"({{"engine":"llama.cpp","device":"rtx-4090",{}}})", rest));
    return fmt::format("{}", fmt::join(e.notes, "|"));
  };
  CHECK(notes(R"("model":"qwen3-8b","cpu_moe_layers":4)").find("Qwen3-8B has no experts") !=
        std::string::npos);
  CHECK(notes(R"("model":"qwen3-8b","mmproj":true)").find("there is no projector") != std::string::npos);
  CHECK(notes(R"("model":"qwen3-vl-8b-instruct","mmproj":true)").find("there is no projector") ==
        std::string::npos);
}

TEST_CASE("a projector weighs what its F16 file does") {
  const std::pair<const char*, double> files[] = {// MiB, as catalogs print them
                                                  {"qwen3.5-0.8b", 195.5},
                                                  {"qwen3.5-122b-a10b", 866.6},
                                                  {"qwen3-vl-2b-instruct", 781.4},
                                                  {"qwen3-vl-4b-instruct", 797.5}};
  for (const auto& [model, printed] : files) {
    const auto weights = [&, name = model](bool projector) {
      return estimate_of(fmt::format(R"({{"model":"{}","engine":"llama.cpp","context":512,"mmproj":{}}})",
                                     name, projector))
          .memory.devices[0]
          .weights;
    };
    INFO(model);
    CHECK(mib(weights(true) - weights(false)) == Approx(printed).margin(0.1));
  }
}
