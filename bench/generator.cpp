#include "generator.hpp"

#include <fmt/format.h>

namespace qwenfit::bench {
namespace {

struct Stack {
  std::string_view engine;
  std::vector<std::string_view> formats;
  std::vector<std::string_view> devices;
  std::vector<std::string_view> kv_types;
};

const std::vector<Stack> kStacks{
    {"llama.cpp",
     {"q4_k_m", "q8_0", "q5_k_m", "iq4_xs"},
     {"rtx-4090", "rtx-3090", "rtx-4060-ti-16gb", "rx-7900-xtx", "apple-m3-max-40c"},
     {"f16", "q8_0"}},
    {"vllm", {"bf16", "fp8", "awq-int4"}, {"h100-sxm-80gb", "a100-sxm-80gb", "l40s"}, {"bf16", "fp8"}},
};
const std::vector<int> kContexts{4096, 8192, 16384, 32768};
const std::vector<int> kConcurrencies{1, 1, 1, 4, 16};
const std::vector<int> kCards{1, 1, 2};
const std::vector<int> kPrompts{128, 512, 2048};

}  // namespace

Generator::Generator(const catalog::Catalog& catalog) {
  for (const catalog::Model* model : catalog.models()) {
    if (model->arch != catalog::Arch::unknown) models_.push_back(model->id);
  }
}

std::size_t Generator::random(std::size_t n) {
  // Knuth's MMIX generator: the same on every platform, unlike the standard library's distributions.
  state_ = state_ * 6364136223846793005U + 1442695040888963407U;
  return static_cast<std::size_t>((state_ >> 33) % n);
}

std::string Generator::next() {
  const Stack& stack = pick(kStacks);
  return fmt::format(
      R"({{"id":"{}","model":"{}","format":"{}","engine":"{}","device":"{}","device_count":{},)"
      R"("context":{},"concurrency":{},"kv_type":"{}","prompt_tokens":{},"output_tokens":256}})",
      ++count_, pick(models_), pick(stack.formats), stack.engine, pick(stack.devices), pick(kCards),
      pick(kContexts), pick(kConcurrencies), pick(stack.kv_types), pick(kPrompts));
}

}  // namespace qwenfit::bench
