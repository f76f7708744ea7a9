// Estimates for questions over many combinations. Internal to the solve room.
#pragma once

#include <algorithm>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

struct Settled {
  Estimate estimate;
  std::optional<std::int64_t> max_num_seqs;  ///< what it had to be lowered to
};

/// The estimate of `scenario`; where vLLM would refuse to start and nothing is said of max_num_seqs, that of
/// a server for as many sequences as are asked for: hybrid models keep state for all of its default of 256.
inline Settled estimate_settled(Estimator& estimator, const Scenario& scenario, bool limits) {
  Settled out{estimator.estimate(scenario, limits), std::nullopt};
  const Estimate& first = out.estimate;
  if (!first.memory.refusal || first.setup.engine->id != "vllm" || scenario.max_num_seqs) return out;
  Scenario smaller = scenario;
  smaller.max_num_seqs = first.setup.concurrency;
  Estimate second = estimator.estimate(smaller, limits);
  if (second.memory.refusal) return out;
  return {std::move(second), smaller.max_num_seqs};
}

}  // namespace qwenfit
