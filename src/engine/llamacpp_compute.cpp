#include "llamacpp_compute.hpp"

#include <list>
#include <memory>
#include <unordered_map>

#include "llamacpp_allocator.hpp"

namespace qwenfit::engine::llamacpp {
namespace {

/// Layers of one kind and place that are planned: the peak repeats from there on.
constexpr int kPlannedLayers = 4;

/// Whether the layers at `a` and `b` lead to the same steps: same place, same types where these matter.
bool alike(const ComputeJob& job, int a, int b) {
  const LayerWeights& x = job.placement.layers[static_cast<std::size_t>(a)];
  const LayerWeights& y = job.placement.layers[static_cast<std::size_t>(b)];
  return x == y && a >= job.shape.deepstack && b >= job.shape.deepstack;
}

/// Long runs of like layers, cut to a few. The period of a hybrid is kept.
Placement shortened(const ComputeJob& job) {
  const Placement& full = job.placement;
  Placement out = full;
  out.layers.clear();
  const int n = static_cast<int>(full.layers.size());
  const int period = job.shape.hybrid() ? job.shape.interval : 1;
  const int keep = job.shape.hybrid() ? 2 * period : kPlannedLayers;
  for (int begin = 0; begin < n;) {
    int end = begin + 1;
    while (end < n && alike(job, begin, end)) ++end;
    const int dropped = std::max(0, end - begin - keep - (begin == 0 ? 0 : period)) / period * period;
    for (int i = begin; i < end; ++i) {
      if (i - begin >= keep && i - begin < keep + dropped) continue;
      out.layers.push_back(full.layers[static_cast<std::size_t>(i)]);
    }
    begin = end;
  }
  return out;
}

/// Events of the job's graph as it stands.
Events plan(const ComputeJob& job, Graph& graph, Schedule& scheduled) {
  build_prompt(graph, job.shape, job.context, job.placement, job.kind);
  schedule(job.backends, graph, scheduled);
  return plan_events(job.backends, graph, scheduled);
}

/// llama_context::resolve_fused_ops: a batch of one token per sequence.
bool attention_is_fused(ComputeJob job, Graph& graph, Schedule& scheduled) {
  job.context.tokens = job.context.outputs = job.context.sequences;
  build_prompt(graph, job.shape, job.context, job.placement, job.kind);
  schedule(job.backends, graph, scheduled, true);
  std::vector<std::int16_t> where;
  where.reserve(job.placement.layers.size());
  for (const LayerWeights& l : job.placement.layers) where.push_back(l.backend);
  return fused_where_expected(graph, scheduled, where);
}

/// A plan whose sizes grow evenly with the cells of the cache.
struct Program {
  bool flash_attention = true;
  std::int64_t cells = 0;  ///< of `events`
  std::int64_t step = 0;   ///< 0: good for `cells` only
  Events events;
  std::vector<Bytes> growth;         ///< of each event's size, per step
  std::vector<Bytes> offset_growth;  ///< of its offset

  bool covers(std::int64_t n) const { return n == cells || (step > 0 && n % step == 0); }
};

constexpr std::int64_t kStep = 256;  // contexts are padded to it

/// How sizes change with the cache, or nothing when they don't change evenly.
void find_growth(Program& p, const Events& longer) {
  const std::size_t n = p.events.list.size();
  if (longer.list.size() != n || longer.slots != p.events.slots) return;
  p.growth.resize(n);
  p.offset_growth.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Event& a = p.events.list[i];
    const Event& b = longer.list[i];
    if (a.take != b.take || a.buffer != b.buffer || a.slot != b.slot) return;
    p.growth[i] = b.size - a.size;
    p.offset_growth[i] = b.offset - a.offset;
  }
  p.step = kStep;
}

Program compile(const ComputeJob& asked) {
  ComputeJob job = asked;
  job.placement = shortened(asked);
  Graph graph;
  Schedule scheduled;
  Program p;
  p.flash_attention = job.context.flash_attention && attention_is_fused(job, graph, scheduled);
  job.context.flash_attention = p.flash_attention;
  p.cells = job.context.cells;
  p.events = plan(job, graph, scheduled);
  job.context.cells += kStep;
  find_growth(p, plan(job, graph, scheduled));
  return p;
}

std::vector<Bytes> run(const Backends& backends, const Program& p, std::int64_t cells) {
  if (cells == p.cells) return peak_bytes(backends, p.events);
  const std::int64_t steps = (cells - p.cells) / kStep;
  Events events = p.events;
  for (std::size_t i = 0; i < events.list.size(); ++i) {
    events.list[i].size += steps * p.growth[i];
    events.list[i].offset += steps * p.offset_growth[i];
  }
  return peak_bytes(backends, events);
}

}  // namespace

ComputeBuffers compute_buffers_in_full(const ComputeJob& asked) {
  ComputeJob job = asked;
  Graph graph;
  Schedule scheduled;
  job.context.flash_attention = job.context.flash_attention && attention_is_fused(job, graph, scheduled);
  return {peak_bytes(job.backends, plan(job, graph, scheduled)), job.context.flash_attention};
}

ComputeBuffers compute_buffers(const ComputeJob& job) {
  const Program p = compile(job);
  return {run(job.backends, p, job.context.cells), p.flash_attention};
}

}  // namespace qwenfit::engine::llamacpp
