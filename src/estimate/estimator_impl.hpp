#pragma once

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "qwenfit/estimate.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit {

struct Estimator::Impl {
  Impl(const catalog::Catalog& c, ModelFiles f, Surroundings s)
      : catalog(c), files(f), surroundings(std::move(s)) {}

  /// What repeats between scenarios is kept: inventories are walked once.
  std::shared_ptr<const format::Weights> weights(const catalog::Model& model,
                                                 const catalog::WeightFormat& format,
                                                 const format::RecipeOptions& recipe);
  std::shared_ptr<const format::Weights> quick_weights(const catalog::Model& model,
                                                       const catalog::WeightFormat& format);
  void forget_weights();
  const ModelSummary& summary(const catalog::Model& model, const catalog::Variant* variant);
  const WeightSummary& summary(const std::shared_ptr<const format::Weights>& weights);

  /// Names looked up, from the cache or searched: a batch repeats few names many times.
  const catalog::ModelMatch& find_model(const std::string& name);
  const catalog::DeviceMatch& find_device(const std::string& name);
  /// The model on this machine that `name` is the path of; null when it is no path.
  const input::LocalModel* local_model(const std::string& name);

  /// The parts of this machine. @throws Error(unknown_device) where nobody looks at it.
  const machine::LocalDevices& here();

  const catalog::Catalog catalog;
  const ModelFiles files;
  const Surroundings surroundings;
  std::optional<machine::LocalDevices> local;
  using Key = std::tuple<const catalog::Model*, const catalog::WeightFormat*, bool, bool, bool, bool, bool,
                         std::string>;
  std::map<Key, std::shared_ptr<const format::Weights>> weight_cache;
  std::map<std::pair<const catalog::Model*, const catalog::WeightFormat*>,
           std::shared_ptr<const format::Weights>>
      quick_cache;
  std::map<std::pair<const catalog::Model*, const catalog::Variant*>, ModelSummary> model_summaries;
  /// Keeps the weights alive whose address is the key.
  std::map<std::shared_ptr<const format::Weights>, WeightSummary> weight_summaries;
  std::unordered_map<std::string, catalog::ModelMatch> model_cache;
  std::unordered_map<std::string, catalog::DeviceMatch> device_cache;
  std::map<std::pair<std::shared_ptr<const format::Weights>, const input::LocalModel*>,
           std::shared_ptr<const format::Weights>>
      adapted;  ///< weights with an adapter's
  /// Kept for good: other caches and estimates point into them. Null: a name.
  std::unordered_map<std::string, std::shared_ptr<const input::LocalModel>> local_models;
};

}  // namespace qwenfit
