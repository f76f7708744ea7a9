// What PyTorch's CUDA caching allocator makes of a sequence of allocations that are never freed.
//
// Serving engines print memory as the allocator counts it, and it counts whole blocks: a tensor that leaves
// no more than 1 MiB of its segment takes that rest along, which adds up over the layers of a model
// (Qwen2.5-7B: 60 MiB). Rules: c10/cuda/CUDACachingAllocator.cpp (round_size, get_allocation_size,
// should_split).
#pragma once

#include <set>

#include "qwenfit/units.hpp"

namespace qwenfit::engine {

class TorchAllocator {
 public:
  /// @param max_split blocks of this size and more are neither split nor shared (max_split_size_mb); 0: no
  /// limit.
  explicit TorchAllocator(Bytes max_split = 0) : max_split_(max_split) {}

  void allocate(Bytes size);

  /// What the counters were if `size` was allocated next.
  struct Totals {
    Bytes allocated;
    Bytes reserved;
  };
  Totals after(Bytes size) const;

  /// torch.cuda.memory_allocated: blocks handed out.
  Bytes allocated() const { return allocated_; }
  /// torch.cuda.memory_reserved: segments taken from the driver.
  Bytes reserved() const { return reserved_; }

 private:
  /// A free rest that is taken, or a new segment: its size, and what is split off it again.
  struct Placed {
    std::multiset<Bytes>::const_iterator rest;  ///< end: a new segment
    Bytes block;
    Bytes left;
  };
  Placed place(Bytes rounded) const;
  const std::multiset<Bytes>& pool_of(Bytes rounded) const;

  Bytes max_split_;
  Bytes allocated_ = 0;
  Bytes reserved_ = 0;
  std::multiset<Bytes> small_;  ///< free rests of segments for tensors up to 1 MiB
  std::multiset<Bytes> large_;  ///< of the others
};

}  // namespace qwenfit::engine
