#include "llamacpp_compute.hpp"

#include <memory>
#include <unordered_map>

#include "llamacpp_program.hpp"

namespace qwenfit::engine::llamacpp {
namespace {

template <class... T>
void add(Hash& hash, const T&... values) {
  (hash.add(static_cast<std::uint64_t>(values)), ...);
}

void add_types(Hash& hash, const TypeSet& set) {
  for (const Type& t : set) add(hash, t.block, t.bytes);
}

/// Of all but layers, types and context.
Hash common_key(const ComputeJob& job) {
  Hash hash;
  const ModelShape& s = job.shape;
  add(hash, s.arch, s.mrope, s.norm_weights, s.width, s.heads, s.kv_heads, s.head_dim, s.ffn, s.vocab,
      s.layers, s.experts, s.experts_used, s.expert_ffn, s.shared_ffn, s.interval, s.key_heads, s.value_heads,
      s.state, s.conv, s.deepstack, s.streams, s.hyper_rank, s.indexer_heads, s.indexer_dim, s.indexer_budget,
      s.ple_layer, s.ple_kernel, s.ple_ngram, s.ple_heads, s.ple_rows);
  add_backends(hash, job.backends);
  const Placement& p = job.placement;
  add(hash, job.kind, p.output, p.host, p.everything_offloaded);
  return hash;
}

/// With places and types of all layers.
Hash placement_key(const ComputeJob& job, Hash hash) {
  const Placement& p = job.placement;
  std::vector<bool> used(p.types->size());
  for (const LayerWeights& l : p.layers) {
    add(hash, l.backend, l.experts_on_host, l.type_set);
    const bool streamed = l.backend == p.host || l.experts_on_host || job.shape.streams > 0;
    if (streamed) used[static_cast<std::size_t>(l.type_set)] = true;
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) add_types(hash, (*p.types)[i]);
  }
  if (p.output == p.host) add_types(hash, *p.ends);
  return hash;
}

/// With what the program of a sketch depends on: types only where a graph converts weights.
Hash sketch_key(const ComputeJob& job, const Sketch& sketch, Hash hash) {
  if (job.shape.streams > 0) return placement_key(job, hash);
  for (const std::size_t i : sketch.kept) {
    const LayerWeights& l = job.placement.layers[i];
    add(hash, i % static_cast<std::size_t>(std::max(1, job.shape.interval)), l.backend, l.experts_on_host);
  }
  return hash;
}

/// With the context, but for the length of the cache.
Hash context_key(Hash hash, const ModelShape& shape, const ContextShape& c) {
  // The indexer's choice is limited: its sizes do not grow evenly until there are more cells than it chooses.
  if (shape.streams > 0) add(hash, cells_chosen(shape, c));
  // Without flash attention rows of V are as long as the cache, and copies of quantized ones are padded.
  if (c.v.quantized) add(hash, c.cells % kRowStep);
  add(hash, c.streams, c.sequences, c.tokens, c.outputs, c.flash_attention);
  add(hash, c.rotate, c.half_mask, c.snapshots);
  for (const Type& t : {c.k, c.v}) add(hash, t.block, t.bytes, t.quantized, t.half);
  return hash;
}

/// Programs used last, some kilobytes each.
class Programs {
 public:
  /// @param sketched key of the sketch's job but for the context
  ComputeBuffers run(const ComputeJob& job, const Sketch& sketch, const Hash& sketched) {
    const Hash key = context_key(sketched, job.shape, job.context);
    auto it = programs_.find(key);
    if (it == programs_.end()) {
      ComputeJob kept = job;
      kept.placement.layers = sketch.of(job.placement.layers);
      Program made(kept);
      if (held_ + made.size() > kMostEvents) {
        programs_.clear();
        held_ = 0;
      }
      held_ += made.size();
      it = programs_.emplace(key, std::move(made)).first;
    }
    return it->second.run(job, sketch);
  }

 private:
  static constexpr std::size_t kMostEvents = std::size_t{1} << 19;
  std::unordered_map<Hash, Program, HashOf> programs_;
  std::size_t held_ = 0;
};

constexpr std::size_t kMostAnswers = std::size_t{1} << 16;

}  // namespace

void add_backends(Hash& hash, const Backends& b) {
  add(hash, b.gpus, b.offload_ops, b.pipeline, b.fusion_keeps, b.attention_scratch, b.padded_rows,
      b.vector_tokens, b.alignment);
}

ComputeBuffers compute_buffers_in_full(const ComputeJob& job) {
  return planned_in_full(job);
}

ComputeBuffers compute_buffers(const ComputeJob& job) {
  return ComputePlanner(job).at(job.context);
}

ComputePlanner::ComputePlanner(ComputeJob job)
    : job_(std::move(job)), placed_(placement_key(job_, common_key(job_))) {}

const ComputeBuffers& ComputePlanner::at(const ContextShape& context) {
  thread_local Programs programs;
  thread_local std::unordered_map<Hash, ComputeBuffers, HashOf> answers;
  Hash key = context_key(placed_, job_.shape, context);
  key.add(context.cells);
  if (const auto it = answers.find(key); it != answers.end()) return it->second;
  if (!sketch_) {
    sketch_ = sketch_of(job_.shape, job_.placement);
    sketched_ = sketch_key(job_, *sketch_, common_key(job_));
  }
  job_.context = context;
  ComputeBuffers made = programs.run(job_, *sketch_, sketched_);
  if (answers.size() >= kMostAnswers) answers.clear();
  return answers.emplace(key, std::move(made)).first->second;
}

}  // namespace qwenfit::engine::llamacpp
