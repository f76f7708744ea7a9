#include "llamacpp_allocator.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace qwenfit::engine::llamacpp {
namespace {

constexpr Bytes kHostAlignment = 32;

Bytes alignment_of(const Backends& b, int buffer) {
  return buffer == b.cpu() ? kHostAlignment : b.alignment;
}

/// ggml_op_can_inplace, of the operations that occur here.
bool can_inherit(Op op) {
  switch (op) {
    case Op::in_place:
    case Op::add:
    case Op::mul:
    case Op::rms_norm:
    case Op::rope:
    case Op::soft_max: return true;
    default: return false;
  }
}

class Planner {
 public:
  Planner(const Backends& b, const Graph& g, const Schedule& s)
      : b_(b), g_(g), s_(s), state_(g.tensors.size()) {}

  Events run() {
    for (const Index i : s_.leaves) allocate(i, at(i));
    for (const ScheduleStep& step : s_.steps) count(step);
    auto layer = s_.layers.begin();
    for (std::size_t i = 0; i < s_.steps.size(); ++i) {
      for (; layer != s_.layers.end() && static_cast<std::size_t>(*layer) == i; ++layer)
        events_.layers.push_back(static_cast<Index>(events_.list.size()));
      execute(s_.steps[i]);
    }
    return std::move(events_);
  }

 private:
  struct State {
    int children = 0;
    int views = 0;
    Index slot = kNone;
    std::int16_t buffer = -1;
    bool allocated = false;
  };

  State& state(Index i) { return state_[static_cast<std::size_t>(i)]; }
  int at(Index i) const { return s_.backend[static_cast<std::size_t>(i)]; }
  Bytes size_of(Index i, int buffer) const { return aligned_size(b_, g_, i, buffer); }

  template <class F>
  void each_source(const ScheduleStep& step, F&& f) {
    if (step.kind == ScheduleStep::Kind::keep) {
      const auto first = s_.kept.begin() + step.tensor;
      std::for_each(first, first + step.other, f);
    } else if (step.kind == ScheduleStep::Kind::copy) {
      f(step.tensor);
    } else {
      for (const Index s : g_[step.tensor].src) {
        if (s != kNone) f(s);
      }
    }
  }

  /// Uses of every tensor. What is marked as an input is taken at once, before all else.
  void count(const ScheduleStep& step) {
    if (step.kind == ScheduleStep::Kind::compute && g_[step.tensor].view_of != kNone)
      ++state(g_[step.tensor].view_of).views;
    each_source(step, [&](Index s) {
      ++state(s).children;
      if (g_[s].input) allocate(s, at(s));
    });
  }

  void execute(const ScheduleStep& step) {
    const Index node = step.kind == ScheduleStep::Kind::copy ? step.other : step.tensor;
    each_source(step, [&](Index s) { allocate(s, at(node_of(step))); });
    if (step.kind == ScheduleStep::Kind::compute) allocate(node, at(node));
    each_source(step, [&](Index s) { release(s); });
    if (step.kind == ScheduleStep::Kind::copy) allocate(node, at(node));
  }

  Index node_of(const ScheduleStep& step) const {
    if (step.kind == ScheduleStep::Kind::keep) return s_.kept[static_cast<std::size_t>(step.tensor)];
    return step.tensor;
  }

  bool elsewhere(Index i) const {
    return g_[i].home >= 0 || (g_[i].view_of != kNone && g_[g_[i].view_of].home >= 0);
  }

  void allocate(Index i, int buffer) {
    State& me = state(i);
    const Tensor& t = g_[i];
    if (me.allocated || t.view_of != kNone || elsewhere(i)) return;
    me.allocated = true;
    if (inherit(i)) return;
    me.buffer = static_cast<std::int16_t>(buffer);
    me.slot = i;
    events_.list.push_back({size_of(i, buffer), 0, me.slot, i, kNone, me.buffer, true});
  }

  bool inherit(Index i) {
    const Tensor& t = g_[i];
    for (const Index s : t.src) {
      if (s == kNone) continue;
      State& parent = state(s);
      const Tensor& p = g_[s];
      if (!parent.allocated || p.output || !may_inherit(t, p)) continue;
      if (parent.children != 1 || parent.views != 0) continue;
      State& me = state(i);
      me.slot = parent.slot;
      me.buffer = parent.buffer;
      parent.allocated = false;
      const Bytes larger = size_of(s, me.buffer);
      const Bytes mine = size_of(i, me.buffer);
      if (larger > mine) events_.list.push_back({larger - mine, mine, me.slot, i, s, me.buffer, false});
      return true;
    }
    return false;
  }

  void release(Index i) {
    State& me = state(i);
    --me.children;
    if (me.children != 0 || me.views != 0) return;
    const Index root = g_[i].view_of;
    if (root == kNone) {
      if (me.allocated) free(i);
      return;
    }
    State& whole = state(root);
    --whole.views;
    if (whole.views == 0 && whole.children == 0 && whole.allocated) free(root);
  }

  void free(Index i) {
    if (g_[i].output) return;
    State& me = state(i);
    events_.list.push_back({size_of(i, me.buffer), 0, me.slot, i, kNone, me.buffer, false});
    me.allocated = false;
  }

  const Backends& b_;
  const Graph& g_;
  const Schedule& s_;
  std::vector<State> state_;
  Events events_;
};

}  // namespace

bool may_inherit(const Tensor& t, const Tensor& operand) {
  return can_inherit(t.op) && operand.type == t.type && operand.ne == t.ne && operand.nb == t.nb;
}

Bytes aligned_size(const Backends& b, const Graph& graph, Index tensor, int buffer) {
  return align_up(allocation_size(b, graph, tensor, buffer), alignment_of(b, buffer));
}

Bytes aligned_size(const Backends& b, const Tensor& tensor, int buffer) {
  return align_up(allocation_size(b, tensor, buffer), alignment_of(b, buffer));
}

Events plan_events(const Backends& backends, const Graph& graph, const Schedule& schedule) {
  return Planner(backends, graph, schedule).run();
}

void resize(const Backends& backends, const Graph& graph, Event& e) {
  const Bytes size = aligned_size(backends, graph, e.tensor, e.buffer);
  e.offset = e.larger == kNone ? 0 : size;
  e.size = e.larger == kNone ? size : aligned_size(backends, graph, e.larger, e.buffer) - size;
}

Bytes FreeList::take(Bytes size) {
  std::size_t best = blocks_.size() - 1;
  Bytes best_size = std::numeric_limits<Bytes>::max();
  for (std::size_t i = 0; i + 1 < blocks_.size(); ++i) {
    if (blocks_[i].size >= size && blocks_[i].size <= best_size) {
      best = i;
      best_size = blocks_[i].size;
    }
  }
  Block& block = blocks_[best];
  const Bytes offset = block.offset;
  block.offset += size;
  block.size -= size;
  if (block.size == 0) blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(best));
  peak_ = std::max(peak_, offset + size);
  return offset;
}

void FreeList::give(Bytes offset, Bytes size) {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    Block& block = blocks_[i];
    if (block.offset + block.size == offset) {
      block.size += size;
      if (i + 1 < blocks_.size() && block.offset + block.size == blocks_[i + 1].offset) {
        block.size += blocks_[i + 1].size;
        blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
      return;
    }
    if (offset + size == block.offset) {
      block.offset = offset;
      block.size += size;
      if (i > 0 && blocks_[i - 1].offset + blocks_[i - 1].size == block.offset) {
        blocks_[i - 1].size += block.size;
        blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(i));
      }
      return;
    }
  }
  const auto after =
      std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& b) { return b.offset >= offset; });
  blocks_.insert(after, {offset, size});
}

std::vector<Bytes> peak_bytes(const Backends& backends, const Events& events) {
  std::vector<FreeList> lists(static_cast<std::size_t>(backends.gpus) + 1);
  std::unordered_map<Index, Bytes> offsets;
  for (const Event& e : events.list) {
    FreeList& list = lists[static_cast<std::size_t>(e.buffer)];
    if (e.take) offsets[e.slot] = list.take(e.size);
    else list.give(offsets[e.slot] + e.offset, e.size);
  }
  std::vector<Bytes> peaks;
  peaks.reserve(lists.size());
  for (const FreeList& list : lists) peaks.push_back(list.peak());
  return peaks;
}

}  // namespace qwenfit::engine::llamacpp
