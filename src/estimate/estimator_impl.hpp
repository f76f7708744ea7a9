#pragma once

#include <map>
#include <tuple>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

struct Estimator::Impl {
  explicit Impl(const catalog::Catalog& c) : catalog(c) {}

  /// The weights of a model in a format, from the cache or computed.
  std::shared_ptr<const format::Weights> weights(const catalog::Model& model,
                                                 const catalog::WeightFormat& format,
                                                 const format::RecipeOptions& recipe);

  const catalog::Catalog catalog;
  using Key = std::tuple<const catalog::Model*, const catalog::WeightFormat*, bool, bool, bool, bool>;
  std::map<Key, std::shared_ptr<const format::Weights>> weight_cache;
};

}  // namespace qwenfit
