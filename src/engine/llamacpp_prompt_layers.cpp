// Feed-forward networks, gated delta nets, and the MTP block.
#include "llamacpp_prompt_builder.hpp"

namespace qwenfit::engine::llamacpp {

using catalog::Arch;

Index PromptBuilder::ffn(Index x, int layer, Role gate, Role up, Role down, std::int64_t width) {
  const Index u = project(layer, up, x, width);
  const Index h = project(layer, gate, x, width);
  return project(layer, down, g_.like(Op::other, h, {h, u}), m_.width);
}

Index PromptBuilder::feed_forward(Index x, int layer) {
  if (m_.experts == 0) return ffn(x, layer, Role::ffn_gate, Role::ffn_up, Role::ffn_down, m_.ffn);
  const Index routed = experts(x, layer);
  return m_.shared_ffn > 0 ? shared_expert(x, layer, routed) : routed;
}

Index PromptBuilder::experts(Index x, int layer) {
  const std::int64_t rows = g_[x].ne[1];
  const std::int64_t used = m_.experts_used;
  const Index logits = project(layer, Role::router, x, m_.experts);
  const Index probabilities = g_.like(Op::soft_max, logits, {logits});
  const Index sorted = g_.make(Op::argsort, kI32, g_[logits].ne, {probabilities});
  const Index ids = g_.view_2d(sorted, used, rows, g_[sorted].nb[1]);
  Index weights = g_.get_rows(g_.reshape(probabilities, {1, m_.experts, rows, 1}), ids);
  if (m_.norm_weights) {
    weights = g_.reshape(weights, {used, rows, 1, 1});
    const Index sum = g_.make(Op::sum_rows, kF32, {1, rows, 1, 1}, {weights});
    weights = g_.like(Op::in_place, weights, {weights, g_.unary(sum)});
    weights = g_.reshape(weights, {1, used, rows, 1});
  }
  g_.expand(weights);

  const Index tokens = g_.reshape(x, {m_.width, 1, rows, 1});
  const Shape in{m_.width, m_.expert_ffn, m_.experts, 1};
  const Index up = g_.mul_mat_id(weight(layer, Role::expert_up, in), tokens, ids);
  const Index gate = g_.mul_mat_id(weight(layer, Role::expert_gate, in), tokens, ids);
  const Index hidden = g_.like(Op::other, gate, {gate, up});
  Index out =
      g_.mul_mat_id(weight(layer, Role::expert_down, {m_.expert_ffn, m_.width, m_.experts, 1}), hidden, ids);
  out = g_.mul(out, weights);
  g_.expand(out);
  const std::int64_t step = g_[out].nb[2];
  std::vector<Index> parts(static_cast<std::size_t>(used));
  for (Index& part : parts) {
    part = g_.view_2d(out, m_.width, rows, step);
    g_.expand(part);
  }
  Index sum = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    sum = g_.add(sum, parts[i]);
    g_.expand(sum);
  }
  return used == 1 ? g_.cont(sum) : sum;
}

Index PromptBuilder::shared_expert(Index x, int layer, Index routed) {
  const Index gate_input = project(layer, Role::shared_expert_router, x, 1);
  const Index hidden = ffn(x, layer, Role::shared_expert_gate, Role::shared_expert_up,
                           Role::shared_expert_down, m_.shared_ffn);
  // qwen2moe writes the sigmoid as silu(x) / x.
  const Index gate = m_.arch == Arch::qwen2_moe
                         ? g_.like(Op::in_place, gate_input, {g_.unary(gate_input), gate_input})
                         : g_.unary(gate_input);
  return g_.add(routed, g_.mul(hidden, gate));
}

void PromptBuilder::recurrent_inputs() {
  const Index ids = g_.input(kI32, {c_.sequences, 1, 1, 1});
  state_ids_ = g_.view_2d(ids, c_.sequences, 1, c_.sequences * 4);
  extra_ids_ = g_.view_2d(ids, 0, 1, 0);
}

/// The states of the batch's sequences; those that are not in it are moved along (there are none).
Index PromptBuilder::recurrent_rows(Index all, std::int64_t size) {
  const Index states = g_.reshape(all, {size, g_[all].ne[1], 1, 1});
  const Index zero = g_.view_2d(states, size, 1, size * 4);
  g_.expand(g_.write(zero, {zero}));
  const Index rows = g_.get_rows(states, state_ids_);
  g_.expand(rows);
  const Index extra = g_.get_rows(states, extra_ids_);
  const Index nowhere = g_.view_2d(all, size, 0, size * 4);
  g_.expand(g_.write(nowhere, {extra, nowhere}));
  return rows;
}

/// The last columns of the previous batch before those of this one; the new last ones go back into the state.
Index PromptBuilder::conv_input(Index all, Index x, std::int64_t columns, std::int64_t channels) {
  const std::int64_t each = c_.tokens / c_.sequences;
  const Index state =
      g_.reshape(recurrent_rows(all, columns * channels), {columns, channels, c_.sequences, 1});
  const Index joined =
      g_.make(Op::other, kF32, {columns + each, channels, c_.sequences, 1}, {state, g_.transpose(x)});
  for (std::int64_t i = 0; i < c_.snapshots; ++i) {
    const Index last = g_.view(joined, {columns, channels, c_.sequences, 1}, g_[joined].nb[1],
                               g_[joined].nb[2], g_[joined].nb[3]);
    const Index target = g_.view_2d(all, columns * channels, c_.sequences, g_[all].nb[1]);
    g_.expand(g_.write(target, {m_.arch == Arch::qwen4_exp ? g_.cont(last) : last, target}));
  }
  return joined;
}

PromptBuilder::Gates PromptBuilder::delta_gates(Index x, int layer) {
  const std::int64_t heads = m_.value_heads;
  const std::int64_t each = c_.tokens / c_.sequences;
  Index beta;
  Index alpha;
  if (m_.arch == Arch::qwen3_next) {
    const std::int64_t group = heads / m_.key_heads;
    const Index both = g_.reshape(project(layer, Role::linear_ba, x, 2 * heads),
                                  {2 * group, m_.key_heads, each, c_.sequences});
    const auto half = [&] {
      return g_.view(both, {group, m_.key_heads, each, c_.sequences}, g_[both].nb[1], g_[both].nb[2],
                     g_[both].nb[3]);
    };
    beta = g_.unary(g_.cont(half()));
    alpha = g_.cont(half(), {heads, each, c_.sequences, 1});
    beta = g_.reshape(beta, {1, heads, each, c_.sequences});
  } else {
    beta = g_.unary(g_.reshape(project(layer, Role::linear_b, x, heads), {1, heads, each, c_.sequences}));
    alpha = g_.reshape(project(layer, Role::linear_a, x, heads), {heads, each, c_.sequences, 1});
  }
  alpha = g_.unary(g_.add(alpha, vector(layer, Role::linear_dt_bias, heads)));
  alpha = g_.mul(alpha, vector(layer, Role::linear_a_log, heads));
  return {beta, g_.reshape(alpha, {1, heads, each, c_.sequences})};
}

/// Queries or keys of the convolved mix, each head of length one.
Index PromptBuilder::unit_heads(Index mixed, std::int64_t heads, std::int64_t channels) {
  const std::int64_t each = c_.tokens / c_.sequences;
  const Index x = g_.view(mixed, {m_.state, heads, each, c_.sequences}, std::int64_t{m_.state} * 4,
                          channels * 4, channels * 4 * each);
  return g_.scale(g_.rms_norm(x));
}

Index PromptBuilder::delta_net(Index x, int layer) {
  const std::int64_t keys = m_.key_heads;
  const std::int64_t values = m_.value_heads;
  const std::int64_t head = m_.state;
  const std::int64_t inner = values * head;
  const std::int64_t channels = 2 * keys * head + inner;
  const std::int64_t each = c_.tokens / c_.sequences;
  const std::int64_t sequences = c_.sequences;

  const Index qkv = g_.reshape(project(layer, Role::linear_qkv, x, channels), {channels, each, sequences, 1});
  const Index z = project(layer, Role::linear_z, x, inner);
  const Gates gates = delta_gates(x, layer);
  const std::int64_t rows = sequences * c_.snapshots;
  const std::int64_t conv_size = (m_.conv - 1) * channels;
  const std::int64_t state_size = head * inner;
  const Index conv_states = g_.stored(kF32, {conv_size, rows, 1, 1}, backend(layer), false);
  const Index all_states = g_.stored(kF32, {state_size, rows, 1, 1}, backend(layer), false);
  const Index joined = conv_input(conv_states, qkv, m_.conv - 1, channels);
  const Index state = g_.reshape(recurrent_rows(all_states, state_size), {head, head, values, sequences});

  const Index kernel = weight(layer, Role::linear_conv, {m_.conv, channels, 1, 1});
  const Index mixed = g_.unary(g_.make(Op::other, kF32, {channels, each, sequences, 1}, {joined, kernel}));
  Index q = unit_heads(mixed, keys, channels);
  Index k = unit_heads(mixed, keys, channels);
  const Index v =
      g_.view(mixed, {head, values, each, sequences}, head * 4, channels * 4, channels * 4 * each);
  if (m_.arch == Arch::qwen3_next && keys != values) {
    const auto repeated = [&](Index heads) {
      const Index flat = g_.reshape(heads, {head, 1, keys, each * sequences});
      const Index wide = g_.make(Op::other, kF32, {head, values / keys, keys, each * sequences}, {flat});
      return g_.reshape(wide, {head, values, each, sequences});
    };
    q = repeated(q);
    k = repeated(k);
  }
  const Index out = g_.make(Op::other, kF32, {inner, c_.tokens + c_.snapshots * head * sequences, 1, 1},
                            {q, k, v, gates.decay, gates.beta, state});
  const std::int64_t written = std::min(each, c_.snapshots);
  const Index states = g_.view(out, {state_size, sequences, written, 1}, state_size * 4,
                               state_size * 4 * sequences, state_size * 4 * sequences * written);
  const Index target = g_.view(all_states, {state_size, sequences, written, 1}, g_[all_states].nb[1],
                               sequences * state_size * 4, sequences * state_size * 4 * written);
  g_.expand(g_.write(target, {states, target}));
  const Index heads = g_.view(out, {head, values, each, sequences}, head * 4, inner * 4, inner * 4 * each);
  const Index normed = norm(heads, layer, Role::linear_norm);
  const Index gate = g_.unary(g_.reshape(z, {head, values, each, sequences}));
  const Index gated = g_.reshape(g_.mul(normed, gate), {inner, each, sequences, 1});
  return g_.reshape(project(layer, Role::linear_output, gated, m_.width), {m_.width, c_.tokens, 1, 1});
}

void PromptBuilder::mtp() {
  const int layer = 0;  // the only one of its placement
  const Index tokens = g_.input(kI32, {c_.tokens, 1, 1, 1});
  const Index embedded = g_.get_rows(matrix(-1, Role::token_embedding, m_.width, m_.vocab), tokens);
  const Index hidden = g_.input(kF32, {m_.width, c_.tokens, 1, 1});
  output_ids();
  attention_inputs();
  g_.layers.push_back(static_cast<Index>(g_.tensors.size()));
  const Index h = norm(hidden, layer, Role::mtp_norm);
  const Index e = norm(embedded, layer, Role::mtp_norm);
  const Index both = g_.make(Op::other, kF32, {2 * std::int64_t{m_.width}, c_.tokens, 1, 1}, {e, h});
  Index residual = project(layer, Role::mtp_fc, both, m_.width);
  Index y = gated_attention(norm(residual, layer, Role::attn_norm), layer);
  const bool early = m_.arch == Arch::qwen3_next;  // its graph drops rows before the experts
  if (early) {
    y = chosen_rows(y);
    residual = chosen_rows(residual);
  }
  residual = g_.add(y, residual);
  y = feed_forward(norm(residual, layer, Role::ffn_norm), layer);
  finish(g_.add(y, residual), early, layer, Role::mtp_norm);
}

}  // namespace qwenfit::engine::llamacpp
