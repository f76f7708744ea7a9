// Which layers of a placement are alike, and a shorter placement in which each kind of layer occurs.
#pragma once

#include <vector>

#include "llamacpp_prompt.hpp"

namespace qwenfit::engine::llamacpp {

/// Layers are alike when scheduler and allocator treat them alike, whatever the types of their weights.
struct Sketch {
  std::vector<std::size_t> kept;  ///< numbers of the layers that stay, ascending; every kind is among them
  std::vector<std::size_t> like;  ///< of every layer: the place in `kept` of one that is alike

  /// Those of all layers that stay.
  std::vector<LayerWeights> of(const std::vector<LayerWeights>& all) const;
};

Sketch sketch_of(const ModelShape& shape, const Placement& placement);

}  // namespace qwenfit::engine::llamacpp
