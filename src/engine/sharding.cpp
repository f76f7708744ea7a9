#include "sharding.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "format/per_weights.hpp"

namespace qwenfit::engine {
namespace {

using model::Part;
using model::Role;

/// How a tensor is cut over the ranks of a tensor-parallel group.
enum class Cut : std::uint8_t { whole, heads, kv_heads, vocabulary, experts, nothing };

Cut cut_of(const model::Tensor& t) {
  switch (t.role) {
    case Role::token_embedding:
    case Role::output: return Cut::vocabulary;
    case Role::attn_k:
    case Role::attn_v:
    case Role::attn_k_bias:
    case Role::attn_v_bias: return Cut::kv_heads;
    case Role::expert_gate:
    case Role::expert_up:
    case Role::expert_down: return Cut::experts;
    case Role::attn_q:
    case Role::attn_qkv:
    case Role::attn_output:
    case Role::attn_q_bias:
    case Role::attn_qkv_bias:
    case Role::ffn_gate:
    case Role::ffn_up:
    case Role::ffn_down:
    case Role::shared_expert_gate:
    case Role::shared_expert_up:
    case Role::shared_expert_down:
    case Role::linear_qkv:
    case Role::linear_z:
    case Role::linear_qkvz:
    case Role::linear_a:
    case Role::linear_b:
    case Role::linear_ba:
    case Role::linear_conv:
    case Role::linear_a_log:
    case Role::linear_dt_bias:
    case Role::linear_output:
    case Role::ngram_table:
    case Role::vision_matrix:
    case Role::audio_matrix: return Cut::heads;
    default: return Cut::whole;  // norms, routers, small per-layer tensors
  }
}

/// Tensors of equal group, one after the other, are one parameter of the engine.
int fused_group(Role role) {
  switch (role) {
    case Role::attn_q:
    case Role::attn_k:
    case Role::attn_v: return 1;
    case Role::attn_q_bias:
    case Role::attn_k_bias:
    case Role::attn_v_bias: return 2;
    case Role::ffn_gate:
    case Role::ffn_up: return 3;
    case Role::expert_gate:
    case Role::expert_up: return 4;
    case Role::shared_expert_gate:
    case Role::shared_expert_up: return 5;
    case Role::linear_qkv:
    case Role::linear_z: return 6;
    case Role::linear_a:
    case Role::linear_b: return 7;
    default: return 0;
  }
}
constexpr int kGroups = 8;

/// Ways to cut a model that are kept.
constexpr std::size_t kMostRanks = 64;

/// Share of a tensor that one rank holds.
struct Share {
  std::int64_t numerator;
  std::int64_t denominator;
  Bytes of(Bytes bytes) const { return units::ceil_div(bytes * numerator, denominator); }
};

Share share_of(const Setup& setup, const model::Tensor& t) {
  const std::int64_t tp = setup.tensor_parallel;
  switch (cut_of(t)) {
    case Cut::heads: return {1, tp};
    case Cut::kv_heads: return {kv_heads_per_rank(setup), setup.model->geometry.kv_heads};
    case Cut::vocabulary: return {units::round_up(t.rows, 64), t.rows * tp};
    case Cut::experts:
      // Experts go whole to the expert-parallel ranks; without them every rank has a slice of each expert.
      // Data-parallel copies share the experts of a mixture (both engines flatten TP and DP for them).
      return {1, std::max<std::int64_t>(setup.expert_parallel, tp * setup.data_parallel)};
    default: return {1, 1};
  }
}

bool is_loaded(const Setup& setup, const Stage& stage, const Loaded& loaded, const model::Tensor& t) {
  const catalog::Geometry& g = setup.model->geometry;
  switch (t.part) {
    case Part::mtp: return loaded.mtp && stage.heads;
    case Part::vision:
    case Part::audio: return loaded.towers && stage.embeds;
    case Part::talker:
    case Part::code2wav: return false;  // served by projects of their own
    default: break;
  }
  if (t.layer >= 0) return t.layer >= stage.first && t.layer < stage.first + stage.count;
  if (t.role == Role::token_embedding) return stage.embeds || (g.tied_embeddings && stage.heads);
  if (t.role == Role::output) return stage.heads && !g.tied_embeddings;
  return stage.heads;
}

}  // namespace

// The hybrids rotate a quarter of the head.
Bytes rotary_bytes(const Setup& setup, RotaryTable rotary) {
  const catalog::Geometry& g = setup.model->geometry;
  const bool multimodal_positions = g.vision && g.vision->kind != catalog::VisionKind::none &&
                                    g.vision->kind != catalog::VisionKind::qwen_vl;
  std::int64_t positions = setup.model->context.configured;
  if (setup.variant && setup.variant->context_configured) positions = *setup.variant->context_configured;
  // A longer context comes with a method that stretches the positions, up to what it is made for.
  const std::int64_t longest = std::max<std::int64_t>(positions, setup.model->context.extended.value_or(0));
  positions = std::clamp(setup.context, positions, longest) * (multimodal_positions ? rotary.stretch : 1);
  const int dimensions = g.linear_attention ? g.head_dim / 4 : g.head_dim;
  return positions * dimensions * rotary.value_bytes;
}

Loaded loaded_parts(const Setup& setup) {
  return {!setup.serving.language_model_only, speculates_with_mtp(setup)};
}

std::vector<Bytes> rank_tensors(const Setup& setup, const Stage& stage) {
  const Loaded loaded = loaded_parts(setup);
  std::vector<Bytes> out;
  out.reserve(setup.weights->tensors.size() + 1);
  struct Open {
    Bytes values = 0, extra = 0;
  };
  std::array<Open, kGroups> open{};
  int layer = -1;
  const auto emit = [&](Bytes values, Bytes extra) {
    if (values > 0) out.push_back(values);
    if (extra > 0) out.push_back(extra);
  };
  const auto close = [&] {
    for (Open& group : open) {
      emit(group.values, group.extra);
      group = {};
    }
  };
  for (const format::TypedTensor& t : setup.weights->tensors) {
    if (!is_loaded(setup, stage, loaded, t.tensor)) continue;
    if (t.tensor.layer != layer) close();
    layer = t.tensor.layer;
    const Share share = share_of(setup, t.tensor);
    const Bytes values = share.of(t.bytes);
    const Bytes extra = share.of(t.extra);
    if (const int group = fused_group(t.tensor.role)) {
      open[static_cast<std::size_t>(group)].values += values;
      open[static_cast<std::size_t>(group)].extra += extra;
    } else if (cut_of(t.tensor) == Cut::experts || t.tensor.count == 1) {
      emit(values, extra);
    } else {
      for (std::int64_t i = 0; i < t.tensor.count; ++i) emit(values / t.tensor.count, extra / t.tensor.count);
    }
  }
  close();
  return out;
}

TorchAllocator::Totals load_rank(const Setup& setup, const Stage& stage, RotaryTable rotary,
                                 Bytes max_split) {
  // All that rank_tensors looks at beside the weights.
  const Loaded loaded = loaded_parts(setup);
  const std::array key{std::int64_t{setup.tensor_parallel},
                       std::int64_t{setup.data_parallel},
                       std::int64_t{setup.expert_parallel},
                       std::int64_t{stage.first},
                       std::int64_t{stage.count},
                       std::int64_t{stage.embeds},
                       std::int64_t{stage.heads},
                       std::int64_t{loaded.towers},
                       std::int64_t{loaded.mtp},
                       std::int64_t{max_split}};
  thread_local format::PerWeights<std::map<decltype(key), TorchAllocator>> kept;
  auto& ranks =
      *kept.of(setup.weights, [](const auto&) { return std::map<decltype(key), TorchAllocator>{}; });
  auto it = ranks.find(key);
  if (it == ranks.end()) {
    TorchAllocator torch(max_split);
    for (const Bytes size : rank_tensors(setup, stage)) torch.allocate(size);
    if (ranks.size() >= kMostRanks) ranks.clear();
    it = ranks.emplace(key, std::move(torch)).first;
  }
  return it->second.after(rotary_bytes(setup, rotary));
}

int kv_heads_per_rank(const Setup& setup) {
  return std::max(1, setup.model->geometry.kv_heads / setup.tensor_parallel);
}

Bytes kv_bytes_per_token(const Setup& setup) {
  const int heads = kv_heads_per_rank(setup);
  const std::int64_t width = std::int64_t{heads} * setup.model->geometry.head_dim;
  // Eight-bit integers carry an fp32 scale for every token and head (int8_per_token_head).
  const auto bytes = [&](const catalog::DType& type) {
    return format::tensor_bytes(type, 1, width) + (type.id == "i8" ? 4 * heads : 0);
  };
  return bytes(*setup.kv_type) + bytes(*setup.kv_type_v);
}

LayerState layer_state(const Setup& setup, int drafted, Bytes ssm_value) {
  const catalog::LinearAttention& l = *setup.model->geometry.linear_attention;
  const std::int64_t keys = std::int64_t{l.key_heads} * l.key_head_dim;
  const std::int64_t values = std::int64_t{l.value_heads} * l.value_head_dim;
  const std::int64_t tp = setup.tensor_parallel;
  return {(l.conv_kernel - 1 + drafted) * (2 * keys + values) / tp * 2,
          values / tp * l.key_head_dim * ssm_value};
}

int drafted_tokens(const Setup& setup) {
  return setup.speculative ? setup.speculative->tokens : 0;
}

bool speculates_with_mtp(const Setup& setup) {
  if (!setup.speculative || setup.model->geometry.mtp_layers == 0) return false;
  const std::string& method = setup.speculative->method;
  return method == "mtp" || method == "nextn" || method == "NEXTN" || method == "eagle" || method == "EAGLE";
}

}  // namespace qwenfit::engine
