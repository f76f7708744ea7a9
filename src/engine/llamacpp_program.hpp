// The planned graph of a sketch, replayed for all layers of a placement.
//
// What is taken and given back, and in which order, depends neither on the length of the context nor on the
// types of the weights: only sizes do. So the graph of a sketch is planned once, cut into one segment a
// layer, and every layer of a placement replays the segment of the layer it is like, with its own sizes.
#pragma once

#include <optional>
#include <vector>

#include "llamacpp_allocator.hpp"
#include "llamacpp_compute.hpp"
#include "llamacpp_sketch.hpp"

namespace qwenfit::engine::llamacpp {

class Program {
 public:
  /// Plans the graph of `job`, whose layers are those that a sketch keeps.
  explicit Program(const ComputeJob& job);

  /// The compute buffers of `job`, with all its layers.
  /// @param sketch of it, whose kept layers are those this was made of
  ComputeBuffers run(const ComputeJob& job, const Sketch& sketch);

  /// Number of events: what it takes of memory.
  std::size_t size() const { return steps_.size(); }

 private:
  /// A block of memory by who took it: at a layer, a tensor of it, of one behind it or of the graph's head.
  using Name = std::int64_t;
  struct Namer;

  struct Step {
    Event event;
    Name name;
    int weight;  ///< of a copied weight, its place in `weights_`; -1: anything else
    Bytes size_growth = 0;
    Bytes offset_growth = 0;
  };

  /// A weight that is copied to another backend: its copy is as large as the file's type makes it.
  struct Weight {
    Tensor copy;
    int buffer;
    bool in_layer;  ///< false: embedding or head
  };

  struct State;
  class Walk;

  bool grow(const ComputeJob& kept_job, std::int64_t steps);
  void replay(std::size_t segment, const std::vector<Bytes>& weight_sizes, std::int64_t steps,
              State& state) const;

  Backends backends_;
  bool flash_attention_ = true;
  std::int64_t cells_ = 0;
  std::vector<Step> steps_;
  std::vector<std::size_t> begins_;  ///< of the graph's head, of each layer; the end. The last layer's
                                     ///< segment has the graph's end too
  std::vector<Weight> weights_;
  std::vector<Index> copied_;   ///< Schedule::copied
  std::size_t tensors_ = 0;     ///< without copies
  bool split_by_layer_ = true;  ///< weights are copied in the segment of the layer that needs them
  bool grown_ = false;
};

/// The same without a sketch: all layers of the job planned.
ComputeBuffers planned_in_full(const ComputeJob& job);

}  // namespace qwenfit::engine::llamacpp
