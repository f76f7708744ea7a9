// Compute buffers: the prompt graph planned on the devices, and kept for contexts of other lengths.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "llamacpp_hash.hpp"
#include "llamacpp_prompt.hpp"
#include "llamacpp_schedule.hpp"

namespace qwenfit::engine::llamacpp {

/// All that the size of the compute buffers depends on.
struct ComputeJob {
  ModelShape shape;
  ContextShape context;
  Placement placement;
  Backends backends;
  GraphKind kind = GraphKind::trunk;
  bool rough = false;  ///< layers whose weights differ in type only count as alike: a search may do with it
};

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
  ~ComputePlanner();
  ComputePlanner(const ComputePlanner&) = delete;
  ComputePlanner& operator=(const ComputePlanner&) = delete;
  /// Valid until the next call, of any planner of this thread.
  const ComputeBuffers& at(const ContextShape& context);

 private:
  struct Short;
  Short& with_layers_met(std::size_t level);

  ComputeJob job_;
  Hash placed_;                                   ///< of all but the context
  std::array<std::unique_ptr<Short>, 4> shorts_;  ///< with fewer layers, the fewest first; made when needed
};

/// The same, planned layer by layer without shortcuts; what compute_buffers is held against.
ComputeBuffers compute_buffers_in_full(const ComputeJob& job);

}  // namespace qwenfit::engine::llamacpp
