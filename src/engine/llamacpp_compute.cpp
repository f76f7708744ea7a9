#include "llamacpp_compute.hpp"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "llamacpp_allocator.hpp"
#include "llamacpp_layers.hpp"

namespace qwenfit::engine::llamacpp {
namespace {

constexpr std::int64_t kStep = 256;  // contexts are padded to it

/// Events of the job's graph as it stands.
Events plan(const ComputeJob& job, Graph& graph, Schedule& scheduled) {
  build_prompt(graph, job.shape, job.context, job.placement, job.kind);
  schedule(job.backends, graph, scheduled);
  return plan_events(job.backends, graph, scheduled);
}

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

/// A plan for one length of the cache; its sizes grow evenly with the cells, once a second length was
/// planned.
struct Program {
  bool flash_attention = true;
  bool even = true;  ///< false: another length has another graph
  std::int64_t cells = 0;
  Events events;
};

/// How the sizes change with each step of the cache; false when the graph changes too.
bool find_growth(Events& events, const Events& longer, std::int64_t steps) {
  const std::size_t n = events.list.size();
  if (longer.list.size() != n || longer.slots != events.slots) return false;
  std::vector<std::pair<Bytes, Bytes>> growth(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Event& a = events.list[i];
    const Event& b = longer.list[i];
    const Bytes size = b.size - a.size;
    const Bytes offset = b.offset - a.offset;
    if (a.take != b.take || a.buffer != b.buffer || a.slot != b.slot || size % steps != 0 ||
        offset % steps != 0)
      return false;
    growth[i] = {size / steps, offset / steps};
  }
  events.growth = std::move(growth);
  return true;
}

Program compile(ComputeJob job) {
  thread_local Graph graph;
  thread_local Schedule scheduled;
  Program p;
  p.flash_attention = job.context.flash_attention && attention_is_fused(job, graph, scheduled);
  job.context.flash_attention = p.flash_attention;
  p.cells = job.context.cells;
  p.events = plan(job, graph, scheduled);
  return p;
}

/// All that a program depends on but the context.
class PlacementKey {
 public:
  explicit PlacementKey(const ComputeJob& job) {
    const ModelShape& s = job.shape;
    add(s.arch, s.mrope, s.norm_weights, s.width, s.heads, s.kv_heads, s.head_dim, s.ffn, s.vocab, s.layers,
        s.experts, s.experts_used, s.expert_ffn, s.shared_ffn, s.interval, s.key_heads, s.value_heads,
        s.state, s.conv, s.deepstack, s.streams, s.hyper_rank, s.indexer_heads, s.indexer_dim,
        s.indexer_budget, s.ple_layer, s.ple_kernel, s.ple_ngram, s.ple_heads, s.ple_rows);
    const Backends& b = job.backends;
    add(b.gpus, b.offload_ops, b.pipeline, b.fusion_keeps, b.attention_scratch, b.padded_rows,
        b.vector_tokens, b.alignment);
    const Placement& p = job.placement;
    add(job.kind, p.output, p.host, p.everything_offloaded, p.layers.size());
    std::vector<bool> used(p.types->size());
    for (const LayerWeights& l : p.layers) {
      add(l.backend, l.experts_on_host, l.type_set);
      const bool streamed = l.backend == p.host || l.experts_on_host || s.streams > 0;
      if (streamed) used[static_cast<std::size_t>(l.type_set)] = true;
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i]) add_types((*p.types)[i]);
    }
    if (p.output == p.host) add_types(*p.ends);
  }
  Hash hash;

 private:
  template <class... T>
  void add(const T&... values) {
    (hash.add(static_cast<std::uint64_t>(values)), ...);
  }
  void add_types(const TypeSet& set) {
    for (const Type& t : set) add(t.block, t.bytes);
  }
};

/// With the context too, but for the length of the cache.
Hash context_key(Hash hash, const ModelShape& shape, const ContextShape& c) {
  const auto add = [&](auto... values) { (hash.add(static_cast<std::uint64_t>(values)), ...); };
  // The indexer's choice is limited: its sizes do not grow evenly.
  if (shape.streams > 0) add(c.cells);
  add(c.streams, c.sequences, c.tokens, c.outputs, c.snapshots, c.flash_attention, c.rotate, c.half_mask);
  for (const Type& t : {c.k, c.v}) add(t.block, t.bytes, t.quantized, t.half);
  return hash;
}

/// The outcome of one program at one length of the cache.
struct Result {
  ComputeBuffers buffers;
  std::vector<Hash> states;  ///< ahead of each layer
};

/// Programs used last, some kilobytes each, and many more of their results.
class Programs {
 public:
  /// @param key of the job but for the length of the cache. Valid until the next call.
  const Result& run(const ComputeJob& job, const Hash& key) {
    Hash length = key;
    length.add(job.context.cells);
    if (const auto it = results_.find(length); it != results_.end()) return it->second;
    Result made = compute(job, key);
    if (results_.size() >= kMostResults) results_.clear();
    return results_.emplace(length, std::move(made)).first->second;
  }

 private:
  static constexpr std::size_t kMostEvents = std::size_t{1} << 19;
  static constexpr std::size_t kMostResults = std::size_t{1} << 15;

  static Result result_of(const ComputeJob& job, const Program& p, const Events& events, std::int64_t steps) {
    Result out;
    out.buffers = {peak_bytes(job.backends, events, steps, &out.states), p.flash_attention};
    return out;
  }

  Result compute(const ComputeJob& job, const Hash& key) {
    const auto it = programs_.find(key);
    if (it == programs_.end()) return first(job, key);
    Program& p = it->second;
    const std::int64_t steps = (job.context.cells - p.cells) / kStep;
    if (p.even && p.events.growth.empty() && steps != 0)
      p.even = find_growth(p.events, compile(job).events, steps);
    return p.even ? result_of(job, p, p.events, steps) : result_of(job, p, compile(job).events, 0);
  }

  Result first(const ComputeJob& job, const Hash& key) {
    Program made = compile(job);
    held_ += made.events.list.size();
    if (held_ > kMostEvents) {
      programs_.clear();
      held_ = made.events.list.size();
    }
    Result out = result_of(job, made, made.events, 0);
    programs_.emplace(key, std::move(made));
    return out;
  }

  std::unordered_map<Hash, Program, HashOf> programs_;
  std::unordered_map<Hash, Result, HashOf> results_;
  std::size_t held_ = 0;
};

/// How often layers are met before the like of them are left out: more often where the first was not proven
/// enough, at last all are planned.
constexpr int kMet[] = {1, 2, 4, 0};
/// Without a longer period the first is never enough.
constexpr std::size_t kFirstLevelOfPlain = 1;

constexpr std::size_t kMostAnswers = std::size_t{1} << 16;

}  // namespace

ComputeBuffers compute_buffers_in_full(const ComputeJob& asked) {
  ComputeJob job = asked;
  Graph graph;
  Schedule scheduled;
  job.context.flash_attention = job.context.flash_attention && attention_is_fused(job, graph, scheduled);
  return {peak_bytes(job.backends, plan(job, graph, scheduled)), job.context.flash_attention};
}

ComputeBuffers compute_buffers(const ComputeJob& job) {
  return ComputePlanner(job).at(job.context);
}

/// The job with only the layers that have to be planned.
struct ComputePlanner::Short {
  KeptLayers kept;
  ComputeJob job;
  Hash placed;  ///< of all but the context
};

ComputePlanner::ComputePlanner(ComputeJob job) : job_(std::move(job)), placed_(PlacementKey(job_).hash) {}

ComputePlanner::~ComputePlanner() = default;

ComputePlanner::Short& ComputePlanner::with_layers_met(std::size_t level) {
  std::unique_ptr<Short>& made = shorts_[level];
  if (!made) {
    made = std::make_unique<Short>(Short{{job_, kMet[level]}, job_, {}});
    made->job.placement.layers = made->kept.of(job_.placement.layers);
    made->placed = PlacementKey(made->job).hash;
  }
  return *made;
}

const ComputeBuffers& ComputePlanner::at(const ContextShape& context) {
  thread_local Programs programs;
  thread_local std::unordered_map<Hash, ComputeBuffers, HashOf> answers;
  Hash key = context_key(placed_, job_.shape, context);
  key.add(context.cells, job_.rough);
  if (const auto it = answers.find(key); it != answers.end()) return it->second;
  const bool plain = !job_.rough && !job_.shape.hybrid();
  for (std::size_t level = plain ? kFirstLevelOfPlain : 0;; ++level) {
    Short& planned = with_layers_met(level);
    planned.job.context = context;
    const Result& result = programs.run(planned.job, context_key(planned.placed, job_.shape, context));
    if (!job_.rough && !planned.kept.proven_by(result.states)) continue;
    if (answers.size() >= kMostAnswers) answers.clear();
    return answers.emplace(key, result.buffers).first->second;
  }
}

}  // namespace qwenfit::engine::llamacpp
