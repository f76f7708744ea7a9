// Qwen4ExpForConditionalGeneration (Qwen3.8-Flash-Next): the hybrid with four residual streams
// (hyper-connections instead of layer norms), an indexer on the full-attention layers, and one layer that
// looks up a large n-gram table.
#include "builder.hpp"

namespace qwenfit::model {
namespace {

struct HyperRoles {
  Role norm, down, up;
};
constexpr HyperRoles kBeforeMixer{Role::hyper_attn_norm, Role::hyper_attn_down, Role::hyper_attn_up};
constexpr HyperRoles kBeforeFfn{Role::hyper_ffn_norm, Role::hyper_ffn_down, Role::hyper_ffn_up};
constexpr HyperRoles kAtEnd{Role::hyper_head_norm, Role::hyper_head_down, Role::hyper_head_up};

void hyper_connection(Builder& b, const HyperRoles& roles) {
  const catalog::Geometry& g = b.geometry();
  const std::int64_t streams = std::int64_t{g.qwen4_exp->hyper_connections} * g.hidden_size;
  b.vector(roles.norm, streams);
  b.matrix(roles.down, g.qwen4_exp->hyper_rank, streams);
  b.matrix(roles.up, streams, g.qwen4_exp->hyper_rank);
}

/// The modules of a layer also write back into the streams; the one that ends the trunk does not.
void hyper_connection(Builder& b, const HyperRoles& roles, Role inject) {
  const catalog::Geometry& g = b.geometry();
  const std::int64_t connections = g.qwen4_exp->hyper_connections;
  hyper_connection(b, roles);
  b.matrix(inject, connections, connections * g.hidden_size);
}

void indexed_attention(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  const catalog::Qwen4Exp& x = *g.qwen4_exp;
  qwen3_attention(b, true);
  const std::int64_t q = std::int64_t{x.indexer_heads} * x.indexer_head_dim;
  const std::int64_t k = std::int64_t{x.indexer_kv_heads} * x.indexer_head_dim;
  if (b.layout() == Layout::gguf) {
    b.matrix(Role::indexer_q, q, g.hidden_size);
    b.matrix(Role::indexer_k, k, g.hidden_size);
  } else {
    b.matrix(Role::indexer_proj, q + k, g.hidden_size);
  }
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
    hyper_connection(b, kBeforeMixer, Role::hyper_attn_inject);
    if (full) indexed_attention(b);
    else gated_delta_net(b);
    hyper_connection(b, kBeforeFfn, Role::hyper_ffn_inject);
    b.moe_ffn();
    if (layer == x.ple_layer) {
      ple(b);
      b.set_part(Part::ngram);
      b.matrix(Role::ngram_table, x.ngram_rows, g.hidden_size / table_heads);
      b.set_part(Part::text);
    }
  }
  b.set_layer(-1);
  hyper_connection(b, kAtEnd);
  b.head();

  b.set_part(Part::mtp);
  for (int i = 0; i < g.mtp_layers; ++i) {
    b.set_layer(g.layers + i);
    b.matrix(Role::mtp_fc, g.hidden_size, g.hidden_size, 2);
    b.vector(Role::mtp_norm, g.hidden_size);
    b.vector(Role::mtp_norm, std::int64_t{x.hyper_connections} * g.hidden_size);
    hyper_connection(b, kBeforeMixer, Role::hyper_attn_inject);
    indexed_attention(b);
    hyper_connection(b, kBeforeFfn, Role::hyper_ffn_inject);
    b.moe_ffn();
    hyper_connection(b, kAtEnd);
  }
  b.set_part(Part::text);
}

}  // namespace qwenfit::model
