// Weights of a rank against what vLLM printed to four digits: torch's allocator, rotary tables and sharding
// together.
#include <fmt/format.h>

#include <algorithm>

#include "catch.hpp"
#include "engine/torch_allocator.hpp"
#include "engine/version_point.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;
using units::kMiB;

namespace {

double weights_gib(const std::string& scenario) {
  Estimator estimator(catalog::Catalog::builtin());
  return units::to_gib(estimator.estimate(parse_scenario(scenario)).memory.devices.front().weights);
}

engine::VersionPoint vllm(std::string_view text) {
  return engine::version_point(*catalog::Catalog::builtin().engine("vllm"), text);
}

}  // namespace

TEST_CASE("torch's allocator: blocks, segments and what they leave") {
  engine::TorchAllocator torch;
  torch.allocate(1);  // rounded to 512 bytes of a 2 MiB segment
  CHECK(torch.allocated() == 512);
  CHECK(torch.reserved() == 2 * kMiB);
  torch.allocate(63 * kMiB / 2);  // 31.5 MiB: the half left over is too small to split off
  CHECK(torch.allocated() == 512 + 32 * kMiB);
  torch.allocate(49 * kMiB / 2);  // 24.5 MiB leave 1.5 MiB, which serve the next tensor
  CHECK(torch.allocated() == 512 + 32 * kMiB + 49 * kMiB / 2);
  const Bytes before = torch.reserved();
  torch.allocate(5 * kMiB / 4);
  CHECK(torch.reserved() == before);
  CHECK(torch.allocated() == 512 + 32 * kMiB + 49 * kMiB / 2 + 3 * kMiB / 2);

  engine::TorchAllocator unsplit(20 * kMiB);
  unsplit.allocate(49 * kMiB / 2);
  CHECK(unsplit.allocated() == 26 * kMiB);
}

TEST_CASE("weights that vLLM printed to four digits") {
  // Start-up logs: vLLM 0.6 to 0.8 on one card (issues and public code), 0.8.5 on four.
  const auto close = [](double gib) { return Approx(gib).margin(0.0006); };
  CHECK(
      weights_gib(R"({"model": "Qwen/Qwen2.5-7B-Instruct", "engine": "vllm", "engine_version": "0.6.3"})") ==
      close(14.2488));
  CHECK(weights_gib(R"({"model": "qwen2.5-7b", "engine": "vllm", "engine_version": "0.7.3"})") ==
        close(14.2717));
  CHECK(
      weights_gib(R"({"model": "Qwen/Qwen2.5-32B-Instruct", "engine": "vllm", "engine_version": "0.8.3"})") ==
      close(61.0374));
  CHECK(weights_gib(R"({"model": "qwen3-14b", "engine": "vllm", "engine_version": "0.8.5"})") ==
        close(27.5185));
  CHECK(weights_gib(R"({"model": "qwen3-4b", "engine": "vllm", "engine_version": "0.8.5"})") ==
        close(7.5552));
  CHECK(weights_gib(
            R"({"model": "qwen3-coder-30b-a3b-instruct", "engine": "vllm", "engine_version": "0.10.0"})") ==
        close(56.9342));
  CHECK(weights_gib(R"({"model": "qwen3-30b-a3b", "engine": "vllm", "engine_version": "0.8.5",
                        "tensor_parallel": 4})") == Approx(14.2474).margin(0.003));
  CHECK(weights_gib(R"({"model": "qwen3-32b", "engine": "vllm", "engine_version": "0.11.0",
                        "tensor_parallel": 2})") == Approx(30.59).margin(0.005));
}

TEST_CASE("what a rank holds") {
  const auto weights = [](const std::string& rest) {
    return weights_gib(R"({"model": "qwen3.5-27b", "engine": "vllm", "engine_version": "0.27.0")" + rest +
                       "}");
  };
  const double all = weights("");
  CHECK(all - weights(R"(, "language_model_only": true)") == Approx(0.46 * 2 / 1.0737).epsilon(0.02));
  CHECK(weights(R"(, "speculative": {"method": "mtp", "tokens": 2})") - all ==
        Approx(0.4247 * 2 / 1.0737).epsilon(0.03));
  // More ranks than KV heads: the four heads are replicated, the rest is halved.
  const double four = weights(R"(, "tensor_parallel": 4)");
  const double eight = weights(R"(, "tensor_parallel": 8)");
  CHECK(eight > four / 2);
  CHECK(eight < four * 0.53);
  // Stages: the first holds embedding and tower, the last the head.
  Estimator estimator(catalog::Catalog::builtin());
  const Estimate e = estimator.estimate(parse_scenario(
      R"({"model": "qwen3-32b", "engine": "vllm", "device": "h100-sxm-80gb", "pipeline_parallel": 3,
                         "tensor_parallel": 2, "context": 4096})"));
  REQUIRE(e.memory.devices.size() == 6);
  REQUIRE(e.memory.layers.size() == 64);
  CHECK(e.memory.layers[20].device == 0);
  CHECK(e.memory.layers[21].device == 2);  // 64 = 21 + 22 + 21
  CHECK(e.memory.layers[42].device == 2);
  CHECK(e.memory.layers[43].device == 4);
  CHECK(e.memory.output_device == 4);
  Bytes sum = 0;
  for (std::size_t i = 0; i < 6; i += 2) sum += e.memory.devices[i].weights + e.memory.devices[i + 1].weights;
  CHECK(units::to_gib(sum) == Approx(61.02).epsilon(0.01));
}

TEST_CASE("a stored tied head is loaded once, a vocabulary padded, experts spread") {
  CHECK(weights_gib(R"({"model": "qwen3-0.6b", "engine": "vllm", "engine_version": "0.11.0"})") ==
        Approx(1.12).margin(0.005));
  const double shared = weights_gib(
      R"({"model": "qwen3-235b-a22b", "engine": "vllm", "tensor_parallel": 4, "expert_parallel": 4})");
  CHECK(shared ==
        Approx(weights_gib(R"({"model": "qwen3-235b-a22b", "engine": "vllm", "tensor_parallel": 4})"))
            .epsilon(0.002));
  const double copies = weights_gib(
      R"({"model": "qwen3-235b-a22b", "engine": "vllm", "tensor_parallel": 4, "data_parallel": 2})");
  CHECK(copies < shared * 0.55);
}

TEST_CASE("version texts") {
  CHECK(vllm("0.11.0").date == "2025-09-30");
  CHECK(vllm("v0.8.5.post1").version == "0.8.5");
  CHECK(vllm("0.8.5 V0").version == "0.8.5");
  CHECK(vllm("0.19.x").version == "0.19.1");
  CHECK(vllm("0.24").version == "0.24.0");
  CHECK(vllm("0.21-dev (2026-05-01)").date == "2026-05-01");
  CHECK(vllm("nightly 2026-04").date == "2026-04-15");
  CHECK(vllm("99.0").version == vllm("").version);
  CHECK(vllm("0.1").version == "0.2.7");
  CHECK(vllm("latest").version == vllm("").version);
  CHECK(vllm("nightly-dev").version == vllm("").version);
  CHECK_THROWS_AS(vllm("prebuilt"), Error);
}

TEST_CASE("version texts of llama.cpp: builds, releases, commits") {
  const auto llama = [](std::string_view text) {
    return engine::version_point(*catalog::Catalog::builtin().engine("llama.cpp"), text);
  };
  CHECK(llama("b9775 / be4a6a63e").version == "b9672");
  CHECK(llama("b9775 / be4a6a63e").date == "2026-06-16");
  CHECK(llama("build_info: b8925-0adede866").version == "b8778");
  CHECK(llama("b9020-12-g5d5f1b46e").version == "b8778");
  CHECK(llama("4591 (7919256c)").version == "b4500");
  CHECK(llama("b828e18c7 (7948)").version == "b7500");  // a commit that looks like a build, and its build
  CHECK(llama("b10").version == llama("").version);     // of a shallow clone
  CHECK(llama("b43556e").version == llama("").version);
  CHECK(llama("b99999").version == llama("").version);
  CHECK(llama("v0.4.0").version == "b10488");
  CHECK(llama("v0.9.0").version == "v0.5.0");
  CHECK(llama("b1000").version == "b1596");
}

namespace {

/// What the estimate of `rest` is refused with; empty when it is made.
std::string refused(const std::string& rest) {
  try {
    Estimator(catalog::Catalog::builtin()).estimate(parse_scenario("{" + rest + "}"));
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::unsupported);
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an engine that is older than its support of a model") {
  CHECK(refused(R"("model":"qwen3-8b","engine":"vllm","engine_version":"0.6.3")") ==
        "engine_version: vLLM 0.6.3 does not know Qwen3 (Qwen3ForCausalLM): it takes 0.8.4 or newer");
  const std::pair<const char*, const char*> too_old[] = {
      {R"("model":"qwen3-next-80b-a3b-instruct","engine":"vllm")", "0.10.1"},
      {R"("model":"qwen3.5-27b","engine":"vllm")", "0.16.0"},
      {R"("model":"qwen3.5-27b","engine":"vllm")", "2026-02-08"},
      {R"("model":"qwen3-30b-a3b","engine":"sglang")", "0.4.4"},
      {R"("model":"qwen3-8b","engine":"transformers")", "4.50.3"},
      {R"("model":"qwen3-8b","engine":"llama.cpp")", "b5091"},
      {R"("model":"qwen3-8b","engine":"llama.cpp")", "4591 (7919256c)"},
      {R"("model":"qwen3.5-9b","engine":"llama.cpp")", "2026-01"},
      {R"("model":"qwen3-vl-8b-instruct","engine":"ollama")", "0.12.6"}};
  for (const auto& [rest, version] : too_old) {
    INFO(rest << " " << version);
    CHECK(!refused(std::string(rest) + R"(,"engine_version":")" + version + "\"").empty());
  }
  const std::pair<const char*, const char*> new_enough[] = {
      {R"("model":"qwen2.5-7b-instruct","engine":"vllm")", "0.6.3"},
      {R"("model":"qwen3-8b","engine":"vllm")", "0.8"},
      {R"("model":"qwen3-8b","engine":"vllm")", "v0.8.4"},
      {R"("model":"qwen3.5-27b","engine":"vllm")", "0.16.1rc1.dev3"},
      {R"("model":"qwen3-8b","engine":"llama.cpp")", "b5092"},
      {R"("model":"qwen3.5-9b","engine":"llama.cpp")", "v0.5.0"},
      {R"("model":"qwen3.5-9b","engine":"llama.cpp")", "b1-6217b49 (CUDA)"},
      {R"("model":"qwen3-vl-8b-instruct","engine":"ollama")", "0.12.7"}};
  for (const auto& [rest, version] : new_enough) {
    INFO(rest << " " << version);
    CHECK(refused(std::string(rest) + R"(,"engine_version":")" + version + "\"").empty());
  }
}

TEST_CASE("an engine version beyond those that are known is said to be") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto notes = [&](std::string_view version) {
    const Estimate e = estimator.estimate(parse_scenario(
        fmt::format(R"({{"model":"qwen3-8b","engine":"vllm","engine_version":"{}"}})", version)));
    return std::count(e.notes.begin(), e.notes.end(),
                      fmt::format("vLLM {} is not known: the rules of 0.28.0 are taken", version));
  };
  CHECK(notes("99.1") == 0);  // any 99.1
  CHECK(notes("99.1.0") == 1);
  CHECK(notes("0.28.0") == 0);
}
