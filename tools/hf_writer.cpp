#include "hf_writer.hpp"

#include <fmt/format.h>

#include <cstring>

namespace qwenfit::tools {
namespace {

using catalog::Arch;
using catalog::AudioKind;
using catalog::VisionKind;
using model::Part;
using model::Role;
using nlohmann::json;

std::string model_type(const catalog::Model& m) {
  const catalog::Geometry& g = m.geometry;
  const bool omni = g.talker.has_value();
  switch (m.arch) {
    case Arch::qwen: return "qwen";
    case Arch::qwen2:
      if (g.audio && g.audio->kind == AudioKind::qwen2_5_omni) return "qwen2_5_omni";
      if (g.audio) return "qwen2_audio";
      if (g.vision) return g.vision->kind == VisionKind::qwen2_vl ? "qwen2_vl" : "qwen2_5_vl";
      return "qwen2";
    case Arch::qwen2_moe: return "qwen2_moe";
    case Arch::qwen3: return g.audio ? "qwen3_asr" : g.vision ? "qwen3_vl" : "qwen3";
    case Arch::qwen3_moe: return omni ? "qwen3_omni_moe" : g.vision ? "qwen3_vl_moe" : "qwen3_moe";
    case Arch::qwen3_next: return "qwen3_next";
    case Arch::qwen3_5: return "qwen3_5";
    case Arch::qwen3_5_moe: return g.vision ? "qwen3_5_moe" : "qwen3_5_moe_text";
    default: return "qwen4_exp";
  }
}

void add_moe(json& t, const catalog::Moe& moe) {
  t["num_experts"] = moe.experts;
  t["num_experts_per_tok"] = moe.experts_per_token;
  t["moe_intermediate_size"] = moe.expert_width;
  t["shared_expert_intermediate_size"] = moe.shared_expert_width;
  t["norm_topk_prob"] = moe.normalize_weights;
  t["decoder_sparse_step"] = 1;
  t["mlp_only_layers"] = json::array();
}

json text_config(const catalog::Model& m) {
  const catalog::Geometry& g = m.geometry;
  json t{{"hidden_size", g.hidden_size},
         {"num_hidden_layers", g.layers},
         {"num_attention_heads", g.heads},
         {"vocab_size", g.vocab_size},
         {"max_position_embeddings", std::max(m.context.configured, m.context.native)},
         {"tie_word_embeddings", g.tied_embeddings}};
  if (m.arch == Arch::qwen) {
    t["intermediate_size"] = 2 * g.intermediate_size;
    t["kv_channels"] = g.head_dim;
    t["seq_length"] = m.context.native;
    return t;
  }
  t["intermediate_size"] = g.intermediate_size > 0 ? g.intermediate_size : 6144;  // unused by mixtures
  t["num_key_value_heads"] = g.kv_heads;
  if (m.arch != Arch::qwen2 && m.arch != Arch::qwen2_moe) t["head_dim"] = g.head_dim;
  if (g.moe) add_moe(t, *g.moe);
  if (g.linear_attention) {
    const catalog::LinearAttention& l = *g.linear_attention;
    t["linear_num_key_heads"] = l.key_heads;
    t["linear_num_value_heads"] = l.value_heads;
    t["linear_key_head_dim"] = l.key_head_dim;
    t["linear_value_head_dim"] = l.value_head_dim;
    t["linear_conv_kernel_dim"] = l.conv_kernel;
    t["mtp_num_hidden_layers"] = g.mtp_layers;
    if (l.state_f32) t["mamba_ssm_dtype"] = "float32";
    if (m.arch == Arch::qwen3_next) t["full_attention_interval"] = l.full_attention_interval;
    else
      for (int i = 1; i <= g.layers; ++i)
        t["layer_types"].push_back(i % l.full_attention_interval == 0 ? "full_attention"
                                                                      : "linear_attention");
  }
  if (g.qwen4_exp) {
    const catalog::Qwen4Exp& x = *g.qwen4_exp;
    t.update({{"hc_count", x.hyper_connections},
              {"hc_lowrank", x.hyper_rank},
              {"indexer_n_heads", x.indexer_heads},
              {"indexer_kv_heads", x.indexer_kv_heads},
              {"indexer_head_dim", x.indexer_head_dim},
              {"indexer_budget", x.indexer_budget},
              {"ngram_size", x.ngram_size},
              {"heads_per_ngram", x.ngram_heads},
              {"ngram_vocab_size_base", 20000000},
              {"ple_layer_ids", {x.ple_layer + 1}},
              {"ple_conv_kernel_size", x.ple_conv_kernel}});
  }
  return t;
}

json vision_config(const catalog::Vision& v) {
  if (v.kind == VisionKind::qwen_vl)
    return {{"layers", v.depth},          {"width", v.hidden_size},     {"heads", v.heads},
            {"mlp_ratio", 4.9231},        {"patch_size", v.patch_size}, {"image_size", 448},
            {"output_dim", v.output_size}};
  json out{{"depth", v.depth},
           {"num_heads", v.heads},
           {"patch_size", v.patch_size},
           {"temporal_patch_size", v.temporal_patch_size},
           {"spatial_merge_size", v.merge_size}};
  if (v.kind == VisionKind::qwen2_vl) {
    out.update({{"embed_dim", v.hidden_size},
                {"mlp_ratio", v.intermediate_size / v.hidden_size},
                {"hidden_size", v.output_size}});
    return out;
  }
  out.update({{"hidden_size", v.hidden_size},
              {"intermediate_size", v.intermediate_size},
              {"out_hidden_size", v.output_size}});
  if (v.kind == VisionKind::qwen3_vl) {
    out["num_position_embeddings"] = v.positions;
    out["deepstack_visual_indexes"] = json::array();
    for (int i = 0; i < v.deepstack_mergers; ++i) out["deepstack_visual_indexes"].push_back(8 * (i + 1));
  }
  return out;
}

json audio_config(const catalog::Audio& a) {
  if (a.kind == AudioKind::whisper_qwen)
    return {{"n_layer", a.depth},   {"n_state", a.hidden_size}, {"n_head", a.heads},
            {"n_mels", a.mel_bins}, {"n_ctx", a.positions},     {"output_dim", a.output_size}};
  json out{{"encoder_layers", a.depth},
           {"d_model", a.hidden_size},
           {"encoder_ffn_dim", a.intermediate_size},
           {"encoder_attention_heads", a.heads},
           {"num_mel_bins", a.mel_bins},
           {"max_source_positions", 1500}};
  if (a.kind != AudioKind::whisper_qwen2) out["output_dim"] = a.output_size;
  if (a.kind == AudioKind::qwen3_omni) out["downsample_hidden_size"] = a.downsample_size;
  return out;
}

json talker_config(const catalog::Talker& k) {
  json text{{"hidden_size", k.hidden_size},   {"num_hidden_layers", k.layers},
            {"num_attention_heads", k.heads}, {"num_key_value_heads", k.kv_heads},
            {"head_dim", k.head_dim},         {"vocab_size", k.vocab_size}};
  if (!k.moe) {
    text["intermediate_size"] = k.intermediate_size;
    text["embedding_size"] = k.text_size;
    return text;
  }
  add_moe(text, *k.moe);
  return {{"text_config", text},
          {"thinker_hidden_size", k.text_size},
          {"num_code_groups", k.code_groups},
          {"code_predictor_config",
           {{"num_hidden_layers", k.code_predictor_layers}, {"num_code_groups", k.code_groups}}}};
}

/// Modules of a layer, by role.
std::string module_of(const catalog::Model& m, Role role) {
  const bool v1 = m.arch == Arch::qwen;
  switch (role) {
    case Role::token_embedding: return v1 ? "wte" : "embed_tokens";
    case Role::output: return "lm_head";
    case Role::output_norm: return v1 ? "ln_f" : "norm";
    case Role::attn_norm: return v1 ? "ln_1" : "input_layernorm";
    case Role::ffn_norm: return v1 ? "ln_2" : "post_attention_layernorm";
    case Role::attn_q:
    case Role::attn_q_bias: return "self_attn.q_proj";
    case Role::attn_k:
    case Role::attn_k_bias: return "self_attn.k_proj";
    case Role::attn_v:
    case Role::attn_v_bias: return "self_attn.v_proj";
    case Role::attn_qkv:
    case Role::attn_qkv_bias: return "attn.c_attn";
    case Role::attn_output: return v1 ? "attn.c_proj" : "self_attn.o_proj";
    case Role::attn_q_norm: return "self_attn.q_norm";
    case Role::attn_k_norm: return "self_attn.k_norm";
    case Role::ffn_gate: return v1 ? "mlp.w2" : "mlp.gate_proj";
    case Role::ffn_up: return v1 ? "mlp.w1" : "mlp.up_proj";
    case Role::ffn_down: return v1 ? "mlp.c_proj" : "mlp.down_proj";
    case Role::router: return "mlp.gate";
    case Role::expert_gate: return "mlp.experts.{}.gate_proj";
    case Role::expert_up: return "mlp.experts.{}.up_proj";
    case Role::expert_down: return "mlp.experts.{}.down_proj";
    case Role::shared_expert_gate: return "mlp.shared_expert.gate_proj";
    case Role::shared_expert_up: return "mlp.shared_expert.up_proj";
    case Role::shared_expert_down: return "mlp.shared_expert.down_proj";
    case Role::shared_expert_router: return "mlp.shared_expert_gate";
    case Role::linear_qkv: return "linear_attn.in_proj_qkv";
    case Role::linear_z: return "linear_attn.in_proj_z";
    case Role::linear_qkvz: return "linear_attn.in_proj_qkvz";
    case Role::linear_a: return "linear_attn.in_proj_a";
    case Role::linear_b: return "linear_attn.in_proj_b";
    case Role::linear_ba: return "linear_attn.in_proj_ba";
    case Role::linear_conv: return "linear_attn.conv1d";
    case Role::linear_a_log: return "linear_attn.A_log";
    case Role::linear_dt_bias: return "linear_attn.dt_bias";
    case Role::linear_norm: return "linear_attn.norm";
    case Role::linear_output: return "linear_attn.out_proj";
    case Role::mtp_fc: return "mtp.fc";
    case Role::mtp_norm: return "mtp.{}";
    default: return "";
  }
}

bool is_bias(Role role) {
  return role == Role::attn_q_bias || role == Role::attn_k_bias || role == Role::attn_v_bias ||
         role == Role::attn_qkv_bias;
}

std::string prefix_of(const catalog::Model& m, const model::Tensor& t) {
  const bool v1 = m.arch == Arch::qwen;
  if (t.part == Part::mtp)
    return t.role == Role::mtp_fc || t.role == Role::mtp_norm
               ? ""
               : fmt::format("mtp.layers.{}.", t.layer - m.geometry.layers);
  if (t.role == Role::output) return "";
  const std::string trunk = v1                                      ? "transformer."
                            : m.geometry.vision || m.geometry.audio ? "model.language_model."
                                                                    : "model.";
  return t.layer < 0 ? trunk : fmt::format("{}{}.{}.", trunk, v1 ? "h" : "layers", t.layer);
}

}  // namespace

json hf_config(const catalog::Model& m) {
  const catalog::Geometry& g = m.geometry;
  json text = text_config(m);
  json config{
      {"architectures", {m.architecture}}, {"model_type", model_type(m)}, {"torch_dtype", "bfloat16"}};
  const bool flat = (!g.vision && !g.audio) || m.arch == Arch::qwen;
  json inner;
  if (g.vision) inner[m.arch == Arch::qwen ? "visual" : "vision_config"] = vision_config(*g.vision);
  if (g.audio) inner[m.arch == Arch::qwen ? "audio" : "audio_config"] = audio_config(*g.audio);
  if (flat) {
    config.update(text);
    if (!inner.is_null()) config.update(inner);
  } else {
    inner["text_config"] = text;
    const bool thinker = g.audio && g.audio->kind != AudioKind::whisper_qwen2;
    if (thinker) config["thinker_config"] = inner;
    else config.update(inner);
    if (!thinker) config["tie_word_embeddings"] = g.tied_embeddings;
  }
  if (g.talker) config["talker_config"] = talker_config(*g.talker);
  if (g.score_outputs > 0) config["num_labels"] = g.score_outputs;
  return config;
}

std::string hf_header(const format::Weights& weights) {
  const catalog::Model& m = *weights.model;
  json header = json::object();
  std::int64_t offset = 0;
  const auto add = [&](const std::string& name, std::string_view type, const std::vector<std::int64_t>& shape,
                       Bytes bytes) {
    header[name] = {{"dtype", type}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  };
  int lump = 0;
  for (const format::TypedTensor& typed : weights.tensors) {
    const model::Tensor& t = typed.tensor;
    const std::string_view id = typed.type->id;
    const bool packed = id != "bf16" && id != "f16" && id != "f8_e4m3";
    const std::string_view type = id == "f8_e4m3" ? "F8_E4M3" : id == "f16" ? "F16" : packed ? "U8" : "BF16";
    std::string module = module_of(m, t.role);
    for (std::int64_t i = 0; i < t.count; ++i) {
      const std::vector<std::int64_t> shape =
          t.is_vector ? std::vector<std::int64_t>{t.rows} : std::vector<std::int64_t>{t.rows, t.cols};
      if (module.empty()) {
        const char* part = t.part == Part::vision     ? "model.visual"
                           : t.part == Part::audio    ? "thinker.audio_tower"
                           : t.part == Part::talker   ? "talker"
                           : t.part == Part::code2wav ? "code2wav"
                                                      : "score";
        const std::string name = fmt::format("{}.blocks.{}.", part, lump++);
        if (packed) {
          add(name + "weight", type, {typed.bytes / t.count}, typed.bytes / t.count);
          add(name + "scales", type, {typed.extra / t.count}, typed.extra / t.count);
        } else {
          add(name + "weight", type, shape, typed.bytes / t.count);
        }
        continue;
      }
      std::string name = module;
      static constexpr const char* kNorms[] = {"pre_fc_norm_embedding", "pre_fc_norm_hidden", "norm"};
      if (const auto hole = name.find("{}"); hole != std::string::npos)
        name.replace(hole, 2, t.role == Role::mtp_norm ? std::string(kNorms[i]) : std::to_string(i));
      name.insert(0, prefix_of(m, t));
      if (packed) {
        const Bytes values = typed.bytes / t.count;
        const Bytes side = typed.extra / t.count;
        add(name + ".qweight", type, {values}, values);
        add(name + ".scales", type, {side}, side);
        continue;
      }
      const bool bare = t.role == Role::linear_a_log || t.role == Role::linear_dt_bias;
      add(name + (bare ? "" : is_bias(t.role) ? ".bias" : ".weight"), type, shape, typed.bytes / t.count);
      if (typed.extra > 0)
        add(name + ".weight_scale_inv", "BF16", {typed.extra / t.count / 2}, typed.extra / t.count);
    }
  }
  const std::string text = header.dump();
  std::string out(8, '\0');
  const std::uint64_t size = text.size();
  std::memcpy(out.data(), &size, 8);
  return out + text;
}

}  // namespace qwenfit::tools
