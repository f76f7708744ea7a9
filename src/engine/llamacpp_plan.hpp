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

/// More sequences than these are refused (llama-cparams.h: LLAMA_MAX_SEQ).
inline constexpr std::int64_t kMostSequences = 256;

/// Plans of one arrangement at many contexts: weights and what else stays are worked out once.
class Arranged {
 public:
  /// @param job must outlive it
  Arranged(const Job& job, Arrangement arrangement);
  /// Valid until the next call.
  const MemoryPlan& at(const ContextShape& context);
  /// The same with the compute buffers of the plan before (the first time: of the job's context), for a
  /// search: they hardly change, and take most of the time.
  const MemoryPlan& about(const ContextShape& context);
  /// The same without compute buffers: less than it takes, but known at once.
  const MemoryPlan& without_compute(const ContextShape& context);

 private:
  void place_fixed();
  void reset();
  void place(const ContextShape& context);
  void add_compute(ComputePlanner& planner, const ContextShape& context);
  void plan_compute(const ContextShape& context);

  const Job& job_;
  Arrangement a_;
  std::vector<CachedLayers> cached_;
  ComputePlanner trunk_;
  std::optional<ComputePlanner> draft_;  ///< of the MTP block as a context of its own
  std::vector<Bytes> weights_;           ///< of each device, then the host
  std::vector<Bytes> compute_;           ///< of each card, then the host, as planned last
  MemoryPlan plan_;
};

MemoryPlan plan_with(const Job& job, const Arrangement& arrangement);

/// The arrangement that -ngl, --n-cpu-moe and --tensor-split ask for; without -ngl all layers are on cards.
Arrangement asked_arrangement(const Job& job);

/// The arrangement that `plan` has.
Arrangement arrangement_of(const Job& job, const MemoryPlan& plan);

/// As many layers as leave `margin` free on every card: whole layers, back to front.
/// @param moves_experts of models with experts first all that is no expert, then the experts of the first
///                      layers (llama.cpp: common/fit.cpp)
Arrangement fitted_arrangement(const Job& job, Bytes margin, bool moves_experts);

/// Whether every card has so much left.
bool leaves_free(const MemoryPlan& plan, Bytes margin);

}  // namespace qwenfit::engine::llamacpp
