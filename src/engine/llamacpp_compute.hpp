// Compute buffers: the prompt graph planned on the devices, and kept for contexts of other lengths.
#pragma once

#include <optional>
#include <vector>

#include "llamacpp_hash.hpp"
#include "llamacpp_prompt.hpp"
#include "llamacpp_schedule.hpp"
#include "llamacpp_sketch.hpp"

namespace qwenfit::engine::llamacpp {

/// All that the size of the compute buffers depends on.
struct ComputeJob {
  ModelShape shape;
  ContextShape context;
  Placement placement;
  Backends backends;
  GraphKind kind = GraphKind::trunk;
};

void add_backends(Hash& hash, const Backends& backends);

/// Bytes of the compute buffer on each backend, the host last. As llama.cpp does it: flash attention is given
/// up when it would not run where its layer is (`flash_attention` in the result tells).
struct ComputeBuffers {
  std::vector<Bytes> bytes;
  bool flash_attention = true;
};
ComputeBuffers compute_buffers(const ComputeJob& job);

/// The same for one placement at many contexts: what does not change with the context is looked at once.
class ComputePlanner {
 public:
  explicit ComputePlanner(ComputeJob job);  ///< `job.context` is not read
  /// Valid until the next call, of any planner of this thread.
  const ComputeBuffers& at(const ContextShape& context);

 private:
  ComputeJob job_;
  Hash placed_;                   ///< of all but the context
  std::optional<Sketch> sketch_;  ///< made when needed
  Hash sketched_;                 ///< of all that the sketch's program depends on, but the context
};

/// The same, planned layer by layer without shortcuts; what compute_buffers is held against.
ComputeBuffers compute_buffers_in_full(const ComputeJob& job);

}  // namespace qwenfit::engine::llamacpp
