// ggml's allocator (ggml-alloc.c): where every tensor of a graph goes, and how large the buffers have to be.
//
// What is taken and given back, and in which order, does not depend on the length of the context; only the
// sizes do. So a graph is turned into a list of events once, and the list is replayed with other sizes.
#pragma once

#include <vector>

#include "llamacpp_hash.hpp"
#include "llamacpp_schedule.hpp"

namespace qwenfit::engine::llamacpp {

/// Memory taken for a slot, or given back: the whole of a slot or its tail beyond `offset`.
struct Event {
  Bytes size;
  Bytes offset;
  Index slot;
  std::int16_t buffer;
  bool take;
};

/// Events with the same slots and buffers, and how much larger each is after so many steps more.
struct Events {
  std::vector<Event> list;
  std::vector<Index> layers;                    ///< number of events ahead of each layer, where layers repeat
  std::vector<std::pair<Bytes, Bytes>> growth;  ///< of size and offset, per step; empty: none is known
  Index slots = 0;
};

/// What ggml_gallocr does with the scheduled graph.
Events plan_events(const Backends& backends, const Graph& graph, const Schedule& schedule);

/// Sizes of the buffers, one per backend: the highest address that the planner's free lists ever reach.
/// @param steps by which the events have grown
/// @param states when given, receives a hash of what is free and taken, and where, ahead of each layer: from
///               equal states the same events go on alike
std::vector<Bytes> peak_bytes(const Backends& backends, const Events& events, std::int64_t steps = 0,
                              std::vector<Hash>* states = nullptr);

}  // namespace qwenfit::engine::llamacpp
