// Qwen2ForCausalLM and Qwen2MoeForCausalLM (Qwen1.5, 2, 2.5, QwQ; text part of Qwen2-VL, Qwen2.5-VL,
// Qwen2-Audio, Qwen2.5-Omni): biased q, k, v.
#include "builder.hpp"

namespace qwenfit::model {

void build_qwen2(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  const std::int64_t q = std::int64_t{g.heads} * g.head_dim;
  const std::int64_t kv = std::int64_t{g.kv_heads} * g.head_dim;
  b.embedding();
  for (int layer = 0; layer < g.layers; ++layer) {
    b.set_layer(layer);
    b.add_layer_kind(LayerKind::full_attention);
    b.vector(Role::attn_norm, g.hidden_size);
    b.matrix(Role::attn_q, q, g.hidden_size);
    b.vector(Role::attn_q_bias, q);
    b.matrix(Role::attn_k, kv, g.hidden_size);
    b.vector(Role::attn_k_bias, kv);
    b.matrix(Role::attn_v, kv, g.hidden_size);
    b.vector(Role::attn_v_bias, kv);
    b.matrix(Role::attn_output, g.hidden_size, q);
    b.vector(Role::ffn_norm, g.hidden_size);
    b.ffn();
  }
  b.final_norm_and_head();
}

}  // namespace qwenfit::model
