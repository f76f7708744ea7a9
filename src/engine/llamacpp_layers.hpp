// Which layers of a placement have to be planned, and whether the others change anything.
#pragma once

#include <vector>

#include "llamacpp_compute.hpp"
#include "llamacpp_hash.hpp"

namespace qwenfit::engine::llamacpp {

/// A placement without layers that only repeat what others do.
class KeptLayers {
 public:
  /// @param met how often a layer and its successor are met before the like of them are left out; 0: never
  KeptLayers(const ComputeJob& job, int met);

  /// Those of all layers that stay.
  std::vector<LayerWeights> of(const std::vector<LayerWeights>& all) const;

  /// Whether the layers left out leave the planner's memory as it is where they are missing, and pass only
  /// through states in which the like of them were planned: the peak is then that of all layers.
  /// @param states ahead of each kept layer (peak_bytes)
  bool proven_by(const std::vector<Hash>& states) const;

 private:
  struct Like;
  Like like(std::size_t i) const;

  std::size_t period_;  ///< two neighbours use each other's memory in turn: twice the model's, unless rough
  std::size_t own_;     ///< so many first layers are like no other: deepstack slices, Qwen4Exp's lookup
  std::vector<int> kinds_;         ///< of every layer: the number of the first that is alike
  std::vector<std::size_t> kept_;  ///< numbers of the layers that stay
};

}  // namespace qwenfit::engine::llamacpp
