// ggml's allocator (ggml-alloc.c): where every tensor of a graph goes, and how large the buffers have to be.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "llamacpp_schedule.hpp"

namespace qwenfit::engine::llamacpp {

/// Memory taken for a slot, or given back: the whole of a slot or its tail beyond `offset`.
struct Event {
  Bytes size;
  Bytes offset;
  Index slot;    ///< the tensor that took it
  Index tensor;  ///< whose size this is; of a tail, the one that stays
  Index larger;  ///< of a tail: the one that was there before; else kNone
  std::int16_t buffer;
  bool take;
};

struct Events {
  std::vector<Event> list;
  std::vector<Index> layers;  ///< number of events ahead of each layer
};

/// What ggml_gallocr does with the scheduled graph.
Events plan_events(const Backends& backends, const Graph& graph, const Schedule& schedule);

/// Whether a result may take the memory of its operand, as far as operation and shapes decide.
bool may_inherit(const Tensor& result, const Tensor& operand);

/// Size and offset of an event when the tensors of `graph` have other sizes.
void resize(const Backends& backends, const Graph& graph, Event& event);

/// Bytes that a tensor takes in a buffer, in whole alignment steps.
Bytes aligned_size(const Backends& backends, const Graph& graph, Index tensor, int buffer);
Bytes aligned_size(const Backends& backends, const Tensor& tensor, int buffer);

/// The free memory of one buffer, as ggml's planner has it: sorted by offset, the last block without end.
class FreeList {
 public:
  Bytes take(Bytes size);
  void give(Bytes offset, Bytes size);

  /// The highest address that was ever taken.
  Bytes peak() const { return peak_; }
  void raise_peak(Bytes peak) { peak_ = std::max(peak_, peak); }

  /// Whether the same is free. Peaks may differ.
  bool operator==(const FreeList& other) const { return blocks_ == other.blocks_; }

 private:
  struct Block {
    Bytes offset;
    Bytes size;
    bool operator==(const Block&) const = default;
  };
  std::vector<Block> blocks_{{0, std::numeric_limits<Bytes>::max() / 2}};
  Bytes peak_ = 0;
};

/// Sizes of the buffers, one per backend: the highest address that the planner's free lists ever reach.
std::vector<Bytes> peak_bytes(const Backends& backends, const Events& events);

}  // namespace qwenfit::engine::llamacpp
