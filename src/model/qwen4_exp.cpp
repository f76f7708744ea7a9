// Qwen4ExpForConditionalGeneration (Qwen3.8-Flash-Next): the hybrid with four residual streams
// (hyper-connections instead of layer norms), an indexer on the full-attention layers, and one layer that
// looks up a large n-gram table.
#include "builder.hpp"

namespace qwenfit::model {
namespace {

/// A hyper-connection module; the one that ends the trunk has no inject.
void hyper_connection(Builder& b, bool inject) {
  const catalog::Geometry& g = b.geometry();
  const catalog::Qwen4Exp& x = *g.qwen4_exp;
  const std::int64_t streams = std::int64_t{x.hyper_connections} * g.hidden_size;
  b.vector(Role::hyper_norm, streams);
  b.matrix(Role::hyper_down, x.hyper_rank, streams);
  b.matrix(Role::hyper_up, streams, x.hyper_rank);
  if (inject) b.matrix(Role::hyper_inject, x.hyper_connections, streams);
}

void indexed_attention(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  const catalog::Qwen4Exp& x = *g.qwen4_exp;
  qwen3_attention(b, true);
  b.matrix(Role::indexer_proj, std::int64_t{x.indexer_heads + x.indexer_kv_heads} * x.indexer_head_dim,
           g.hidden_size);
  b.vector(Role::indexer_norm, x.indexer_head_dim, 2);
}

/// Per-layer embedding: what the n-gram table's rows go through.
void ple(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  const catalog::Qwen4Exp& x = *g.qwen4_exp;
  const std::int64_t streams = std::int64_t{x.hyper_connections} * g.hidden_size;
  b.matrix(Role::ple_key, streams, g.hidden_size);
  b.matrix(Role::ple_value, g.hidden_size, g.hidden_size);
  b.vector(Role::ple_norm, streams, 3);
  b.matrix(Role::ple_conv, streams, x.ple_conv_kernel);
}

}  // namespace

void build_qwen4_exp(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  const catalog::Qwen4Exp& x = *g.qwen4_exp;
  const std::int64_t table_heads = std::int64_t{x.ngram_size - 1} * x.ngram_heads;
  b.embedding();
  for (int layer = 0; layer < g.layers; ++layer) {
    const bool full = (layer + 1) % g.linear_attention->full_attention_interval == 0;
    b.set_layer(layer);
    b.add_layer_kind(full ? LayerKind::full_attention : LayerKind::linear_attention);
    hyper_connection(b, true);
    if (full) indexed_attention(b);
    else gated_delta_net(b);
    hyper_connection(b, true);
    b.moe_ffn();
    if (layer == x.ple_layer) {
      ple(b);
      b.set_part(Part::ngram);
      b.matrix(Role::ngram_table, x.ngram_rows, g.hidden_size / table_heads);
      b.set_part(Part::text);
    }
  }
  b.set_layer(-1);
  hyper_connection(b, false);
  b.head();

  b.set_part(Part::mtp);
  for (int i = 0; i < g.mtp_layers; ++i) {
    b.set_layer(g.layers + i);
    b.matrix(Role::mtp_fc, g.hidden_size, g.hidden_size, 2);
    b.vector(Role::mtp_norm, g.hidden_size);
    b.vector(Role::mtp_norm, std::int64_t{x.hyper_connections} * g.hidden_size);
    hyper_connection(b, true);
    indexed_attention(b);
    hyper_connection(b, true);
    b.moe_ffn();
    hyper_connection(b, false);
  }
  b.set_part(Part::text);
}

}  // namespace qwenfit::model
