// Qwen3ForCausalLM and Qwen3MoeForCausalLM (text part of Qwen3-VL, Qwen3-Omni, Qwen3-ASR too): RMS norm
// on each head of q and k, no biases. heads x head_dim need not equal the hidden size.
#include "builder.hpp"

namespace qwenfit::model {

void qwen3_attention(Builder& b, bool output_gate) {
  const catalog::Geometry& g = b.geometry();
  const std::int64_t q = std::int64_t{g.heads} * g.head_dim;
  const std::int64_t kv = std::int64_t{g.kv_heads} * g.head_dim;
  b.matrix(Role::attn_q, output_gate ? 2 * q : q, g.hidden_size);
  b.matrix(Role::attn_k, kv, g.hidden_size);
  b.matrix(Role::attn_v, kv, g.hidden_size);
  b.vector(Role::attn_q_norm, g.head_dim);
  b.vector(Role::attn_k_norm, g.head_dim);
  b.matrix(Role::attn_output, g.hidden_size, q);
}

void build_qwen3(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  b.embedding();
  for (int layer = 0; layer < g.layers; ++layer) {
    b.set_layer(layer);
    b.add_layer_kind(LayerKind::full_attention);
    b.vector(Role::attn_norm, g.hidden_size);
    qwen3_attention(b, false);
    b.vector(Role::ffn_norm, g.hidden_size);
    b.ffn();
  }
  b.final_norm_and_head();
}

}  // namespace qwenfit::model
