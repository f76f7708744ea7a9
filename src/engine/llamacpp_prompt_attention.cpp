// Embedding, attention, and the ends of the graph.
#include "llamacpp_prompt_builder.hpp"

namespace qwenfit::engine::llamacpp {

using catalog::Arch;

PromptBuilder::PromptBuilder(Graph& graph, const ModelShape& shape, const ContextShape& context,
                             const Placement& placement)
    : g_(graph), m_(shape), c_(context), p_(placement) {
  g_.clear();
}

int PromptBuilder::backend(int layer) const {
  return layer < 0 ? p_.output : p_.layers[static_cast<std::size_t>(layer)].backend;
}

Index PromptBuilder::weight(int layer, Role role, Shape ne) {
  const bool routed = role == Role::expert_gate || role == Role::expert_up || role == Role::expert_down;
  int home = role == Role::token_embedding ? p_.host : backend(layer);
  if (routed && p_.layers[static_cast<std::size_t>(layer)].experts_on_host) home = p_.host;
  const TypeSet& types =
      layer < 0 ? *p_.ends
                : (*p_.types)[static_cast<std::size_t>(p_.layers[static_cast<std::size_t>(layer)].type_set)];
  const Index w = g_.stored(types[static_cast<std::size_t>(role)], ne, home, true);
  g_[w].role = static_cast<std::int16_t>(role);
  g_[w].layer = static_cast<std::int16_t>(layer);
  return w;
}

Index PromptBuilder::project(int layer, Role role, Index x, std::int64_t out) {
  return g_.mul_mat(matrix(layer, role, g_[x].ne[0], out), x);
}

Index PromptBuilder::norm(Index x, int layer, Role role) {
  const Index n = g_.rms_norm(x);
  // llama_context::graph_get_cb: else it would run where the previous layer does.
  if (layer >= 0 && (c_.tokens < 32 || p_.everything_offloaded))
    g_[n].forced = static_cast<std::int16_t>(backend(layer));
  return g_.mul(n, vector(layer, role, g_[x].ne[0]));
}

Index PromptBuilder::embedded_tokens() {
  const Index tokens = g_.input(kI32, {c_.tokens, 1, 1, 1});
  const std::int64_t wide = std::int64_t{m_.width} * (1 + m_.deepstack);
  const Index vectors = g_.input(kF32, {wide, c_.tokens, 1, 1});
  Index x = g_.get_rows(matrix(-1, Role::token_embedding, m_.width, m_.vocab), tokens);
  if (m_.deepstack > 0) x = g_.make(Op::other, kF32, {wide, c_.tokens, 1, 1}, {x});
  g_.expand(x);
  g_.expand(vectors);
  if (m_.deepstack > 0) {
    x = g_.view_2d(x, m_.width, c_.tokens, wide * 4);
    deep_ = x;
  }
  g_.expand(x);
  return x;
}

void PromptBuilder::attention_inputs() {
  k_ids_ = g_.input(kI64, {c_.tokens, 1, 1, 1});
  v_ids_ = g_.input(kI64, {c_.tokens * (c_.flash_attention ? 1 : m_.kv_width()), 1, 1, 1});
  const bool half = c_.flash_attention && c_.half_mask;
  mask_ = g_.input(half ? kF16 : kF32, {c_.cells, c_.tokens / c_.streams, 1, c_.streams});
  if (c_.flash_attention && !half) mask_ = g_.cast(mask_, kF16);
  // llama_kv_cache: the largest power of two times 64 that divides a head, for K; 64 for V.
  if (!c_.rotate || m_.head_dim % 64 != 0) return;
  std::int64_t n = 64;
  while (m_.head_dim % (2 * n) == 0) n *= 2;
  if (c_.k.quantized) k_rot_ = g_.input(kF32, {n, n, 1, 1});
  if (c_.v.quantized) v_rot_ = g_.input(kF32, {64, 64, 1, 1});
}

void PromptBuilder::output_ids() {
  pos_ = g_.input(kI32, {c_.tokens * (m_.mrope ? 4 : 1), 1, 1, 1});
  out_ids_ = g_.input(kI32, {c_.outputs, 1, 1, 1});
}

Index PromptBuilder::heads_of(Index x, std::int64_t heads) {
  return g_.reshape(x, {m_.head_dim, heads, c_.tokens, 1});
}

Index PromptBuilder::rope(Index x) {
  return g_.like(Op::rope, x, {x, pos_});
}

Index PromptBuilder::rotate(Index x, Index rotation) {
  const Shape ne = g_[x].ne;
  const std::int64_t n = g_[rotation].ne[0];
  const Shape flat{n, g_[x].elements() / n, 1, 1};
  const Index rows = g_[x].contiguous() ? g_.reshape(x, flat) : g_.cont(x, flat);
  return g_.reshape(g_.mul_mat(rotation, rows), ne);
}

void PromptBuilder::store(Index cache, Index x, Index ids, bool transposed) {
  const std::int64_t width = g_[x].ne[0] * g_[x].ne[1];
  const std::int64_t tokens = g_[x].ne[2];
  if (transposed) {
    const bool whole = g_[x].nb[2] == width * g_[x].type.bytes;
    x = whole ? g_.reshape(x, {width, tokens, 1, 1}) : g_.cont(x, {width, tokens, 1, 1});
    const Index all = g_.reshape(cache, {1, g_[cache].elements(), 1, 1});
    g_.expand(g_.write(all, {g_.reshape(x, {1, width * tokens, 1, 1}), ids, all}));
    return;
  }
  x = g_.view_2d(x, width, tokens, g_[x].nb[2]);
  if (c_.streams > 1) cache = g_.reshape(cache, {width, c_.cells * c_.streams, 1, 1});
  g_.expand(g_.write(cache, {x, ids, cache}));
}

Index PromptBuilder::attend_masked(Index q, Index k, Index v, Index mask, int layer) {
  const Tensor& t = g_[q];
  q = g_.view(q, {t.ne[0], t.ne[1], t.ne[2] / c_.streams, c_.streams}, t.nb[1], t.nb[2],
              t.nb[3] / c_.streams);
  q = g_.permute(q, {0, 2, 1, 3});
  k = g_.permute(k, {0, 2, 1, 3});
  v = g_.permute(v, {0, 2, 1, 3});
  const std::int64_t tokens = c_.tokens / c_.streams;
  const std::int64_t width = std::int64_t{m_.heads} * m_.head_dim;
  Index out;
  if (c_.flash_attention) {
    for (Index* cached : {&k, &v}) {
      if (g_[*cached].type == kF32) *cached = g_.cast(*cached, kF16);
    }
    out = g_.make(Op::flash_attention, kF32, {m_.head_dim, m_.heads, tokens, c_.streams}, {q, k, v, mask});
    g_[out].layer = static_cast<std::int16_t>(layer);
    g_[out].fused_check = true;
    out = g_.reshape(out, {width, c_.tokens, 1, 1});
  } else {
    const Index kq = g_.mul_mat(k, q);
    const Index weights = g_.like(Op::soft_max, kq, {kq, mask});
    out = g_.permute(g_.mul_mat(v, weights), {0, 2, 1, 3});
    out = g_.cont(out, {width, c_.tokens, 1, 1});
  }
  g_.expand(out);
  return out;
}

Index PromptBuilder::attend(Heads h, int layer, Index chosen) {
  if (k_rot_ != kNone) {
    h.q = rotate(h.q, k_rot_);
    h.k = rotate(h.k, k_rot_);
  }
  if (v_rot_ != kNone) h.v = rotate(h.v, v_rot_);
  g_.expand(h.q);
  g_.expand(h.v);
  g_.expand(h.k);
  const Shape cells{m_.kv_width(), c_.cells, c_.streams, 1};
  const Index k_cache = g_.stored(c_.k, cells, backend(layer), false);
  const Index v_cache = g_.stored(c_.v, cells, backend(layer), false);
  store(k_cache, h.k, k_ids_, false);
  store(v_cache, h.v, v_ids_, !c_.flash_attention);
  const auto row = [](Type t, std::int64_t n) { return n / t.block * t.bytes; };
  const std::int64_t head = m_.head_dim;
  const Index k = g_.view(k_cache, {head, m_.kv_heads, c_.cells, c_.streams}, row(c_.k, head),
                          row(c_.k, m_.kv_width()), row(c_.k, m_.kv_width()) * c_.cells);
  const Index v =
      c_.flash_attention
          ? g_.view(v_cache, {head, m_.kv_heads, c_.cells, c_.streams}, row(c_.v, head),
                    row(c_.v, m_.kv_width()), row(c_.v, m_.kv_width()) * c_.cells)
          : g_.view(v_cache, {c_.cells, m_.kv_heads, head, c_.streams}, row(c_.v, c_.cells * head),
                    row(c_.v, c_.cells), row(c_.v, c_.cells) * m_.kv_width());
  const Index mask = chosen == kNone ? mask_ : chosen_mask(chosen);
  const Index out = attend_masked(h.q, k, v, mask, layer);
  return v_rot_ == kNone ? out : rotate(out, v_rot_);
}

PromptBuilder::Heads PromptBuilder::fused_heads(Index x, int layer) {
  const std::int64_t width = std::int64_t{m_.heads} * m_.head_dim;
  Index qkv = project(layer, Role::attn_qkv, x, 3 * width);
  qkv = g_.add(qkv, vector(layer, Role::attn_qkv_bias, 3 * width));
  const auto part = [&] {
    return g_.view(qkv, {m_.head_dim, m_.heads, c_.tokens, 1}, std::int64_t{m_.head_dim} * 4, 3 * width * 4,
                   3 * width * 4 * c_.tokens);
  };
  return {part(), part(), part()};
}

PromptBuilder::Heads PromptBuilder::plain_heads(Index x, int layer) {
  const bool biased = m_.arch == Arch::qwen2 || m_.arch == Arch::qwen2_moe;
  const auto part = [&](Role role, Role bias, std::int64_t heads) {
    Index y = project(layer, role, x, heads * m_.head_dim);
    if (biased) y = g_.add(y, vector(layer, bias, heads * m_.head_dim));
    return heads_of(y, heads);
  };
  return {part(Role::attn_q, Role::attn_q_bias, m_.heads), part(Role::attn_k, Role::attn_k_bias, m_.kv_heads),
          part(Role::attn_v, Role::attn_v_bias, m_.kv_heads)};
}

Index PromptBuilder::attention(Index x, int layer) {
  Heads h = m_.arch == Arch::qwen ? fused_heads(x, layer) : plain_heads(x, layer);
  const bool normed = m_.arch == Arch::qwen3 || m_.arch == Arch::qwen3_moe;
  h.q = rope(normed ? norm(h.q, layer, Role::attn_q_norm) : h.q);
  h.k = rope(normed ? norm(h.k, layer, Role::attn_k_norm) : h.k);
  return project(layer, Role::attn_output, attend(h, layer), m_.width);
}

/// Query and gate come from one projection, interleaved by head.
Index PromptBuilder::gated_attention(Index x, int layer) {
  const std::int64_t head = m_.head_dim;
  const std::int64_t width = head * m_.heads;
  const Index cells = m_.indexer_dim > 0 && layer < m_.layers ? chosen_cells(x, layer) : kNone;
  const Index both = project(layer, Role::attn_q, x, 2 * width);
  const Index k = project(layer, Role::attn_k, x, m_.kv_width());
  const Index v = project(layer, Role::attn_v, x, m_.kv_width());
  const auto half = [&] {
    return g_.view(both, {head, m_.heads, c_.tokens, 1}, 2 * head * 4, 2 * width * 4,
                   2 * width * 4 * c_.tokens);
  };
  Heads h;
  h.q = rope(norm(half(), layer, Role::attn_q_norm));
  h.k = rope(norm(heads_of(k, m_.kv_heads), layer, Role::attn_k_norm));
  h.v = heads_of(v, m_.kv_heads);
  const Index out = attend(h, layer, cells);
  const Index gate = g_.unary(g_.cont(half(), {width, c_.tokens, 1, 1}));
  return project(layer, Role::attn_output, g_.mul(out, gate), m_.width);
}

void PromptBuilder::finish(Index hidden, bool rows_chosen, int norm_layer, Role norm_role) {
  const Index n = g_.rms_norm(hidden);
  Index x = g_.mul(n, vector(norm_layer, norm_role, m_.width));
  g_[x].output = true;
  if (!rows_chosen) {
    x = chosen_rows(x);
    g_[x].output = true;
  }
  const Index logits = project(-1, Role::output, x, m_.vocab);
  g_[logits].output = true;
  g_.expand(logits);
}

void PromptBuilder::trunk() {
  if (m_.streams > 0) {
    streams_trunk();
    return;
  }
  Index x = embedded_tokens();
  if (m_.hybrid()) recurrent_inputs();
  output_ids();
  attention_inputs();
  const int layers = static_cast<int>(p_.layers.size());
  for (int layer = 0; layer < layers; ++layer) {
    g_.layers.push_back(static_cast<Index>(g_.tensors.size()));
    const bool linear = m_.linear(layer);
    Index residual = x;
    Index y = norm(x, layer, Role::attn_norm);
    if (m_.hybrid()) {
      g_.expand(y);
      y = linear ? delta_net(y, layer) : gated_attention(y, layer);
    } else {
      y = attention(y, layer);
    }
    if (layer == layers - 1 && !m_.hybrid()) {
      y = chosen_rows(y);
      residual = chosen_rows(residual);
    }
    residual = g_.add(y, residual);
    y = feed_forward(norm(residual, layer, Role::ffn_norm), layer);
    x = g_.add(y, residual);
    if (layer < m_.deepstack) {
      const Tensor& wide = g_[deep_];
      x = g_.add(x, g_.view_2d(deep_, m_.width, c_.tokens, wide.nb[1]));
    }
  }
  finish(x, !m_.hybrid(), -1, Role::output_norm);
}

}  // namespace qwenfit::engine::llamacpp
