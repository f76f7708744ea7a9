// Qwen4Exp (Qwen3.8-Flash-Next): residual streams mixed by hyper-connections, attention to the cells that an
// indexer chooses, an n-gram table looked up in one layer. After src/models/qwen4exp.cpp.
#include "llamacpp_prompt_builder.hpp"

namespace qwenfit::engine::llamacpp {
namespace {

constexpr std::int64_t kBlock = 4;  // cells that share an indexer key (compress_ratio)

}  // namespace

std::int64_t cells_chosen(const ModelShape& shape, const ContextShape& context) {
  return std::min<std::int64_t>(context.cells, shape.indexer_budget + kBlock - 1);
}

void PromptBuilder::indexer_inputs() {
  const std::int64_t blocks = units::ceil_div(c_.cells, kBlock);
  const std::int64_t each = c_.tokens / c_.streams;
  index_ids_ = g_.input(kI64, {c_.tokens, 1, 1, 1});
  cell_blocks_ = g_.input(kI32, {c_.cells, c_.streams, 1, 1});
  block_cells_ = g_.input(kI32, {kBlock * blocks, c_.streams, 1, 1});
  block_pos_ = g_.input(kI32, {4 * blocks * c_.streams, 1, 1, 1});
  block_bias_ = g_.input(kF32, {blocks, each, c_.streams, 1});
}

/// Indices of the cells that each token attends to.
Index PromptBuilder::chosen_cells(Index x, int layer) {
  const std::int64_t width = m_.indexer_dim;
  const std::int64_t heads = m_.indexer_heads;
  const std::int64_t blocks = units::ceil_div(c_.cells, kBlock);
  const std::int64_t streams = c_.streams;
  const std::int64_t each = c_.tokens / streams;

  const Index raw = g_.reshape(project(layer, Role::indexer_k, x, width), {width, 1, c_.tokens, 1});
  const Index cache = g_.stored(c_.k, {width, c_.cells, streams, 1}, backend(layer), false);
  store(cache, raw, index_ids_, false);
  const std::int64_t row = width / c_.k.block * c_.k.bytes;
  const Index all =
      g_.view(cache, {width, c_.cells, streams, 1}, row, row * c_.cells, row * c_.cells * streams);
  const Index members = g_.reshape(g_.get_rows(all, block_cells_), {width, kBlock, blocks, streams});
  Index pooled = kNone;
  for (std::int64_t i = 0; i < kBlock; ++i) {
    const Tensor& m = g_[members];
    const Index slice =
        g_.cont(g_.view(members, {width, blocks, streams, 1}, m.nb[2], m.nb[3], m.nb[3] * streams));
    pooled = pooled == kNone ? slice : g_.add(pooled, slice);
  }
  pooled = g_.reshape(g_.scale(pooled), {width, blocks * streams, 1, 1});
  pooled = g_.reshape(norm(pooled, layer, Role::indexer_norm), {width, 1, blocks * streams, 1});
  pooled = g_.reshape(g_.like(Op::rope, pooled, {pooled, block_pos_}), {width, blocks, streams, 1});

  Index q = g_.reshape(project(layer, Role::indexer_q, x, heads * width), {width, heads, c_.tokens, 1});
  q = rope(norm(q, layer, Role::indexer_norm));
  Index score = g_.mul_mat(pooled, g_.reshape(q, {width, heads * each, streams, 1}));
  score = g_.unary(g_.reshape(score, {blocks, heads, each, streams}));
  Index sum = kNone;
  for (std::int64_t h = 0; h < heads; ++h) {
    const Tensor& s = g_[score];
    const Index slice = g_.view(score, {blocks, each, streams, 1}, s.nb[2], s.nb[3], s.nb[3] * streams);
    sum = sum == kNone ? g_.cont(slice) : g_.add(sum, slice);
  }
  sum = g_.add(sum, block_bias_);
  const auto turned = [&](Index t) {
    const Index p = g_.permute(t, {1, 0, 2, 3});
    return g_.cont(p);
  };
  Index expanded = turned(g_.get_rows(turned(sum), cell_blocks_));
  const Index mask = g_[mask_].type == kF32 ? mask_ : g_.cast(mask_, kF32);
  expanded = g_.add(expanded, g_.reshape(mask, {c_.cells, each, streams, 1}));
  const std::int64_t chosen = cells_chosen(m_, c_);
  const Index top = g_.make(Op::other, kI32, {chosen, each, streams, 1}, {expanded});
  return g_.reshape(g_.cont(top), {chosen, each, 1, streams});
}

/// The mask with all but the chosen cells closed.
Index PromptBuilder::chosen_mask(Index cells) {
  const Shape mask = g_[mask_].ne;
  const Shape nb = g_[mask_].nb;
  const Index closed = g_.unary(mask_);
  const Index rows = g_.view(closed, {1, mask[0], mask[1], mask[3]}, nb[0], nb[1], nb[2]);
  const Tensor& c = g_[cells];
  const Index ids = g_.view(cells, {c.ne[0], c.ne[1], c.ne[3], 1}, c.nb[1], c.nb[2], c.nb[3] * c.ne[3]);
  const Index zeros = g_.leaf(kF32, {1, g_[ids].ne[0], g_[ids].ne[1], g_[ids].ne[2]});
  Index open = g_.write(rows, {g_.unary(zeros), ids, rows});
  open = g_.view(open, mask, nb[1], nb[2], nb[3]);
  return g_.add(open, mask_);
}

Index PromptBuilder::mix_streams(Index x, int layer, const HyperRoles& roles, Index* inject) {
  const std::int64_t tokens = g_[x].ne[2];
  const std::int64_t streams = m_.streams;
  const std::int64_t width = streams * m_.width;
  const Shape by_stream{m_.width, streams, tokens, 1};
  Index xn = g_.mul(g_.rms_norm(x), weight(layer, roles.norm, {m_.width, streams, 1, 1}));
  xn = g_.reshape(xn, {width, tokens, 1, 1});
  const Index low = g_.unary(g_.scale(project(layer, roles.down, xn, m_.hyper_rank)));
  const Index gate = project(layer, roles.up, low, width);
  Index mixed;
  if (layer >= 0) {
    mixed = g_.make(Op::other, kF32, {m_.width, tokens, 1, 1},
                    {g_.reshape(xn, by_stream), g_.reshape(gate, by_stream)});
  } else {
    const Index gated = g_.reshape(g_.mul(xn, g_.unary(gate)), by_stream);
    mixed = g_.cont(g_.view_2d(gated, m_.width, tokens, width * 4));
    for (std::int64_t s = 1; s < streams; ++s)
      mixed = g_.add(mixed, g_.view_2d(gated, m_.width, tokens, width * 4));
    mixed = g_.scale(mixed);
  }
  if (inject) *inject = project(layer, roles.inject, xn, streams);
  return mixed;
}

Index PromptBuilder::write_streams(Index streams, Index block, Index inject) {
  const Index w = g_.scale(g_.unary(g_.scale(inject)));
  return g_.make(Op::other, kF32, g_[streams].ne, {block, streams, w});
}

Index PromptBuilder::lookup(Index rows, Index hidden, int layer) {
  const std::int64_t streams = m_.streams;
  const std::int64_t width = streams * m_.width;
  const std::int64_t each = c_.tokens / c_.sequences;
  const Shape by_stream{m_.width, streams, c_.tokens, 1};
  const auto grouped = [&](Index x) {
    return g_.mul(g_.rms_norm(g_.reshape(x, by_stream)),
                  weight(layer, Role::ple_norm, {m_.width, streams, 1, 1}));
  };
  Index key = project(layer, Role::ple_key, rows, width);
  const Index value = project(layer, Role::ple_value, rows, m_.width);
  key = grouped(key);
  const Index query = grouped(hidden);
  Index s = g_.make(Op::sum_rows, kF32, {1, streams, c_.tokens, 1}, {g_.mul(key, query)});
  s = g_.scale(s);
  const Index magnitude = g_.unary(g_.unary(g_.unary(s)));
  const Index gate = g_.unary(g_.mul(g_.unary(s), magnitude));
  const Index wide = g_.make(Op::other, kF32, by_stream, {g_.reshape(value, {m_.width, 1, c_.tokens, 1})});
  const Index gated = g_.mul(wide, gate);
  const Index normed = g_.reshape(grouped(gated), {width, each, c_.sequences, 1});

  const std::int64_t history = m_.ple_history();
  const Index states =
      g_.stored(kF32, {history * width, c_.sequences * c_.snapshots, 1, 1}, backend(layer), false);
  const Index padded = conv_input(states, normed, history, width);
  Index out = kNone;
  for (std::int64_t k = 0; k < m_.ple_kernel; ++k) {
    const Tensor& p = g_[padded];
    const Index part =
        g_.transpose(g_.view(padded, {each, width, c_.sequences, 1}, p.nb[1], p.nb[2], p.nb[3]));
    const Index shifted = g_.cont(part);
    const Index kernel = weight(layer, Role::ple_conv, {m_.ple_kernel, width, 1, 1});
    Index column = g_.cont(g_.view_2d(kernel, 1, width, g_[kernel].nb[1]));
    column = g_.reshape(column, {width, 1, 1, 1});
    if (g_[column].type != kF32) column = g_.cast(column, kF32);
    const Index term = g_.mul(shifted, column);
    out = out == kNone ? term : g_.add(out, term);
  }
  out = g_.reshape(g_.cont(g_.unary(out)), by_stream);
  return g_.add(hidden, g_.add(gated, out));
}

void PromptBuilder::streams_trunk() {
  static constexpr HyperRoles kMixer{Role::hyper_attn_norm, Role::hyper_attn_down, Role::hyper_attn_up,
                                     Role::hyper_attn_inject};
  static constexpr HyperRoles kFfn{Role::hyper_ffn_norm, Role::hyper_ffn_down, Role::hyper_ffn_up,
                                   Role::hyper_ffn_inject};
  static constexpr HyperRoles kEnd{Role::hyper_head_norm, Role::hyper_head_down, Role::hyper_head_up,
                                   Role::output};
  const Index embedded = embedded_tokens();
  recurrent_inputs();
  output_ids();
  attention_inputs();
  indexer_inputs();
  const Index ids = g_.input(kI32, {m_.ple_heads * c_.tokens, 1, 1, 1});
  const Index table = g_.stored(kF32, {m_.width / m_.ple_heads, m_.ple_rows, 1, 1}, p_.host, true);
  const Index rows = g_.reshape(g_.get_rows(table, ids), {m_.width, c_.tokens, 1, 1});
  g_.expand(rows);
  Index x = g_.make(Op::other, kF32, {m_.width, m_.streams, c_.tokens, 1},
                    {g_.reshape(embedded, {m_.width, 1, c_.tokens, 1})});
  const int layers = static_cast<int>(p_.layers.size());
  for (int layer = 0; layer < layers; ++layer) {
    g_.layers.push_back(static_cast<Index>(g_.tensors.size()));
    if (layer == m_.ple_layer) x = lookup(rows, x, layer);
    Index inject = kNone;
    Index y = mix_streams(x, layer, kMixer, &inject);
    g_.expand(y);
    y = m_.linear(layer) ? delta_net(y, layer) : gated_attention(y, layer);
    if (layer == layers - 1) {
      y = chosen_rows(y);
      inject = chosen_rows(inject);
      x = chosen_rows(g_.reshape(x, {std::int64_t{m_.streams} * m_.width, c_.tokens, 1, 1}));
      x = g_.reshape(x, {m_.width, m_.streams, c_.outputs, 1});
    }
    x = write_streams(x, y, inject);
    y = mix_streams(x, layer, kFfn, &inject);
    x = write_streams(x, feed_forward(y, layer), inject);
  }
  x = mix_streams(x, -1, kEnd, nullptr);
  g_[x].output = true;
  const Index logits = project(-1, Role::output, x, m_.vocab);
  g_[logits].output = true;
  g_.expand(logits);
}

}  // namespace qwenfit::engine::llamacpp
