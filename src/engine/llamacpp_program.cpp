#include "llamacpp_program.hpp"

#include <algorithm>
#include <deque>
#include <unordered_map>

namespace qwenfit::engine::llamacpp {
namespace {

constexpr std::int64_t kStep = 256;  // contexts are padded to it

/// Whether attention runs on a card although a layer is on the host: llama_context::resolve_fused_ops looks.
/// With fewer sequences than rows are worth moving, a layer on the host stays there as a whole.
bool attention_may_move(const ComputeJob& job) {
  if (!job.context.flash_attention || job.backends.gpus == 0 || job.context.sequences < kOffloadedRows)
    return false;
  return std::any_of(job.placement.layers.begin(), job.placement.layers.end(),
                     [&](const LayerWeights& l) { return l.backend == job.backends.cpu(); });
}

/// With a batch of one token per sequence: attention on a card whose layer is elsewhere.
bool attention_is_fused(ComputeJob job, Graph& graph, Schedule& scheduled) {
  std::vector<std::int16_t> where;
  for (const LayerWeights& l : job.placement.layers) where.push_back(l.backend);
  job.context.tokens = job.context.outputs = job.context.sequences;
  build_prompt(graph, job.shape, job.context, job.placement, job.kind);
  schedule(job.backends, graph, scheduled, true);
  return fused_where_expected(graph, scheduled, where);
}

/// What the graphs are built in, one after the other.
struct Workbench {
  Graph graph;
  Schedule schedule;
};
Workbench& workbench() {
  thread_local Workbench bench;
  return bench;
}

/// Builds the graph. @return whether flash attention stays
bool build(ComputeJob job, Workbench& w) {
  if (attention_may_move(job)) job.context.flash_attention = attention_is_fused(job, w.graph, w.schedule);
  build_prompt(w.graph, job.shape, job.context, job.placement, job.kind);
  return job.context.flash_attention;
}

Events plan(const Backends& backends, Workbench& w) {
  schedule(backends, w.graph, w.schedule);
  return plan_events(backends, w.graph, w.schedule);
}

/// All of a tensor that scheduler and allocator read, but its sources and its sizes.
std::uint64_t traits_of(const Tensor& t) {
  std::uint64_t bits = static_cast<std::uint64_t>(t.op);
  for (const bool flag : {t.weight, t.input, t.output, is_offloaded(t)}) bits = bits * 2 + (flag ? 1 : 0);
  bits = bits << 16 | static_cast<std::uint16_t>(t.layer);
  bits = bits << 16 | static_cast<std::uint16_t>(t.role);
  return bits << 16 | static_cast<std::uint16_t>(t.home);
}

/// What they decide by its sizes and types.
void add_decisions(const Graph& graph, const Backends& backends, const Tensor& t, Hash& hash) {
  switch (t.op) {
    case Op::mul: hash.add(fused_experts(graph, t)); break;
    case Op::argsort: hash.add(t.ne[0]); break;
    case Op::flash_attention: {
      const std::int64_t queries = graph[t.src[0]].ne[1];
      const Tensor& k = graph[t.src[1]];
      const Tensor& v = graph[t.src[2]];
      hash.add(queries <= 1, queries <= backends.vector_tokens, k.ne[0]);
      for (const Type& type : {k.type, v.type}) hash.add(type.quantized, type.half);
      break;
    }
    default: break;
  }
}

/// An odd number whose powers have nothing in common: 2^64 over the golden ratio.
constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15U;

/// Graphs that agree in it have the same order of events, whatever their sizes: those of one model at other
/// contexts, and those of models that are built alike.
Hash order_key(const Graph& graph, const Backends& backends) {
  Hash hash;
  add_backends(hash, backends);
  hash.add(graph.tensors.size(), graph.layers.size());
  for (const Index i : graph.layers) hash.add(i);
  for (const std::vector<Index>* list : {&graph.leaves, &graph.nodes}) {
    hash.add(list->size());
    for (const Index i : *list) {
      const Tensor& t = graph[i];
      std::uint64_t bits = traits_of(t);
      for (const Index s : t.src) {
        if (s == kNone) continue;
        const bool inherits = may_inherit(t, graph[s]);
        bits = (bits + 2 * static_cast<std::uint64_t>(s) + (inherits ? 3 : 2)) * kSpread;
      }
      hash.add(bits, Hash::pair(i, t.view_of));
      add_decisions(graph, backends, t, hash);
    }
  }
  return hash;
}

}  // namespace

ComputeBuffers planned_in_full(const ComputeJob& job) {
  Workbench& w = workbench();
  const bool flash_attention = build(job, w);
  return {peak_bytes(job.backends, plan(job.backends, w)), flash_attention};
}

/// A block of memory by who took it: at a layer, a tensor of it, of one ahead of it or of the graph's head.
using Name = std::int64_t;

/// What is taken and given back, whatever the sizes.
struct Program::Order {
  struct Step {
    Name name;
    Index tensor;  ///< as in Event
    Index larger;
    std::int16_t weight;  ///< of a copied weight, its place in `weights`; -1: anything else
    std::int16_t buffer;
    bool take;
  };

  /// A weight that is copied to another backend: its copy is as large as the file's type makes it.
  struct Weight {
    Index copy;
    int buffer;
    bool in_layer;  ///< false: embedding or head
  };

  std::vector<Step> steps;
  std::vector<std::size_t> begins;  ///< of the graph's head, of each layer; the end. The last layer's segment
                                    ///< has the graph's end too
  std::vector<Weight> weights;
  std::vector<Index> copied;   ///< Schedule::copied
  std::size_t tensors = 0;     ///< without copies
  bool split_by_layer = true;  ///< weights are copied in the segment of the layer that needs them

  Order(const Backends& backends, Workbench& w);
};

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

/// Orders of events used last, by `order_key`.
class Program::Orders {
 public:
  std::shared_ptr<const Order> find(const Hash& key) const {
    const auto it = orders_.find(key);
    return it == orders_.end() ? nullptr : it->second;
  }
  void keep(const Hash& key, const std::shared_ptr<const Order>& order) {
    held_ += order->steps.size();
    if (held_ > kMostSteps) {
      orders_.clear();
      held_ = order->steps.size();
    }
    orders_.emplace(key, order);
  }

 private:
  static constexpr std::size_t kMostSteps = std::size_t{1} << 21;
  std::unordered_map<Hash, std::shared_ptr<const Order>, HashOf> orders_;
  std::size_t held_ = 0;
};

Program::Order::Order(const Backends& backends, Workbench& w) {
  const Events events = plan(backends, w);
  copied = w.schedule.copied;
  tensors = w.graph.tensors.size() - copied.size();
  const Namer name{w.graph, w.schedule, tensors};
  begins = {0};
  for (const Index i : events.layers) begins.push_back(static_cast<std::size_t>(i));
  begins.push_back(events.list.size());
  std::vector<bool> given(w.graph.tensors.size());
  for (const Event& e : events.list) {
    if (!e.take) given[static_cast<std::size_t>(e.slot)] = true;
  }
  std::vector<std::int16_t> weight_of(w.graph.tensors.size(), -1);
  steps.reserve(events.list.size());
  std::size_t segment = 0;
  for (const Event& e : events.list) {
    while (steps.size() >= begins[segment + 1]) ++segment;
    const int layer = static_cast<int>(segment) - 1;
    const Tensor& source = w.graph[name.original(e.tensor)];
    std::int16_t& weight = weight_of[static_cast<std::size_t>(e.tensor)];
    if (name.is_copy(e.tensor) && source.role >= 0) {
      const bool in_layer = source.layer >= 0;
      split_by_layer = split_by_layer && (!in_layer || source.layer == layer);
      if (weight < 0) {
        weight = static_cast<std::int16_t>(weights.size());
        weights.push_back({e.tensor, e.buffer, in_layer});
      }
    }
    const Name by = given[static_cast<std::size_t>(e.slot)] ? name(e.slot, layer) : Namer::kNobody;
    steps.push_back({by, e.tensor, e.larger, weight, e.buffer, e.take});
  }
}

Program::Program(const ComputeJob& job) : backends_(job.backends), cells_(job.context.cells) {
  thread_local Orders orders;
  Workbench& w = workbench();
  flash_attention_ = build(job, w);
  const Hash key = order_key(w.graph, backends_);
  order_ = orders.find(key);
  if (order_) {
    add_copies(order_->copied, backends_, w.graph);
  } else {
    order_ = std::make_shared<const Order>(backends_, w);
    orders.keep(key, order_);
  }
  for (const Order::Weight& weight : order_->weights) weights_.push_back(w.graph[weight.copy]);
  put_sizes(w.graph, sizes_);
}

std::size_t Program::size() const {
  return sizes_.size();
}

void Program::put_sizes(const Graph& graph, std::vector<Size>& sizes) const {
  sizes.clear();
  sizes.reserve(order_->steps.size());
  for (const Order::Step& s : order_->steps) {
    const Bytes size = aligned_size(backends_, graph, s.tensor, s.buffer);
    if (s.larger == kNone) sizes.push_back({size, 0});
    else sizes.push_back({aligned_size(backends_, graph, s.larger, s.buffer) - size, size});
  }
}

/// How sizes change with each step of the cache; false when another length has another graph.
bool Program::grow(const ComputeJob& kept_job, std::int64_t steps) {
  Graph& graph = workbench().graph;
  ComputeJob job = kept_job;
  job.context.flash_attention = flash_attention_;
  build_prompt(graph, job.shape, job.context, job.placement, job.kind);
  if (graph.tensors.size() != order_->tensors) return false;
  add_copies(order_->copied, backends_, graph);
  std::vector<Size> growth;
  put_sizes(graph, growth);
  for (std::size_t i = 0; i < growth.size(); ++i) {
    growth[i].size -= sizes_[i].size;
    growth[i].offset -= sizes_[i].offset;
    if (growth[i].size % steps != 0 || growth[i].offset % steps != 0) return false;
    growth[i].size /= steps;
    growth[i].offset /= steps;
  }
  growth_ = std::move(growth);
  return true;
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

bool Program::replay(std::size_t segment, const std::vector<Bytes>& weight_sizes, std::int64_t steps,
                     State& state) const {
  for (std::size_t i = order_->begins[segment]; i < order_->begins[segment + 1]; ++i) {
    const Order::Step& s = order_->steps[i];
    Bytes size = sizes_[i].size;
    Bytes within = sizes_[i].offset;
    if (s.weight >= 0 && !weight_sizes.empty()) {
      size = weight_sizes[static_cast<std::size_t>(s.weight)];
    } else if (steps != 0) {
      size += steps * growth_[i].size;
      within += steps * growth_[i].offset;
    }
    FreeList& free = state.free[static_cast<std::size_t>(s.buffer)];
    if (s.take) {
      state.taken.push_back({s.name, free.take(size), s.buffer});
      continue;
    }
    // Mostly what was taken last.
    const auto it = std::find_if(state.taken.rbegin(), state.taken.rend(),
                                 [&](const State::Block& b) { return b.name == s.name; });
    if (it == state.taken.rend()) return false;
    free.give(it->offset + within, size);
    if (s.larger == kNone) state.taken.erase(std::next(it).base());
  }
  for (State::Block& b : state.taken) b.name = Namer::one_layer_later(b.name);
  return true;
}

/// Goes through the layers of a placement; a layer that was met in the same state leads to the same state.
class Program::Walk {
 public:
  /// @param own_weights whether weights are as large as they were in the program's job
  Walk(const Program& program, const Placement& placement, bool own_weights, std::int64_t steps)
      : program_(program), placement_(placement), own_weights_(own_weights), steps_(steps) {
    State start;
    start.free.resize(static_cast<std::size_t>(program.backends_.gpus) + 1);
    replayed_ = program.replay(0, sizes_of(0), steps, start);
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
    replayed_ = program_.replay(segment, sizes_of(types), steps_, next) && replayed_;
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

  /// False when a layer gave back what none before it took: the sketch does not serve these layers.
  bool replayed() const { return replayed_; }

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

  /// Empty: the program's own.
  const std::vector<Bytes>& sizes_of(std::int16_t types) {
    if (own_weights_) types = 0;
    for (const Sizes& s : sizes_) {
      if (s.types == types) return s.of;
    }
    Sizes made{types, {}};
    for (std::size_t i = 0; i < program_.weights_.size() && !own_weights_; ++i) {
      const Order::Weight& w = program_.order_->weights[i];
      const Tensor& copy = program_.weights_[i];
      const TypeSet& set =
          w.in_layer ? (*placement_.types)[static_cast<std::size_t>(types)] : *placement_.ends;
      made.of.push_back(aligned_size(program_.backends_,
                                     copy.stored_as(set[static_cast<std::size_t>(copy.role)]), w.buffer));
    }
    sizes_.push_back(std::move(made));
    return sizes_.back().of;
  }

  const Program& program_;
  const Placement& placement_;
  bool own_weights_;
  std::int64_t steps_;
  std::vector<State> states_;
  std::vector<Passage> passages_;
  std::deque<Sizes> sizes_;
  std::size_t at_ = 0;
  bool replayed_ = true;
};

ComputeBuffers Program::run(const ComputeJob& job, const Sketch& sketch) {
  const std::int64_t steps = (job.context.cells - cells_) / kStep;
  // The layers of Qwen4Exp are all kept, with their own weights.
  const bool own_weights = job.shape.streams > 0;
  if (!order_->split_by_layer && !own_weights) return planned_in_full(job);
  if (steps != 0 && growth_.empty()) {
    ComputeJob kept = job;
    kept.placement.layers = sketch.of(job.placement.layers);
    if (!grow(kept, steps)) return planned_in_full(job);
  }
  Walk walk(*this, job.placement, own_weights, steps);
  for (std::size_t i = 0; i < sketch.like.size(); ++i)
    walk.enter(sketch.like[i] + 1, job.placement.layers[i].type_set);
  if (!walk.replayed()) return planned_in_full(job);
  return {walk.peaks(), flash_attention_};
}

}  // namespace qwenfit::engine::llamacpp
