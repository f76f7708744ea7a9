// Qwen3-Next, Qwen3.5, 3.6 and 3.8: three Gated DeltaNet layers to one with gated full attention, and an
// MTP block that is a full-attention layer of its own.
#include "builder.hpp"

namespace qwenfit::model {

void gated_delta_net(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  const catalog::LinearAttention& l = *g.linear_attention;
  const std::int64_t keys = std::int64_t{l.key_heads} * l.key_head_dim;
  const std::int64_t values = std::int64_t{l.value_heads} * l.value_head_dim;
  const std::int64_t channels = 2 * keys + values;
  const bool fused = l.fused_projections;
  if (fused && b.layout() == Layout::checkpoint) {
    b.matrix(Role::linear_qkvz, channels + values, g.hidden_size);
  } else {
    b.matrix(Role::linear_qkv, channels, g.hidden_size);
    b.matrix(Role::linear_z, values, g.hidden_size);
  }
  if (fused) {
    b.matrix(Role::linear_ba, 2 * std::int64_t{l.value_heads}, g.hidden_size);
  } else {
    b.matrix(Role::linear_b, l.value_heads, g.hidden_size);
    b.matrix(Role::linear_a, l.value_heads, g.hidden_size);
  }
  b.matrix(Role::linear_conv, channels, l.conv_kernel);
  b.vector(Role::linear_a_log, l.value_heads);
  b.vector(Role::linear_dt_bias, l.value_heads);
  b.vector(Role::linear_norm, l.value_head_dim);
  b.matrix(Role::linear_output, g.hidden_size, values);
}

namespace {

void multi_token_prediction(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  b.set_part(Part::mtp);
  for (int i = 0; i < g.mtp_layers; ++i) {
    b.set_layer(g.layers + i);
    b.vector(Role::attn_norm, g.hidden_size);
    qwen3_attention(b, true);
    b.vector(Role::ffn_norm, g.hidden_size);
    b.ffn();
    b.matrix(Role::mtp_fc, g.hidden_size, 2 * std::int64_t{g.hidden_size});
    b.vector(Role::mtp_norm, g.hidden_size, 3);
  }
  b.set_part(Part::text);
}

}  // namespace

void build_hybrid(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  const int interval = g.linear_attention->full_attention_interval;
  b.embedding();
  for (int layer = 0; layer < g.layers; ++layer) {
    const bool full = (layer + 1) % interval == 0;
    b.set_layer(layer);
    b.add_layer_kind(full ? LayerKind::full_attention : LayerKind::linear_attention);
    b.vector(Role::attn_norm, g.hidden_size);
    if (full) qwen3_attention(b, true);
    else gated_delta_net(b);
    b.vector(Role::ffn_norm, g.hidden_size);
    b.ffn();
  }
  b.final_norm_and_head();
  multi_token_prediction(b);
}

}  // namespace qwenfit::model
