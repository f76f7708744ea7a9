#include "llamacpp_schedule.hpp"

#include <algorithm>

namespace qwenfit::engine::llamacpp {
namespace {

constexpr int kCopies = 4;             // GGML_SCHED_MAX_COPIES
constexpr int kMostFusedExperts = 15;  // MOE_WEIGHTED_REDUCTION_MAX_EXPERTS

/// Rows that ggml_backend_cuda_device_offload_op counts.
std::int64_t batch_rows(const Tensor& t) {
  switch (t.op) {
    case Op::get_rows: return 0;
    case Op::mul_mat: return t.ne[1];
    case Op::mul_mat_id:
    case Op::rope: return t.ne[2];
    default: return t.rows();
  }
}

bool cuda_attention(const Graph& g, const Tensor& t) {
  const Tensor& k = g[t.src[1]];
  static constexpr std::int64_t kHeads[] = {40, 64, 72, 80, 96, 112, 128, 256};
  return std::find(std::begin(kHeads), std::end(kHeads), k.ne[0]) != std::end(kHeads);
}

/// A tensor of its own, filled from another on another backend.
Tensor copy_of(const Tensor& original, const Backends& backends) {
  Tensor copy = original;
  copy.src.fill(kNone);
  copy.op = Op::none;
  copy.view_of = kNone;
  copy.home = copy.forced = -1;
  copy.weight = false;
  copy.input = copy.output = backends.pipeline;
  return copy;
}

class Scheduler {
 public:
  Scheduler(const Backends& backends, Graph& graph, Schedule& out, bool pinned)
      : b_(backends), g_(graph), out_(out), where_(out.backend), pinned_(pinned) {}

  void run() {
    where_.assign(g_.tensors.size(), -1);
    assign_stored();
    expand_assigned();
    assign_rest();
    assign_operands();
    split();
    find_fusions();
    order();
  }

 private:
  struct Split {
    int backend;
    std::size_t begin;
    std::size_t end;
    std::vector<std::pair<Index, Index>> inputs;  ///< source, copy
  };

  std::int16_t& where(Index i) { return where_[static_cast<std::size_t>(i)]; }
  int home(const Tensor& t) const { return t.view_of == kNone ? t.home : g_[t.view_of].home; }

  bool supports(int backend, const Tensor& t) const {
    if (backend == b_.cpu()) return true;
    for (const Index s : t.src) {
      if (s != kNone && g_[s].home >= 0 && g_[s].home != b_.cpu() && g_[s].home != backend) return false;
    }
    return t.op != Op::flash_attention || cuda_attention(g_, t);
  }

  /// The backend of the buffer, when it can run `op`; else -1.
  int from_buffer(const Tensor& t, const Tensor& op) const {
    const int at = home(t);
    return at >= 0 && supports(at, op) ? at : -1;
  }

  int from_current(const Tensor& t) const {
    if (const int at = from_buffer(t, t); at >= 0) return at;
    if (t.input) return b_.cpu();
    if (t.op == Op::rope || t.op == Op::flash_attention) return -1;
    for (const Index s : t.src) {
      if (s == kNone || !g_[s].weight) continue;
      const int at = from_buffer(g_[s], t);
      if (b_.offload_ops && at == b_.cpu()) {
        for (int gpu = 0; gpu < b_.gpus; ++gpu) {
          if (supports(gpu, t) && is_offloaded(t)) return gpu;
        }
      }
      return at;
    }
    return -1;
  }

  void assign_stored() {
    for (const Index i : g_.leaves) where(i) = static_cast<std::int16_t>(from_current(g_[i]));
    for (const Index i : g_.nodes) {
      where(i) = pinned_ && g_[i].forced >= 0 ? g_[i].forced : static_cast<std::int16_t>(from_current(g_[i]));
    }
  }

  /// Neighbours of assigned operations follow them: first the cards', in both directions, then all.
  void expand_assigned() {
    for (const bool gpu_only : {true, false}) {
      spread(g_.nodes.begin(), g_.nodes.end(), gpu_only);
      spread(g_.nodes.rbegin(), g_.nodes.rend(), gpu_only);
    }
  }

  template <class It>
  void spread(It begin, It end, bool gpu_only) {
    int current = -1;
    for (; begin != end; ++begin) {
      const Tensor& t = g_[*begin];
      if (is_view(t.op)) continue;
      std::int16_t& at = where(*begin);
      if (at != -1) current = gpu_only && at == b_.cpu() ? -1 : at;
      else if (current != -1 && supports(current, t)) at = static_cast<std::int16_t>(current);
    }
  }

  bool reachable(Index i, int backend) {
    const Tensor& t = g_[i];
    int at = home(t);
    if (at < 0) at = where(i);
    if (at < 0 && t.view_of != kNone) at = where(t.view_of);
    return at == backend;
  }

  /// What the expansion left open goes where most of its operands are.
  void assign_rest() {
    for (const Index i : g_.nodes) {
      if (is_view(g_[i].op) || where(i) != -1) continue;
      int most = -1;
      for (int backend = 0; backend <= b_.cpu(); ++backend) {
        if (!supports(backend, g_[i])) continue;
        int count = 0;
        for (const Index s : g_[i].src) count += s != kNone && reachable(s, backend) ? 1 : 0;
        if (count > most) {
          most = count;
          where(i) = static_cast<std::int16_t>(backend);
        }
      }
    }
  }

  void assign_operands() {
    for (const Index i : g_.nodes) {
      if (g_[i].view_of != kNone && where(i) == -1) where(i) = where(g_[i].view_of);
      for (const Index s : g_[i].src) {
        if (s != kNone && where(s) == -1) where(s) = g_[s].view_of != kNone ? where(g_[s].view_of) : where(i);
      }
      if (where(i) == -1) where(i) = static_cast<std::int16_t>(b_.cpu());
    }
  }

  /// A weight on another backend starts a split of its own, so that its copy lives no longer than needed.
  bool reads_foreign_weight(const Tensor& t, int backend) {
    return std::any_of(t.src.begin(), t.src.end(),
                       [&](Index s) { return s != kNone && g_[s].weight && where(s) != backend; });
  }

  Index duplicate(Index i, int backend) {
    g_.tensors.push_back(copy_of(g_[i], b_));
    out_.copied.push_back(i);
    where_.push_back(static_cast<std::int16_t>(backend));
    return static_cast<Index>(g_.tensors.size() - 1);
  }

  /// The copies of one tensor for one backend; the first is the one in use.
  void duplicate_all(Index i, int backend, bool keep_original, std::vector<Index>& leaves) {
    const int copies = b_.pipeline ? kCopies : 1;
    for (int c = 0; c < copies; ++c) {
      const Index made = c == 0 && keep_original ? i : duplicate(i, backend);
      if (c == 0) copy_at(i, backend) = made;
      if (b_.pipeline) {
        g_[made].input = g_[made].output = true;
        leaves.push_back(made);
      }
    }
  }

  Index& copy_at(Index i, int backend) {
    return copies_[static_cast<std::size_t>(i) * static_cast<std::size_t>(b_.gpus + 1) +
                   static_cast<std::size_t>(backend)];
  }

  void split() {
    copies_.assign(g_.tensors.size() * static_cast<std::size_t>(b_.gpus + 1), kNone);
    int current = b_.cpu();
    for (const Index i : g_.nodes) {
      if (is_view(g_[i].op)) continue;
      current = where(i);
      break;
    }
    splits_.push_back({current, 0, 0, {}});
    for (std::size_t n = 0; n < g_.nodes.size(); ++n) {
      const Index i = g_.nodes[n];
      if (is_view(g_[i].op)) continue;
      const int backend = where(i);
      if (backend != current || (!splits_.back().inputs.empty() && reads_foreign_weight(g_[i], current))) {
        splits_.back().end = n;
        splits_.push_back({backend, n, 0, {}});
        current = backend;
      }
      for (std::size_t j = 0; j < kSources; ++j) {
        const Index s = g_[i].src[j];
        if (s == kNone) continue;
        const int at = where(s);
        if (b_.pipeline && g_[s].input && copy_at(s, at) == kNone) duplicate_all(s, at, true, out_.leaves);
        if (reachable(s, current)) continue;
        if (copy_at(s, current) == kNone) {
          duplicate_all(s, current, false, input_copies_);
          splits_.back().inputs.emplace_back(s, copy_at(s, current));
        }
        g_[i].src[j] = copy_at(s, current);
      }
    }
    splits_.back().end = g_.nodes.size();
  }

  const Tensor& node(std::size_t n) const { return g_[g_.nodes[n]]; }

  void keep(Index tensor, std::size_t until) {
    for (auto it = keeps_.rbegin(); it != keeps_.rend() && it->first == until; ++it) {
      if (it->second == tensor) return;
    }
    keeps_.emplace_back(until, tensor);
  }

  /// ggml_backend_cuda_graph_optimize, on one split.
  void find_fusions() {
    if (!b_.fusion_keeps) return;
    for (const Split& s : splits_) {
      if (s.backend == b_.cpu()) continue;
      for (std::size_t n = s.begin; n < s.end; ++n) {
        if (node(n).op == Op::mul) n += weighted_sum(n, s.end);
        if (node(n).op == Op::soft_max) n += expert_choice(n, s.end);
      }
    }
  }

  /// experts x weights, then the sum over the experts used: operands stay until the last addition.
  std::size_t weighted_sum(std::size_t n, std::size_t end) {
    const Tensor& t = node(n);
    const std::int64_t used = fused_experts(g_, t);
    if (used == 0) return 0;
    const auto count = static_cast<std::size_t>(2 * used);
    if (n + count > end) return 0;
    int views = 0;
    int adds = 0;
    for (std::size_t k = n + 1; k < n + count; ++k) {
      views += node(k).op == Op::view && node(k).view_of == g_.nodes[n] ? 1 : 0;
      adds += node(k).op == Op::add ? 1 : 0;
    }
    if (views != used || adds != used - 1) return 0;
    keep(t.src[0], n + count - 1);
    keep(t.src[1], n + count - 1);
    return count - 1;
  }

  /// softmax, sorting and gathering of the router as one kernel.
  std::size_t expert_choice(std::size_t n, std::size_t end) {
    static constexpr Op kPattern[] = {Op::soft_max, Op::reshape,  Op::argsort,  Op::view,     Op::get_rows,
                                      Op::reshape,  Op::sum_rows, Op::in_place, Op::in_place, Op::reshape};
    constexpr std::size_t kPlain = 5;
    if (node(n).src[1] != kNone) return 0;
    std::size_t length = 0;
    while (length < std::size(kPattern) && n + length < end && node(n + length).op == kPattern[length])
      ++length;
    if (length < kPlain) return 0;
    if (length < std::size(kPattern)) length = kPlain;
    const std::int64_t experts = node(n + 2).ne[0];
    const bool power_of_2 = (experts & (experts - 1)) == 0 && experts <= 512;
    if (!power_of_2 && experts != 288 && experts != 576) return 0;
    const std::size_t until = n + length;
    if (until >= g_.nodes.size()) return 0;
    for (std::size_t k = n; k < until; ++k) {
      keep(g_.nodes[k], until);
      for (const Index s : node(k).src) {
        if (s != kNone) keep(s, until);
      }
    }
    return length - 1;
  }

  void order() {
    std::stable_sort(keeps_.begin(), keeps_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    auto kept = keeps_.begin();
    out_.steps.reserve(g_.nodes.size() + 64);
    auto layer = g_.layers.begin();
    // A layer begins with the first operation made for it, and with the copies for it.
    const auto begin_layers = [&](std::size_t n) {
      for (; layer != g_.layers.end() && n < g_.nodes.size() && g_.nodes[n] >= *layer; ++layer)
        out_.layers.push_back(static_cast<Index>(out_.steps.size()));
    };
    for (const Split& s : splits_) {
      begin_layers(s.begin);
      for (const auto& [source, copy] : s.inputs)
        out_.steps.push_back({ScheduleStep::Kind::copy, source, copy});
      for (std::size_t n = s.begin; n < s.end; ++n) {
        begin_layers(n);
        out_.steps.push_back({ScheduleStep::Kind::compute, g_.nodes[n], kNone});
        // A node that holds others has room for ten of them.
        while (kept != keeps_.end() && kept->first == n) {
          const auto first = static_cast<Index>(out_.kept.size());
          for (int k = 0; k < 10 && kept != keeps_.end() && kept->first == n; ++k, ++kept)
            out_.kept.push_back(kept->second);
          out_.steps.push_back(
              {ScheduleStep::Kind::keep, first, static_cast<Index>(out_.kept.size()) - first});
        }
      }
    }
    out_.leaves.insert(out_.leaves.end(), input_copies_.begin(), input_copies_.end());
    out_.leaves.insert(out_.leaves.end(), g_.leaves.begin(), g_.leaves.end());
  }

  const Backends& b_;
  Graph& g_;
  Schedule& out_;
  std::vector<std::int16_t>& where_;
  bool pinned_;
  std::vector<Index> copies_;
  std::vector<Index> input_copies_;
  std::vector<Split> splits_;
  std::vector<std::pair<std::size_t, Index>> keeps_;
};

}  // namespace

bool is_offloaded(const Tensor& t) {
  return batch_rows(t) >= kOffloadedRows;
}

std::int64_t fused_experts(const Graph& graph, const Tensor& t) {
  const std::int64_t used = t.ne[1];
  const Tensor& weights = graph[t.src[1]];
  const bool fits = used >= 2 && used <= kMostFusedExperts && weights.ne[0] == 1 && weights.ne[1] == used &&
                    weights.ne[2] == t.ne[2] && t.ne[0] != 1;
  return fits ? used : 0;
}

Bytes allocation_size(const Backends& b, const Graph& graph, Index tensor, int backend) {
  const Tensor& t = graph[tensor];
  Bytes size = allocation_size(b, t, backend);
  if (backend != b.cpu() && t.op == Op::flash_attention && b.attention_scratch) {
    const Tensor& q = graph[t.src[0]];
    for (const int i : {1, 2}) {
      const Tensor& cache = graph[t.src[static_cast<std::size_t>(i)]];
      const bool direct = q.ne[1] <= (cache.type.quantized ? b.vector_tokens : 1);
      if (cache.type.half || direct) continue;
      size = align_up(size, 128) + cache.elements() * 2;
    }
  }
  return size;
}

Bytes allocation_size(const Backends& b, const Tensor& t, int backend) {
  Bytes size = t.bytes();
  if (backend != b.cpu() && b.padded_rows && t.type.quantized && t.ne[0] % kRowStep != 0)
    size += (kRowStep - t.ne[0] % kRowStep) / t.type.block * t.type.bytes;
  return size;
}

void schedule(const Backends& backends, Graph& graph, Schedule& out, bool pinned) {
  out.backend.clear();
  out.steps.clear();
  out.kept.clear();
  out.leaves.clear();
  out.layers.clear();
  out.copied.clear();
  Scheduler(backends, graph, out, pinned).run();
}

void add_copies(const std::vector<Index>& copied, const Backends& backends, Graph& graph) {
  for (const Index i : copied) graph.tensors.push_back(copy_of(graph[i], backends));
}

bool fused_where_expected(const Graph& graph, const Schedule& schedule,
                          const std::vector<std::int16_t>& layer_backend) {
  return std::all_of(graph.nodes.begin(), graph.nodes.end(), [&](Index i) {
    return !graph[i].fused_check || schedule.backend[static_cast<std::size_t>(i)] ==
                                        layer_backend[static_cast<std::size_t>(graph[i].layer)];
  });
}

}  // namespace qwenfit::engine::llamacpp
