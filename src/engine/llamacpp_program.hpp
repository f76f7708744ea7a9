// The planned graph of a sketch, replayed for all layers of a placement.
//
// What is taken and given back, and in which order, depends neither on the length of the context nor on the
// types of the weights: only sizes do. So the graph of a sketch is planned once, cut into one segment a
// layer, and every layer of a placement replays the segment of the layer it is like, with its own sizes.
#pragma once

#include <memory>
#include <vector>

#include "llamacpp_allocator.hpp"
#include "llamacpp_compute.hpp"
#include "llamacpp_sketch.hpp"

namespace qwenfit::engine::llamacpp {

class Program {
 public:
  /// Of `job`, whose layers are those that a sketch keeps.
  explicit Program(const ComputeJob& job);

  /// The compute buffers of `job`, with all its layers.
  /// @param sketch of it, whose kept layers are those this was made of
  ComputeBuffers run(const ComputeJob& job, const Sketch& sketch);

  /// Number of events: what it takes of memory.
  std::size_t size() const;

 private:
  struct Order;
  class Orders;
  struct Namer;
  struct Size {
    Bytes size;
    Bytes offset;
  };
  struct State;
  class Walk;

  void put_sizes(const Graph& graph, std::vector<Size>& sizes) const;
  bool grow(const ComputeJob& kept_job, std::int64_t steps);
  bool replay(std::size_t segment, const std::vector<Bytes>& weight_sizes, std::int64_t steps,
              State& state) const;

  Backends backends_;
  bool flash_attention_ = true;
  std::int64_t cells_ = 0;
  std::shared_ptr<const Order> order_;
  std::vector<Tensor> weights_;  ///< copies of weights, as the order counts them
  std::vector<Size> sizes_;      ///< of the order's steps
  std::vector<Size> growth_;     ///< with each step of the cache's length; empty: not known yet
};

/// The same without a sketch: all layers of the job planned.
ComputeBuffers planned_in_full(const ComputeJob& job);

}  // namespace qwenfit::engine::llamacpp
