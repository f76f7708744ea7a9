// config.json -> the shape of the model, under the names of transformers' configuration classes
// (models/qwen*/configuration_qwen*.py; QWenConfig of Qwen v1).
#include <algorithm>
#include <array>

#include "hf_model.hpp"
#include "hf_towers.hpp"

namespace qwenfit::input {
namespace {

using catalog::Arch;
using nlohmann::json;

struct Kind {
  std::string_view model_type;
  Arch arch;
  catalog::VisionKind vision;
  catalog::AudioKind audio;
};
using catalog::AudioKind;
using catalog::VisionKind;
constexpr std::array kKinds{
    Kind{"qwen", Arch::qwen, VisionKind::qwen_vl, AudioKind::whisper_qwen},
    Kind{"qwen2", Arch::qwen2, VisionKind::none, AudioKind::none},
    Kind{"qwen2_moe", Arch::qwen2_moe, VisionKind::none, AudioKind::none},
    Kind{"qwen2_vl", Arch::qwen2, VisionKind::qwen2_vl, AudioKind::none},
    Kind{"qwen2_5_vl", Arch::qwen2, VisionKind::qwen2_5_vl, AudioKind::none},
    Kind{"qwen2_vl_text", Arch::qwen2, VisionKind::none, AudioKind::none},
    Kind{"qwen2_5_vl_text", Arch::qwen2, VisionKind::none, AudioKind::none},
    Kind{"qwen2_audio", Arch::qwen2, VisionKind::none, AudioKind::whisper_qwen2},
    Kind{"qwen2_5_omni", Arch::qwen2, VisionKind::qwen2_5_vl, AudioKind::qwen2_5_omni},
    Kind{"qwen2_5_omni_thinker", Arch::qwen2, VisionKind::qwen2_5_vl, AudioKind::qwen2_5_omni},
    Kind{"qwen3", Arch::qwen3, VisionKind::none, AudioKind::none},
    Kind{"qwen3_moe", Arch::qwen3_moe, VisionKind::none, AudioKind::none},
    Kind{"qwen3_vl", Arch::qwen3, VisionKind::qwen3_vl, AudioKind::none},
    Kind{"qwen3_vl_moe", Arch::qwen3_moe, VisionKind::qwen3_vl, AudioKind::none},
    Kind{"qwen3_vl_text", Arch::qwen3, VisionKind::none, AudioKind::none},
    Kind{"qwen3_vl_moe_text", Arch::qwen3_moe, VisionKind::none, AudioKind::none},
    Kind{"qwen3_omni_moe_thinker", Arch::qwen3_moe, VisionKind::qwen3_vl, AudioKind::qwen3_omni},
    Kind{"qwen3_omni_moe_text", Arch::qwen3_moe, VisionKind::none, AudioKind::none},
    Kind{"qwen3_omni_moe", Arch::qwen3_moe, VisionKind::qwen3_vl, AudioKind::qwen3_omni},
    Kind{"qwen3_asr", Arch::qwen3, VisionKind::none, AudioKind::qwen3_omni},
    Kind{"qwen3_next", Arch::qwen3_next, VisionKind::none, AudioKind::none},
    Kind{"qwen3_5", Arch::qwen3_5, VisionKind::qwen3_vl, AudioKind::none},
    Kind{"qwen3_5_text", Arch::qwen3_5, VisionKind::none, AudioKind::none},
    Kind{"qwen3_5_moe", Arch::qwen3_5_moe, VisionKind::qwen3_vl, AudioKind::none},
    Kind{"qwen3_5_moe_text", Arch::qwen3_5_moe, VisionKind::none, AudioKind::none},
    Kind{"qwen4_exp", Arch::qwen4_exp, VisionKind::qwen3_vl, AudioKind::none},
    Kind{"qwen4_exp_text", Arch::qwen4_exp, VisionKind::none, AudioKind::none}};

std::optional<catalog::Moe> moe_of(const ConfigNode& t) {
  if (t.optional("num_experts", 0) == 0 && t.optional("num_local_experts", 0) == 0) return std::nullopt;
  catalog::Moe moe{};
  moe.experts = t.optional("num_experts", 0) > 0 ? t.needed("num_experts") : t.needed("num_local_experts");
  moe.experts_per_token = t.needed("num_experts_per_tok");
  moe.expert_width = t.needed("moe_intermediate_size");
  moe.shared_expert_width = t.optional("shared_expert_intermediate_size", 0);
  moe.normalize_weights = t.flag("norm_topk_prob", true);
  if (moe.experts_per_token > moe.experts)
    t.fail(fmt::format("{} is {}, more than the {} experts there are", t.name("num_experts_per_tok"),
                       moe.experts_per_token, moe.experts));
  const bool dense = t.has("mlp_only_layers") && t.value("mlp_only_layers").is_array() &&
                     !t.value("mlp_only_layers").empty();
  if (dense || t.optional("decoder_sparse_step", 1) != 1)
    throw Error(ErrorCode::unsupported,
                "layers without experts between layers with them (mlp_only_layers, "
                "decoder_sparse_step) are not modelled: no Qwen model has them");
  return moe;
}

/// Every how many layers the attention is full.
std::int32_t interval_of(const ConfigNode& t, std::int32_t layers) {
  if (!t.has("layer_types")) return t.usual("full_attention_interval", 4);
  const json& types = t.value("layer_types");
  if (!types.is_array() || std::ssize(types) != layers)
    t.fail(fmt::format("{} does not list {} layers", t.name("layer_types"), layers));
  std::int32_t interval = 0;
  for (std::int32_t i = 0; i < layers && interval == 0; ++i) {
    if (types[static_cast<std::size_t>(i)] == "full_attention" ||
        types[static_cast<std::size_t>(i)] == "attention")
      interval = i + 1;
  }
  for (std::int32_t i = 0; i < layers; ++i) {
    const json& type = types[static_cast<std::size_t>(i)];
    const bool full = type == "full_attention" || type == "attention";
    if (interval == 0 || full != ((i + 1) % interval == 0))
      t.fail(fmt::format("{} has no full attention in regular steps, as every Qwen hybrid has",
                         t.name("layer_types")));
  }
  return interval;
}

catalog::LinearAttention linear_of(const ConfigNode& t, Arch arch, std::int32_t layers) {
  catalog::LinearAttention l{};
  l.key_heads = t.needed("linear_num_key_heads");
  l.value_heads = t.needed("linear_num_value_heads");
  l.key_head_dim = t.needed("linear_key_head_dim");
  l.value_head_dim = t.needed("linear_value_head_dim");
  l.conv_kernel = t.needed("linear_conv_kernel_dim");
  l.full_attention_interval = interval_of(t, layers);
  l.fused_projections = arch == Arch::qwen3_next;
  l.state_f32 = t.text("mamba_ssm_dtype") == "float32";
  return l;
}

std::int32_t head_dim_of(const ConfigNode& t, const catalog::Geometry& g, Arch arch) {
  if (arch == Arch::qwen) return t.usual("kv_channels", 128);
  if (t.has("head_dim")) return t.needed("head_dim");
  // Classes whose heads need not fill the width have a default of their own.
  if (arch == Arch::qwen3) return 128;
  if (arch == Arch::qwen3_next || arch == Arch::qwen3_5 || arch == Arch::qwen3_5_moe) return 256;
  if (g.hidden_size % g.heads != 0)
    t.fail(fmt::format("{} {} is no multiple of {} {}, and there is no head_dim", t.name("hidden_size"),
                       g.hidden_size, t.name("num_attention_heads"), g.heads));
  return g.hidden_size / g.heads;
}

catalog::Talker talker_of(const ConfigNode& t, const catalog::Geometry& thinker) {
  catalog::Talker out{};
  const auto text = t.child("text_config");
  const ConfigNode& n = text ? *text : t;
  out.hidden_size = n.needed("hidden_size");
  out.layers = n.needed("num_hidden_layers");
  out.heads = n.needed("num_attention_heads");
  out.kv_heads = n.needed("num_key_value_heads");
  out.head_dim = n.usual("head_dim", 128);
  out.vocab_size = n.needed("vocab_size");
  out.moe = moe_of(n);
  if (!out.moe) out.intermediate_size = n.needed("intermediate_size");
  out.text_size = t.usual("thinker_hidden_size", t.usual("embedding_size", thinker.hidden_size));
  if (const auto code = t.child("code_predictor_config")) {
    out.code_predictor_layers = code->needed("num_hidden_layers");
    out.code_groups = code->usual("num_code_groups", t.usual("num_code_groups", 16));
  }
  return out;
}

/// n-gram heads look rows up in tables of the next primes above a base; the rows of all are padded together.
std::int64_t ngram_rows(const ConfigNode& t, const catalog::Qwen4Exp& x) {
  if (t.has("ngram_padded_rows")) return t.needed("ngram_padded_rows");
  const auto is_prime = [](std::int64_t n) {
    for (std::int64_t d = 2; d * d <= n; ++d) {
      if (n % d == 0) return false;
    }
    return n > 1;
  };
  std::int64_t candidate = t.needed("ngram_vocab_size_base");
  const std::int64_t heads = std::int64_t{x.ngram_size - 1} * x.ngram_heads;
  if (heads > 64) t.fail(fmt::format("{} heads look up n-grams, beyond any model", heads));
  std::int64_t rows = 0;
  for (std::int64_t i = 0; i < heads; ++i) {
    do ++candidate;
    while (!is_prime(candidate));
    rows += candidate;
  }
  return units::round_up(rows, t.usual("make_ngram_vocab_size_divisible_by", 128));
}

catalog::Qwen4Exp qwen4_exp_of(const ConfigNode& t) {
  catalog::Qwen4Exp x{};
  x.hyper_connections = t.needed("hc_count");
  x.hyper_rank = t.needed("hc_lowrank");
  x.indexer_heads = t.needed("indexer_n_heads");
  x.indexer_kv_heads = t.usual("indexer_kv_heads", 1);
  x.indexer_head_dim = t.needed("indexer_head_dim");
  x.indexer_budget = t.optional("indexer_budget", 0);
  x.ngram_size = t.needed("ngram_size");
  if (x.ngram_size < 2)
    t.fail(fmt::format("{} is 1, of which there is nothing to look up", t.name("ngram_size")));
  x.ngram_heads = t.needed("heads_per_ngram");
  x.ple_conv_kernel = t.usual("ple_conv_kernel_size", 4);
  const json* layers = t.has("ple_layer_ids") ? &t.value("ple_layer_ids") : nullptr;
  if (!layers || !layers->is_array() || layers->size() != 1 || !layers->front().is_number_unsigned() ||
      layers->front().get<std::uint64_t>() < 1 || layers->front().get<std::uint64_t>() > 4096)
    t.fail(fmt::format("{} does not name the one layer that looks n-grams up", t.name("ple_layer_ids")));
  x.ple_layer = layers->front().get<std::int32_t>() - 1;
  x.ngram_rows = ngram_rows(t, x);
  return x;
}

/// The language model's own object, wherever this kind of model keeps it.
ConfigNode text_node(const ConfigNode& root) {
  const auto thinker = root.child("thinker_config");
  const ConfigNode& outer = thinker ? *thinker : root;
  for (const char* key : {"text_config", "llm_config"}) {
    if (const auto text = outer.child(key)) return *text;
  }
  return outer;
}

/// What Qwen2-Audio's files leave out because it is as in Qwen2Config.
void add_defaults(json& config, std::string_view model_type) {
  if (model_type != "qwen2_audio" || !config.contains("text_config") || !config["text_config"].is_object())
    return;
  constexpr std::array<std::pair<const char*, std::int32_t>, 6> kDefaults{{{"hidden_size", 4096},
                                                                           {"intermediate_size", 22016},
                                                                           {"num_hidden_layers", 32},
                                                                           {"num_attention_heads", 32},
                                                                           {"num_key_value_heads", 32},
                                                                           {"vocab_size", 151936}}};
  for (const auto& [key, value] : kDefaults) config["text_config"].emplace(key, value);
}

void set_heads(const ConfigNode& root, const std::string& architecture, catalog::Geometry& g) {
  if (architecture.ends_with("ForRewardModel") || architecture.ends_with("ForProcessRewardModel")) {
    const json* labels = root.has("id2label") ? &root.value("id2label") : nullptr;
    const std::int32_t usual = labels && labels->is_object()
                                   ? static_cast<std::int32_t>(std::min<std::size_t>(labels->size(), 1024))
                               : architecture.ends_with("ForProcessRewardModel") ? 2
                                                                                 : 1;
    g.score_outputs = root.usual("num_labels", usual);
    return;
  }
  const bool backbone = architecture.ends_with("Model") && !architecture.ends_with("LMHeadModel") &&
                        !architecture.ends_with("OmniModel");
  if (backbone || architecture.ends_with("ForSequenceClassification")) g.headless = true;
}

/// Transformers 5 keeps rotary settings in an object of their own.
std::optional<catalog::Rope> rope_of(const ConfigNode& text) {
  const ConfigNode rotary = text.child("rope_parameters").value_or(text);
  const double theta = rotary.number("rope_theta", text.number("rotary_emb_base", 0));
  if (!(theta > 0)) return std::nullopt;
  return catalog::Rope{theta, rotary.number("partial_rotary_factor", 0), {}, false};
}

}  // namespace

Shape shape_of_config(const std::string& path, const std::string& text) {
  json config = json::parse(text, nullptr, false);
  if (!config.is_object()) bad(path, "is no JSON object");
  const std::string model_type = ConfigNode(config, path).text("model_type");
  const auto kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& k) { return k.model_type == model_type; });
  if (model_type.empty()) bad(path, "lacks model_type: it is no configuration of a Hugging Face model");
  if (kind == kKinds.end())
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: its model_type is '{}', no Qwen model that is known", path, model_type));
  add_defaults(config, model_type);
  const ConfigNode root(config, path);
  const ConfigNode t = text_node(root);
  Shape s;
  s.arch = kind->arch;
  if (root.has("architectures") && root.value("architectures").is_array() &&
      !root.value("architectures").empty() && root.value("architectures").front().is_string())
    s.architecture = root.value("architectures").front().get<std::string>();
  catalog::Geometry& g = s.geometry;
  g.hidden_size = t.needed("hidden_size");
  g.layers = t.needed("num_hidden_layers");
  g.heads = t.needed("num_attention_heads");
  g.kv_heads = t.usual("num_key_value_heads", g.heads);
  if (g.heads % g.kv_heads != 0)
    t.fail(fmt::format("{} {} is no multiple of {} {}", t.name("num_attention_heads"), g.heads,
                       t.name("num_key_value_heads"), g.kv_heads));
  g.head_dim = head_dim_of(t, g, s.arch);
  g.vocab_size = t.needed("vocab_size");
  const bool moe = s.arch == Arch::qwen2_moe || s.arch == Arch::qwen3_moe || s.arch == Arch::qwen3_next ||
                   s.arch == Arch::qwen3_5_moe || s.arch == Arch::qwen4_exp;
  if (moe) {
    g.moe = moe_of(t);
    if (!g.moe) t.fail(fmt::format("lacks {}, which a {} model has", t.name("num_experts"), model_type));
  } else {
    g.intermediate_size = t.needed("intermediate_size") / (s.arch == Arch::qwen ? 2 : 1);
  }
  const bool hybrid = s.arch == Arch::qwen3_next || s.arch == Arch::qwen3_5 || s.arch == Arch::qwen3_5_moe ||
                      s.arch == Arch::qwen4_exp;
  if (hybrid) {
    g.linear_attention = linear_of(t, s.arch, g.layers);
    s.mtp_known = t.has("mtp_num_hidden_layers") || t.has("num_nextn_predict_layers");
    g.mtp_layers = t.optional("mtp_num_hidden_layers", t.optional("num_nextn_predict_layers", 0));
  }
  if (s.arch == Arch::qwen4_exp) g.qwen4_exp = qwen4_exp_of(t);
  g.tied_embeddings = t.flag("tie_word_embeddings", root.flag("tie_word_embeddings", false));
  if (root.has("tie_word_embeddings")) g.tied_embeddings = root.flag("tie_word_embeddings", false);
  set_heads(root, s.architecture, g);
  if (g.headless) g.tied_embeddings = false;
  const auto thinker = root.child("thinker_config");
  const ConfigNode& outer = thinker ? *thinker : root;
  const bool v1 = s.arch == Arch::qwen;
  if (const auto vision = outer.child(v1 ? "visual" : "vision_config");
      vision && kind->vision != VisionKind::none)
    g.vision = vision_of(*vision, kind->vision, s.arch, g.hidden_size);
  if (const auto audio = outer.child(v1 ? "audio" : "audio_config"); audio && kind->audio != AudioKind::none)
    g.audio = audio_of(*audio, kind->audio, g.hidden_size);
  if (const auto talker = root.child("talker_config"); talker && root.flag("enable_audio_output", true))
    g.talker = talker_of(*talker, g);
  // The classes' own default, where a file leaves it out.
  const std::int32_t positions = t.usual("max_position_embeddings", v1 ? 8192 : 32768);
  s.context = v1 ? t.usual("seq_length", positions) : positions;
  s.towers = g.vision.has_value() || g.audio.has_value();
  if (!*s.towers) s.rope = rope_of(t);
  check_shape(path, g);
  return s;
}

}  // namespace qwenfit::input
