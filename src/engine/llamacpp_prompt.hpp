// The graph that llama.cpp reserves memory for: one full batch of prompt tokens with a full cache behind it.
#pragma once

#include "llamacpp_graph.hpp"
#include "qwenfit/format.hpp"

namespace qwenfit::engine::llamacpp {

/// The model as llama.cpp's graph builders see it.
struct ModelShape {
  catalog::Arch arch = catalog::Arch::unknown;
  bool mrope = false;  ///< four positions per token
  bool norm_weights = false;
  std::int32_t width = 0;
  std::int32_t heads = 0;
  std::int32_t kv_heads = 0;
  std::int32_t head_dim = 0;
  std::int32_t ffn = 0;
  std::int32_t vocab = 0;
  std::int32_t layers = 0;
  std::int32_t experts = 0;
  std::int32_t experts_used = 0;
  std::int32_t expert_ffn = 0;
  std::int32_t shared_ffn = 0;
  std::int32_t interval = 0;  ///< of layers with full attention in hybrids
  std::int32_t key_heads = 0;
  std::int32_t value_heads = 0;
  std::int32_t state = 0;  ///< width of a state head
  std::int32_t conv = 0;
  std::int32_t deepstack = 0;
  // Qwen4Exp
  std::int32_t streams = 0;  ///< residual streams; 0 elsewhere
  std::int32_t hyper_rank = 0;
  std::int32_t indexer_heads = 0;
  std::int32_t indexer_dim = 0;
  std::int32_t indexer_budget = 0;
  std::int32_t ple_layer = -1;
  std::int32_t ple_kernel = 0;
  std::int32_t ple_ngram = 0;
  std::int32_t ple_heads = 0;
  std::int64_t ple_rows = 0;
  bool operator==(const ModelShape&) const = default;

  bool hybrid() const { return interval > 0; }
  bool linear(int layer) const { return hybrid() && layer < layers && (layer + 1) % interval != 0; }
  /// Columns of the lookup's convolution that are kept from batch to batch.
  std::int64_t ple_history() const { return std::int64_t{ple_kernel - 1} * ple_ngram; }
  std::int64_t kv_width() const { return std::int64_t{kv_heads} * head_dim; }
};
ModelShape shape_of(const catalog::Model& model);

/// Sizes of context and batch.
struct ContextShape {
  std::int64_t cells = 0;    ///< of the KV cache, per stream
  std::int64_t streams = 1;  ///< separate caches: 1 when unified
  std::int64_t sequences = 1;
  std::int64_t tokens = 0;     ///< of the batch
  std::int64_t outputs = 0;    ///< tokens with logits
  std::int64_t snapshots = 1;  ///< recurrent states kept per sequence: 1 + drafted tokens
  Type k = kF16;
  Type v = kF16;
  bool flash_attention = true;
  bool rotate = true;     ///< Hadamard rotation of a quantized cache
  bool half_mask = true;  ///< 16-bit mask with flash attention
  bool operator==(const ContextShape&) const = default;
};

/// Cells that Qwen4Exp's indexer chooses for each token.
std::int64_t cells_chosen(const ModelShape& shape, const ContextShape& context);

/// Where the weights of one layer are, and their types.
struct LayerWeights {
  std::int16_t backend = 0;
  bool experts_on_host = false;
  std::int16_t type_set = 0;  ///< index into Placement::types
  bool operator==(const LayerWeights&) const = default;
};

/// Storage types by role.
using TypeSet = std::vector<Type>;

struct Placement {
  std::vector<LayerWeights> layers;  ///< trunk, then MTP blocks
  int output = 0;                    ///< backend of final norm and head
  int host = 1;                      ///< number of the CPU backend
  bool everything_offloaded = true;  ///< -ngl above the number of layers
  const std::vector<TypeSet>* types = nullptr;
  const TypeSet* ends = nullptr;  ///< of embedding and head
};

enum class GraphKind : std::uint8_t { trunk, mtp };

void build_prompt(Graph& graph, const ModelShape& shape, const ContextShape& context,
                  const Placement& placement, GraphKind kind);

}  // namespace qwenfit::engine::llamacpp
