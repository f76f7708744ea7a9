// QWenLMHeadModel (Qwen v1): fused and biased c_attn, no grouped-query attention. The MLP width in the
// catalog is already half of the config's intermediate_size, as w1, w2 and c_proj use it.
#include "builder.hpp"

namespace qwenfit::model {

void build_qwen(Builder& b) {
  const catalog::Geometry& g = b.geometry();
  const std::int64_t width = std::int64_t{g.heads} * g.head_dim;
  b.embedding();
  for (int layer = 0; layer < g.layers; ++layer) {
    b.set_layer(layer);
    b.add_layer_kind(LayerKind::full_attention);
    b.vector(Role::attn_norm, g.hidden_size);
    b.matrix(Role::attn_qkv, 3 * width, g.hidden_size);
    b.vector(Role::attn_qkv_bias, 3 * width);
    b.matrix(Role::attn_output, g.hidden_size, width);
    b.vector(Role::ffn_norm, g.hidden_size);
    b.dense_ffn();
  }
  b.final_norm_and_head();
}

}  // namespace qwenfit::model
