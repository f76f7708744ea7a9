#include "engine_numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "qwenfit/units.hpp"

namespace qwenfit::plan {
namespace {

bool digits_only(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

EngineNumber vllm_number(std::string_view option, std::string_view text) {
  const bool large = option == "max_model_len" || option == "max_num_batched_tokens" ||
                     option == "kv_cache_memory_bytes" || option == "kv_cache_memory";
  if (!large || text.empty() || digits_only(text)) return {std::string(text), {}};
  if (option == "max_model_len" && (text == "auto" || text == "-1")) return {"auto", {}};
  static constexpr std::string_view kDecimal = "kmgt", kBinary = "KMGT";
  const char last = text.back();
  const std::string_view number = text.substr(0, text.size() - 1);
  const auto decimal = kDecimal.find(last), binary = kBinary.find(last);
  const auto value = units::parse_number(number);
  const bool plain =
      std::all_of(number.begin(), number.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  if (!value || !plain || (decimal == std::string_view::npos && binary == std::string_view::npos))
    return {std::string(text),
            fmt::format("vLLM takes digits, or one of k m g t (thousands) and K M G T (1,024s) behind "
                        "them, not '{}'",
                        text)};
  const bool thousands = decimal != std::string_view::npos;
  if (!thousands && !digits_only(number))
    return {std::string(text), fmt::format("vLLM takes no fraction before {}: '{}'", last, text)};
  const double unit =
      std::pow(thousands ? 1000.0 : 1024.0, static_cast<double>(thousands ? decimal : binary) + 1);
  const double result = std::floor(*value * unit);
  if (!(result < 9e15)) return {std::string(text), fmt::format("'{}' is out of range", text)};
  return {fmt::format("{}", static_cast<std::int64_t>(result)), {}};
}

EngineNumber llama_number(std::string_view option, std::string_view text) {
  const bool integer = option == "ctx_size" || option == "parallel" || option == "batch_size" ||
                       option == "ubatch_size" || option == "n_cpu_moe";
  if (!integer || text.empty() || text[0] == '-' || digits_only(text)) return {std::string(text), {}};
  const auto end = text.find_first_not_of("0123456789");
  if (end == 0) return {std::string(text), {}};
  const std::string_view read = text.substr(0, end);
  return {std::string(read), fmt::format("llama.cpp reads '{}' as {}", text, read)};
}

}  // namespace

EngineNumber number_for(EngineKind engine, std::string_view option, std::string_view text) {
  if (engine == EngineKind::vllm || engine == EngineKind::huggingface) return vllm_number(option, text);
  if (engine == EngineKind::llama_cpp) return llama_number(option, text);
  return {std::string(text), {}};
}

}  // namespace qwenfit::plan
