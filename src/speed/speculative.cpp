#include "speculative.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qwenfit::speed {
namespace {

/// Accepted tokens a step with k drafted ones, each kept with probability a when all before it were
/// (Leviathan et al., arXiv:2211.17192, equation 1).
double tokens_per_step(double a, int k) {
  if (a >= 1) return k + 1;
  return (1 - std::pow(a, k + 1)) / (1 - a);
}

/// Cost of drafting one token, as a share of a plain step: an MTP block and the head are read; a draft model
/// is taken as a tenth of the model; an n-gram is looked up.
double draft_share(const engine::Setup& setup) {
  const std::string& method = setup.speculative->method;
  if (method == "ngram") return 0.005;
  if (method == "draft") return 0.10;
  double head = 0;
  double all = 1;
  for (const format::TypedTensor& t : setup.weights->tensors) {
    const auto bytes = static_cast<double>(t.total());
    if (t.tensor.part != model::Part::text) continue;
    all += bytes;
    if (t.tensor.role == model::Role::output) head += bytes;
  }
  return 1.0 / std::max(1, setup.model->geometry.layers) + head / all;
}

}  // namespace

Speculation speculate(const engine::Setup& setup, const engine::MemoryPlan& plan, const Timed& step) {
  const engine::Speculative& s = *setup.speculative;
  // Without a figure: drafts of the model's own heads are mostly kept, n-grams only where text repeats.
  const double assumed = s.method == "ngram" ? 0.4 : 0.7;
  const double a = s.acceptance.value_or(assumed);
  const double doubt = s.acceptance ? 0.05 : 0.2;
  // Checking k + 1 tokens reads more experts and multiplies the products; the cache is read once.
  engine::Setup check = setup;
  check.concurrency = setup.concurrency * (s.tokens + 1);
  Work work = decode_work(check, plan);
  work.cache_s /= s.tokens + 1;
  work.state_s /= s.tokens + 1;
  Parts parts = parts_of(setup, work, Phase::decode, step.logs);
  parts.prompts = step.parts.prompts;
  parts.prompt_launches = step.parts.prompt_launches;
  parts.mixed = step.parts.mixed;
  const double checking = parts.sum() / step.parts.sum();
  const double cost = std::max(1.0, checking) + s.tokens * draft_share(setup);
  const auto gain = [&](double acceptance) {
    return tokens_per_step(std::clamp(acceptance, 0.0, 1.0), s.tokens) / cost;
  };
  Speculation out;
  out.speedup = {gain(a), gain(a - doubt), gain(a + doubt)};
  out.note = fmt::format(
      "speculative decoding ({}, {} a step): {:.2f} tokens a step at an acceptance of {:.2f}{}, a step costs "
      "{:.2f} "
      "plain ones",
      s.method, s.tokens, tokens_per_step(a, s.tokens), a, s.acceptance ? "" : " (assumed)", cost);
  return out;
}

}  // namespace qwenfit::speed
