// A memory plan of llama.cpp for one arrangement of the layers, and the arrangement it chooses by itself.
// Used by all engines that are llama.cpp inside.
#pragma once

#include "llamacpp_compute.hpp"
#include "llamacpp_context.hpp"
#include "llamacpp_placement.hpp"

namespace qwenfit::engine::llamacpp {

/// One setup, with what does not change while layers are moved between devices.
struct Job {
  const Setup& setup;
  Version version;
  ContextShape context;
  ModelShape shape;
  Backends backends;
  std::shared_ptr<const WeightTable> weights;
  int gpus = 0;
  int layers = 0;              ///< of the file, MTP blocks included
  std::vector<double> shares;  ///< of the cards in the layers
  Bytes runtime = 0;           ///< what a backend takes of a card before anything is loaded
};

Job job_of(const Setup& setup);

/// @param rough for a search: see ComputeJob::rough
MemoryPlan plan_with(const Job& job, const Arrangement& arrangement, bool rough = false);

/// The arrangement that -ngl, --n-cpu-moe and --tensor-split ask for; without -ngl all layers are on cards.
Arrangement asked_arrangement(const Job& job);

/// As many layers as leave `margin` free on every card: whole layers, back to front.
/// @param moves_experts of models with experts first all that is no expert, then the experts of the first
///                      layers (llama.cpp: common/fit.cpp)
Arrangement fitted_arrangement(const Job& job, Bytes margin, bool moves_experts);

/// Whether every card has so much left.
bool leaves_free(const MemoryPlan& plan, Bytes margin);

}  // namespace qwenfit::engine::llamacpp
