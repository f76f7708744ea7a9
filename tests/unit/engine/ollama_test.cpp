// Ollama and LM Studio run llama.cpp.
#include "catch.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

Estimate estimate(const std::string& engine, const std::string& keys) {
  static Estimator estimator(catalog::Catalog::builtin());
  return estimator.estimate(parse_scenario(R"({"engine": ")" + engine + R"(", )" + keys + "}"));
}

}  // namespace

TEST_CASE("LM Studio holds what llama.cpp's library holds with its batch of 512 and four slots") {
  const std::string keys =
      R"("model": "qwen2.5-7b", "format": "q4_k_m", "device": "rtx-4090", "context": 16384)";
  const Estimate inside = estimate(
      "llama.cpp", keys + R"(, "batch": 512, "program": "cli", "parallel_slots": 4, "kv_unified": true)");
  const Estimate around = estimate("lmstudio", keys);
  CHECK(around.memory.total() == inside.memory.total());
  CHECK(*around.scenario.engine == "lmstudio");
  CHECK(*around.scenario.batch == 512);
}

TEST_CASE("a repository of GGUF files means its publisher's") {
  const auto size = [](const std::string& model) {
    return estimate("llama.cpp", R"("model": ")" + model + R"(", "format": "q3_k_m")").weights.bytes;
  };
  const Bytes own = size("bartowski/Qwen_Qwen3-30B-A3B-GGUF");
  CHECK(own != size("qwen3-30b-a3b"));
  CHECK(size("hf.co/bartowski/Qwen_Qwen3-30B-A3B-GGUF") == own);
  CHECK(size("Qwen/Qwen3-30B-A3B") == size("qwen3-30b-a3b"));
}

TEST_CASE("Ollama's first Qwen3 files hold their value matrices in 16 bit") {
  const std::string keys = R"("model": "qwen3-14b", "format": "q4_k_m")";
  const Bytes more = estimate("ollama", keys).weights.bytes - estimate("llama.cpp", keys).weights.bytes;
  // 40 layers of 1024 x 5120 values: 16 bit instead of half Q4_K, half Q6_K.
  CHECK(static_cast<double>(more) ==
        Approx(40.0 * 1024 * 5120 * (16 - (4.5 + 6.5625) / 2) / 8).epsilon(1e-3));
  CHECK(estimate("ollama", R"("model": "qwen3-30b-a3b-instruct-2507", "format": "q4_k_m")").weights.bytes ==
        estimate("llama.cpp", R"("model": "qwen3-30b-a3b-instruct-2507", "format": "q4_k_m")").weights.bytes);
}
