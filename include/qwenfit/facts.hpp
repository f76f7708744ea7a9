// What follows from a model's catalog record without any device: for its card. And whether an overlay's
// records hold together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

struct ModelFacts {
  model::ParameterCount parameters{};
  int kv_layers = 0;
  KvSummary kv{};                                 ///< at 16 bit and the native context, one sequence
  const catalog::WeightFormat* format = nullptr;  ///< that `weights` is in: a usual one of this model
  Bytes weights = 0;
  /// Tokens from which the KV cache outweighs the weights; absent when no context of the model gets there.
  std::optional<std::int64_t> cache_outweighs;
  std::vector<std::string> blocks;        ///< what its layers are made of: "rotary positions", "QKV bias" ...
  std::vector<std::string_view> engines;  ///< names of those that run it
};

/// @return nothing when the geometry is not published.
std::optional<ModelFacts> model_facts(Estimator& estimator, const catalog::Model& model);

/// Models that were trained from this one, by the catalog's base_model.
std::vector<const catalog::Model*> derivatives(const catalog::Catalog& catalog, const catalog::Model& model);

/// The models of the same family, smallest first, `model` among them. By size as the publisher names it.
std::vector<const catalog::Model*> family(Estimator& estimator, const catalog::Model& model);

/// Where GGUF files of the model, or of that variant of it, can be had.
std::vector<const catalog::Download*> downloads(const catalog::Catalog& catalog, const catalog::Model& model,
                                                const catalog::Variant* variant);

/// A record of an overlay and what is wrong with it, if anything.
struct CheckedRecord {
  catalog::OverlayRecord record;
  std::vector<std::string> problems;  ///< its published parameter counts against its geometry
};

/// Reads the overlay at `path` over `base`.
/// @throws Error(bad_input | io) naming file, line and key, where it can't be used at all.
std::vector<CheckedRecord> check_overlay(const catalog::Catalog& base, const std::string& path);

}  // namespace qwenfit
