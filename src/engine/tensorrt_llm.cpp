// TensorRT-LLM, PyTorch backend: what a profile run leaves of the card, times free_gpu_memory_fraction, is KV
// cache. Rules: _torch/pyexecutor/_util.py (KvCacheCreator: _cal_max_memory), llmapi/llm_args.py (defaults).
#include <fmt/format.h>

#include <algorithm>

#include "layer_split.hpp"
#include "qwenfit/error.hpp"
#include "rules.hpp"
#include "serving.hpp"

namespace qwenfit::engine {
namespace {

using units::format_bytes;
using units::format_grouped;

constexpr double kFraction = 0.9;      ///< KvCacheConfig.free_gpu_memory_fraction
constexpr int kBatchTokens = 8192;     ///< max_num_tokens
constexpr int kBatchSequences = 2048;  ///< max_batch_size
constexpr int kBlock = 32;             ///< KvCacheConfig.tokens_per_block

/// One rank of a pipeline stage, before the pool.
struct TensorRtRank {
  Bytes weights = 0;
  Bytes compute = 0;
  Bytes block = 0;  ///< bytes of a block over the rank's attention layers
  Bytes state = 0;  ///< of a sequence
};

TensorRtRank rank_memory(const Setup& setup, const Stage& stage) {
  TensorRtRank m;
  m.weights = rotary_bytes(setup, {4, 1});
  for (const Bytes size : rank_tensors(setup, stage)) m.weights += size;
  const catalog::Geometry& g = setup.model->geometry;
  const StageLayers layers = stage_layers(setup, stage);
  const double tokens = *setup.serving.max_num_batched_tokens;
  const double narrow = 4.0 * g.hidden_size;
  m.compute = static_cast<Bytes>(2 * tokens * ((widest_layer(g) - narrow) / setup.tensor_parallel + narrow));
  // Logits of one token per sequence, in fp32, and their 16-bit source.
  const double sequences = std::min<double>(*setup.serving.max_num_seqs, tokens);
  if (stage.heads && !g.headless)
    m.compute = std::max(m.compute, static_cast<Bytes>(sequences * g.vocab_size * 6));
  m.block = kv_bytes_per_token(setup) * layers.attention * *setup.serving.block_size;
  if (g.linear_attention) m.state = layer_state(setup, drafted_tokens(setup), 4).total() * layers.recurrent;
  return m;
}

class TensorRt : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    if (setup.kv_type->block != 1 && setup.kv_type->id != "nvfp4")
      throw Error(ErrorCode::unsupported,
                  fmt::format("kv_type: TensorRT-LLM keeps its KV cache in bf16, f16, fp8 or "
                              "nvfp4, not in {}",
                              setup.kv_type->id));
    place_ranks(setup);
    ServingOptions& s = setup.serving;
    if (!s.gpu_memory_utilization) s.gpu_memory_utilization = kFraction;
    if (!s.max_num_batched_tokens) s.max_num_batched_tokens = kBatchTokens;
    if (!s.max_num_seqs) s.max_num_seqs = kBatchSequences;
    if (!s.block_size) s.block_size = kBlock;
    fill_native_context(setup);
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const override {
    const Ranks ranks = ranks_of(setup);
    MemoryPlan plan;
    const auto count = static_cast<std::size_t>(ranks.total());
    plan.devices.resize(std::max(setup.devices.size(), count));
    place_layers(setup, plan);
    const Derivation derive(steps, "TensorRT-LLM");
    Pool pool;
    pool.block_tokens = *setup.serving.block_size;
    pool.max_sequences = *setup.serving.max_num_seqs;
    pool.copies = ranks.copies;
    bool first = true;
    for (std::size_t rank = 0; rank < count; ++rank) {
      const TensorRtRank m = rank_memory(setup, stage_of(setup, ranks.stage_of(static_cast<int>(rank))));
      DeviceMemory& d = plan.devices[rank];
      d.weights = m.weights;
      d.compute = m.compute;
      if (setup.devices.empty()) {
        d.kv_cache = m.block * units::ceil_div(setup.context, pool.block_tokens) * setup.concurrency;
        d.recurrent_state = m.state * setup.concurrency;
        continue;
      }
      d.runtime = context_bytes(setup, rank);
      d.capacity = device_capacity(setup.devices[rank]);
      d.usable = std::min(d.capacity, setup.devices[rank].free.value_or(d.capacity));
      const Bytes left = d.usable - d.weights - d.compute - d.runtime;
      const Bytes bytes =
          left > 0 ? static_cast<Bytes>(static_cast<double>(left) * *setup.serving.gpu_memory_utilization)
                   : left;
      const std::int64_t blocks = m.block > 0 ? bytes / m.block : bytes > 0 ? (std::int64_t{1} << 40) : 0;
      if (first || blocks < pool.blocks) {
        pool.blocks = std::max<std::int64_t>(0, blocks);
        pool.kv_bytes = std::max<Bytes>(0, bytes);
        pool.state_blocks = m.block > 0 ? units::ceil_div(m.state, m.block) : 0;
        explain(derive, setup, d, m, pool);
      }
      first = false;
    }
    if (setup.devices.empty()) return plan;
    settle(setup, count, pool, plan);
    add_serving_notes(setup, plan);
    return plan;
  }

 private:
  static void explain(const Derivation& derive, const Setup& setup, const DeviceMemory& d,
                      const TensorRtRank& m, const Pool& pool) {
    if (!derive.wanted()) return;
    derive.bytes("activation peak", "max_num_tokens x 2 B x widest layer, or the logits of max_batch_size",
                 fmt::format("{} tokens, {} sequences", *setup.serving.max_num_batched_tokens,
                             *setup.serving.max_num_seqs),
                 d.compute,
                 "_torch/pyexecutor/_util.py: configure_kv_cache_capacity; closed form, not measured");
    derive.bytes(
        "available KV cache memory", "(total - peak) x free_gpu_memory_fraction",
        fmt::format("({} - {}) x {}", format_bytes(d.capacity),
                    format_bytes(d.weights + d.compute + d.runtime), *setup.serving.gpu_memory_utilization),
        pool.kv_bytes, "_cal_max_memory");
    derive.text("KV blocks", "available / block",
                fmt::format("{} / {}", format_bytes(pool.kv_bytes), format_bytes(m.block)),
                format_grouped(pool.blocks), "tokens_per_block");
  }

  /// The figures of the pool on every card, and what the engine says when there is none.
  static void settle(const Setup& setup, std::size_t count, Pool& pool, MemoryPlan& plan) {
    pool.kv_tokens = pool.blocks * pool.block_tokens;
    const std::int64_t each = units::ceil_div(setup.context, pool.block_tokens) + pool.state_blocks;
    pool.max_concurrency = static_cast<double>(pool.blocks) / static_cast<double>(each);
    for (std::size_t rank = 0; rank < count; ++rank) plan.devices[rank].kv_cache = pool.kv_bytes;
    if (pool.blocks == 0) {
      const DeviceMemory& d = plan.devices.front();
      plan.refusal =
          fmt::format("no memory is left for the KV cache: weights, activations and context take {} of {}",
                      format_bytes(d.weights + d.compute + d.runtime), format_bytes(d.capacity));
    } else if (each > pool.blocks) {
      plan.refusal = fmt::format(
          "max_seq_len {} does not fit the KV cache of {} tokens: TensorRT-LLM goes on with a shorter one, "
          "the "
          "largest that fits is {}",
          format_grouped(setup.context), format_grouped(pool.kv_tokens), format_grouped(pool.context(1)));
    }
    plan.pool = pool;
  }
};

}  // namespace

const Rules& tensorrt_llm_rules() {
  static const TensorRt rules;
  return rules;
}

}  // namespace qwenfit::engine
