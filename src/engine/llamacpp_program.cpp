#include "llamacpp_program.hpp"

#include <algorithm>
#include <deque>

namespace qwenfit::engine::llamacpp {
namespace {

constexpr std::int64_t kStep = 256;  // contexts are padded to it

/// llama_context::resolve_fused_ops, with a batch of one token per sequence: attention on a card whose layer
/// is elsewhere. Where all layers are on cards there is nothing to resolve.
bool attention_is_fused(ComputeJob job, Graph& graph, Schedule& scheduled) {
  std::vector<std::int16_t> where;
  bool on_host = false;
  for (const LayerWeights& l : job.placement.layers) {
    where.push_back(l.backend);
    on_host = on_host || l.backend == job.backends.cpu();
  }
  // Fewer tokens than are worth moving: a layer on the host stays there as a whole.
  if (!on_host || job.backends.gpus == 0 || job.context.sequences < kOffloadedRows) return true;
  job.context.tokens = job.context.outputs = job.context.sequences;
  build_prompt(graph, job.shape, job.context, job.placement, job.kind);
  schedule(job.backends, graph, scheduled, true);
  return fused_where_expected(graph, scheduled, where);
}

struct Planned {
  bool flash_attention;
  Graph& graph;
  Schedule& schedule;
  Events events;
};

/// Graph and schedule are valid until the next call.
Planned plan(ComputeJob job) {
  thread_local Graph graph;
  thread_local Schedule scheduled;
  job.context.flash_attention = job.context.flash_attention && attention_is_fused(job, graph, scheduled);
  build_prompt(graph, job.shape, job.context, job.placement, job.kind);
  schedule(job.backends, graph, scheduled);
  return {job.context.flash_attention, graph, scheduled, plan_events(job.backends, graph, scheduled)};
}

}  // namespace

ComputeBuffers planned_in_full(const ComputeJob& job) {
  const Planned p = plan(job);
  return {peak_bytes(job.backends, p.events), p.flash_attention};
}

/// Names of blocks. From layer to layer, the name of what an earlier layer took moves one further away.
struct Program::Namer {
  static constexpr int kCopyBits = 20;
  static constexpr int kTensorBits = 20;
  static constexpr Name kOneLayer = Name{1} << (kCopyBits + kTensorBits);
  static constexpr Name kThisLayer = kOneLayer << 16;  // above it: earlier layers, below: later ones
  static constexpr Name kNobody = 0;                   // who is never given back

  const Graph& graph;
  const Schedule& schedule;
  std::size_t originals;

  /// The layer that a tensor was made for; -1: the graph's head.
  int layer_of(Index tensor) const {
    const auto& starts = graph.layers;
    return static_cast<int>(std::upper_bound(starts.begin(), starts.end(), tensor) - starts.begin()) - 1;
  }
  bool is_copy(Index tensor) const { return static_cast<std::size_t>(tensor) >= originals; }
  Index original(Index tensor) const {
    return is_copy(tensor) ? schedule.copied[static_cast<std::size_t>(tensor) - originals] : tensor;
  }

  /// As it is called at `layer`.
  Name operator()(Index tensor, int layer) const {
    const Index source = original(tensor);
    const int copy = is_copy(tensor) ? schedule.backend[static_cast<std::size_t>(tensor)] + 1 : 0;
    const int made = layer_of(source);
    const Index first = made < 0 ? -1 : graph.layers[static_cast<std::size_t>(made)];
    const Name name = (Name{source - first} << kCopyBits) + copy;
    return made < 0 ? name : name + kThisLayer + (layer - made) * kOneLayer;
  }

  static Name one_layer_later(Name name) { return name < kOneLayer ? name : name + kOneLayer; }
};

Program::Program(const ComputeJob& job) : backends_(job.backends), cells_(job.context.cells) {
  const Planned p = plan(job);
  flash_attention_ = p.flash_attention;
  copied_ = p.schedule.copied;
  tensors_ = p.graph.tensors.size() - copied_.size();
  const Namer name{p.graph, p.schedule, tensors_};
  begins_ = {0};
  for (const Index i : p.events.layers) begins_.push_back(static_cast<std::size_t>(i));
  begins_.push_back(p.events.list.size());
  std::vector<bool> given(p.graph.tensors.size());
  for (const Event& e : p.events.list)
    given[static_cast<std::size_t>(e.slot)] = given[static_cast<std::size_t>(e.slot)] || !e.take;
  std::vector<int> weight_of(p.graph.tensors.size(), -1);
  int layer = -1;
  for (std::size_t i = 0; i < p.events.list.size(); ++i) {
    const Event& e = p.events.list[i];
    while (i >= begins_[static_cast<std::size_t>(layer + 2)]) ++layer;
    const Tensor& source = p.graph[name.original(e.tensor)];
    int& weight = weight_of[static_cast<std::size_t>(e.tensor)];
    if (name.is_copy(e.tensor) && source.role >= 0) {
      const int made = name.layer_of(name.original(e.tensor));
      const bool ends = source.layer < 0;
      split_by_layer_ = split_by_layer_ && (ends || made == layer);
      if (weight < 0) {
        weight = static_cast<int>(weights_.size());
        weights_.push_back({p.graph[e.tensor], e.buffer, !ends});
      }
    }
    steps_.push_back(
        {e, given[static_cast<std::size_t>(e.slot)] ? name(e.slot, layer) : Namer::kNobody, weight});
  }
}

/// How sizes change with each step of the cache; false when another length has another graph.
bool Program::grow(const ComputeJob& kept_job, std::int64_t steps) {
  thread_local Graph graph;
  ComputeJob job = kept_job;
  job.context.flash_attention = flash_attention_;
  build_prompt(graph, job.shape, job.context, job.placement, job.kind);
  if (graph.tensors.size() != tensors_) return false;
  add_copies(copied_, backends_, graph);
  for (Step& s : steps_) {
    Event longer = s.event;
    resize(backends_, graph, longer);
    const Bytes size = longer.size - s.event.size;
    const Bytes offset = longer.offset - s.event.offset;
    if (longer.size < 0 || size % steps != 0 || offset % steps != 0) return false;
    s.size_growth = size / steps;
    s.offset_growth = offset / steps;
  }
  return grown_ = true;
}

/// What is free and what is taken ahead of a layer.
struct Program::State {
  struct Block {
    Name name;
    Bytes offset;
    std::int16_t buffer;
    bool operator==(const Block&) const = default;
  };
  std::vector<FreeList> free;
  std::vector<Block> taken;
  bool operator==(const State&) const = default;
};

void Program::replay(std::size_t segment, const std::vector<Bytes>& weight_sizes, std::int64_t steps,
                     State& state) const {
  for (std::size_t i = begins_[segment]; i < begins_[segment + 1]; ++i) {
    const Step& s = steps_[i];
    const Bytes size = s.weight >= 0 ? weight_sizes[static_cast<std::size_t>(s.weight)]
                                     : s.event.size + steps * s.size_growth;
    FreeList& free = state.free[static_cast<std::size_t>(s.event.buffer)];
    if (s.event.take) {
      const Bytes offset = free.take(size);
      state.taken.push_back({s.name, offset, s.event.buffer});
      continue;
    }
    // Mostly what was taken last.
    const auto it = std::find_if(state.taken.rbegin(), state.taken.rend(),
                                 [&](const State::Block& b) { return b.name == s.name; });
    const Bytes offset = s.event.offset + steps * s.offset_growth;
    free.give(it->offset + offset, size);
    if (s.event.larger == kNone) state.taken.erase(std::next(it).base());
  }
  for (State::Block& b : state.taken) b.name = Namer::one_layer_later(b.name);
}

/// Goes through the layers of a placement; a layer that was met in the same state leads to the same state.
class Program::Walk {
 public:
  Walk(const Program& program, const Placement& placement, std::int64_t steps)
      : program_(program), placement_(placement), steps_(steps) {
    State start;
    start.free.resize(static_cast<std::size_t>(program.backends_.gpus) + 1);
    program.replay(0, sizes_of(0), steps, start);
    states_.push_back(std::move(start));
  }

  void enter(std::size_t segment, std::int16_t types) {
    for (const Passage& p : passages_) {
      if (p.from == at_ && p.segment == segment && p.types == types) {
        at_ = p.to;
        return;
      }
    }
    State next = states_[at_];
    program_.replay(segment, sizes_of(types), steps_, next);
    const auto it = std::find(states_.begin(), states_.end(), next);
    const auto to = static_cast<std::size_t>(it - states_.begin());
    if (it == states_.end()) {
      states_.push_back(std::move(next));
    } else {
      for (std::size_t i = 0; i < next.free.size(); ++i) it->free[i].raise_peak(next.free[i].peak());
    }
    passages_.push_back({at_, to, segment, types});
    at_ = to;
  }

  std::vector<Bytes> peaks() const {
    std::vector<Bytes> peaks(states_.front().free.size());
    for (const State& s : states_) {
      for (std::size_t i = 0; i < peaks.size(); ++i) peaks[i] = std::max(peaks[i], s.free[i].peak());
    }
    return peaks;
  }

 private:
  struct Passage {
    std::size_t from, to, segment;
    std::int16_t types;
  };
  struct Sizes {
    std::int16_t types;
    std::vector<Bytes> of;
  };

  const std::vector<Bytes>& sizes_of(std::int16_t types) {
    for (const Sizes& s : sizes_) {
      if (s.types == types) return s.of;
    }
    Sizes made{types, {}};
    for (const Weight& w : program_.weights_) {
      const TypeSet& set =
          w.in_layer ? (*placement_.types)[static_cast<std::size_t>(types)] : *placement_.ends;
      made.of.push_back(aligned_size(program_.backends_,
                                     w.copy.stored_as(set[static_cast<std::size_t>(w.copy.role)]), w.buffer));
    }
    sizes_.push_back(std::move(made));
    return sizes_.back().of;
  }

  const Program& program_;
  const Placement& placement_;
  std::int64_t steps_;
  std::vector<State> states_;
  std::vector<Passage> passages_;
  std::deque<Sizes> sizes_;
  std::size_t at_ = 0;
};

ComputeBuffers Program::run(const ComputeJob& job, const Sketch& sketch) {
  const std::int64_t steps = (job.context.cells - cells_) / kStep;
  if (!split_by_layer_) return planned_in_full(job);
  if (steps != 0 && !grown_) {
    ComputeJob kept = job;
    kept.placement.layers = sketch.of(job.placement.layers);
    if (!grow(kept, steps)) return planned_in_full(job);
  }
  Walk walk(*this, job.placement, steps);
  for (std::size_t i = 0; i < sketch.like.size(); ++i)
    walk.enter(sketch.like[i] + 1, job.placement.layers[i].type_set);
  return {walk.peaks(), flash_attention_};
}

}  // namespace qwenfit::engine::llamacpp
