// What would do instead, in the engine's own flags. Every remedy is estimated before it is told.
#pragma once

#include <functional>

#include "qwenfit/plan.hpp"

namespace qwenfit::plan {

/// Whether an estimate has what was missing.
using Accepts = std::function<bool(const Estimate&)>;

/// Weights on the device and room for the context.
bool runs_on_device(const Estimate& estimate);

/// Changes of one setting each after which `accepts` holds, those that cost least first: a shorter context, a
/// larger share of the card, a smaller KV cache, more cards, a smaller weight format, layers in host memory.
/// @param limits whether `accepts` looks at the longest context or the most sequences.
std::vector<Remedy> find_remedies(const Deployment& deployment, Estimator& estimator, const Accepts& accepts,
                                  bool limits = false);

/// llama.cpp and Ollama: as few layers (or their experts) in host memory as make it fit.
std::vector<Remedy> offload_remedies(const Deployment& deployment, Estimator& estimator);

/// The best usual format that the engine runs on this hardware.
std::vector<Remedy> format_remedies(const Deployment& deployment, Estimator& estimator);

/// Tensor parallel sizes that divide the heads, near the one asked for, with which it runs.
std::vector<Remedy> head_remedies(const Deployment& deployment, Estimator& estimator, std::int64_t heads);

/// For parallel sizes that need more cards than `have`: a size that does with these, or the cards.
std::vector<Remedy> request_remedies(const Deployment& deployment, Estimator& estimator, std::int64_t heads);

/// For more cards than the parallel sizes use (`used`): fewer cards, or a size that uses them all.
std::vector<Remedy> idle_remedies(const Deployment& deployment, Estimator& estimator, std::int64_t used,
                                  std::int64_t heads);

/// A context of at most `longest` with which it runs; without a device, one that the model takes.
std::vector<Remedy> context_remedies(const Deployment& deployment, Estimator& estimator,
                                     std::int64_t longest);

/// `text` when `scenario` runs.
std::vector<Remedy> if_it_runs(const Deployment& deployment, Estimator& estimator, std::string text,
                               const Scenario& scenario);

/// Whether options of the deployment extend the model's context (YaRN).
bool extends_context(const Deployment& deployment);

/// The longest context that the model has without such options, tokens.
std::int64_t configured_context(const Estimate& estimate);

/// "--max-model-len" and the like: what people write for a scenario key.
std::string flag_of(const Deployment& deployment, std::string_view key);

}  // namespace qwenfit::plan
