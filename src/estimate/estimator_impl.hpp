#pragma once

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

struct Estimator::Impl {
  explicit Impl(const catalog::Catalog& c) : catalog(c) {}

  /// The weights of a model in a format, from the cache or computed.
  std::shared_ptr<const format::Weights> weights(const catalog::Model& model,
                                                 const catalog::WeightFormat& format,
                                                 const format::RecipeOptions& recipe);

  /// Names looked up, from the cache or searched: a batch repeats few names many times.
  const catalog::ModelMatch& find_model(const std::string& name);
  const catalog::DeviceMatch& find_device(const std::string& name);

  const catalog::Catalog catalog;
  using Key = std::tuple<const catalog::Model*, const catalog::WeightFormat*, bool, bool, bool, bool>;
  std::map<Key, std::shared_ptr<const format::Weights>> weight_cache;
  std::unordered_map<std::string, catalog::ModelMatch> model_cache;
  std::unordered_map<std::string, catalog::DeviceMatch> device_cache;
};

}  // namespace qwenfit
