#include "remedies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "device_hints.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::plan {
namespace {

bool fits(const Scenario& scenario, Estimator& estimator) {
  try {
    const Estimate e = estimator.estimate(scenario);
    return e.fit.fits && e.fit.verdict != Verdict::offload;
  } catch (const Error&) {
    return false;
  }
}

std::string context_flag(const Deployment& d) {
  if (d.engine == "vllm") return "--max-model-len";
  if (d.engine == "sglang") return "--context-length";
  if (d.engine == "llama.cpp") return "--ctx-size";
  if (d.engine == "tensorrt-llm") return "--max_seq_len";
  return "a context of";
}

/// The longest context in steps of 1,024 (of 256 below 4,096) that fits; 0: none.
std::int64_t longest_context(Scenario scenario, std::int64_t asked, Estimator& estimator) {
  std::int64_t low = 0;
  std::int64_t high = asked / 256;
  scenario.context = 1024;
  if (high < 8 || !fits(scenario, estimator)) return 0;
  low = 4;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    scenario.context = middle * 256;
    (fits(scenario, estimator) ? low : high) = middle;
  }
  std::int64_t context = low * 256;
  if (context > 4096) context -= context % 1024;
  scenario.context = context;
  return fits(scenario, estimator) ? context : 0;
}

}  // namespace

std::string find_remedy(const Deployment& d, Estimator& estimator) {
  std::vector<std::string> out;
  const Scenario& s = d.scenario;
  const bool serving = d.engine == "vllm" || d.engine == "sglang" || d.engine == "tensorrt-llm";
  if (d.estimate) {
    const std::int64_t asked = s.context.value_or(d.estimate->setup.context);
    if (const std::int64_t context = longest_context(s, asked, estimator); context >= 1024) {
      const std::int64_t slots =
          d.engine == "llama.cpp" && !s.kv_unified.value_or(false) ? s.parallel_slots.value_or(1) : 1;
      out.push_back(fmt::format("{} {} fits", context_flag(d), context * slots));
    }
  }
  if (serving && !s.devices.empty()) {
    const std::int64_t heads = d.estimate ? d.estimate->setup.model->geometry.heads : 0;
    for (std::int64_t tp = s.tensor_parallel.value_or(1) * 2; tp <= 16; tp *= 2) {
      if (heads > 0 && heads % tp != 0) continue;
      Scenario wider = s;
      wider.tensor_parallel = tp;
      if (s.expert_parallel) wider.expert_parallel = tp * s.data_parallel.value_or(1);
      wider.devices.front().count = static_cast<int>(engine_gpus(wider));
      if (!fits(wider, estimator)) continue;
      out.push_back(fmt::format("tensor parallel size {} fits", tp));
      break;
    }
  } else if (!s.devices.empty()) {
    for (int n = s.devices.front().count + 1; n <= s.devices.front().count + 3; ++n) {
      Scenario more = s;
      more.devices.front().count = n;
      if (!fits(more, estimator)) continue;
      out.push_back(fmt::format("{} of this card fit it", n));
      break;
    }
  }
  if (!s.format || *s.format == "bf16" || *s.format == "f16") {
    Scenario smaller = s;
    smaller.format = serving ? "fp8" : "q4_k_m";
    if (serving && fits(smaller, estimator)) out.push_back("FP8 weights fit");
    smaller.format = serving ? "awq-int4" : "q4_k_m";
    if (out.empty() && fits(smaller, estimator))
      out.push_back(serving ? "4-bit weights (AWQ) fit" : "Q4_K_M weights fit");
  }
  std::string text;
  for (const std::string& remedy : out) text += (text.empty() ? "" : "; ") + remedy;
  return text;
}

}  // namespace qwenfit::plan
