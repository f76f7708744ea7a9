// Hyperparameters of a GGUF header (llama.cpp src/llama-arch.cpp, conversion/qwen*.py) -> the model's shape.
#include <algorithm>
#include <array>

#include "gguf_model.hpp"

namespace qwenfit::input {
namespace {

using catalog::Arch;

struct ArchName {
  std::string_view name;
  Arch arch;
  std::optional<bool> towers;  ///< of models with towers in a file of their own; nothing: of both
};
constexpr std::array kArchs{ArchName{"qwen", Arch::qwen, std::nullopt},
                            ArchName{"qwen2", Arch::qwen2, std::nullopt},
                            ArchName{"qwen2vl", Arch::qwen2, true},
                            ArchName{"qwen2moe", Arch::qwen2_moe, false},
                            ArchName{"qwen3", Arch::qwen3, false},
                            ArchName{"qwen3vl", Arch::qwen3, true},
                            ArchName{"qwen3moe", Arch::qwen3_moe, false},
                            ArchName{"qwen3vlmoe", Arch::qwen3_moe, true},
                            ArchName{"qwen3next", Arch::qwen3_next, false},
                            ArchName{"qwen35", Arch::qwen3_5, std::nullopt},
                            ArchName{"qwen35moe", Arch::qwen3_5_moe, std::nullopt},
                            ArchName{"qwen4exp", Arch::qwen4_exp, std::nullopt}};

class Header {
 public:
  Header(const std::string& path, const ModelFile& file, const GgufTensors& tensors)
      : path_(path), file_(file), tensors_(tensors), arch_(file.texts.at("general.architecture")) {}

  Shape shape(const ArchName& arch) const {
    Shape s;
    s.arch = arch.arch;
    s.architecture = arch_;
    s.text_only = true;
    s.towers = arch.towers;
    s.context = needed("context_length");
    catalog::Geometry& g = s.geometry;
    g.hidden_size = needed("embedding_length");
    g.mtp_layers = optional("nextn_predict_layers", 0);
    g.layers = needed("block_count") - g.mtp_layers;
    if (g.layers < 1)
      bad(path_, fmt::format("says that all its {} layers predict further tokens", g.mtp_layers));
    if (!tensors_.find(fmt::format("blk.{}.nextn.eh_proj.weight", g.layers))) g.mtp_layers = 0;
    if (g.mtp_layers > 0 && is_draft(file_))
      throw Error(ErrorCode::unsupported,
                  fmt::format("{}: holds the MTP block alone: name the file of its model", path_));
    g.heads = needed("attention.head_count");
    g.kv_heads = optional("attention.head_count_kv", g.heads);
    g.head_dim = optional("attention.key_length", g.hidden_size / g.heads);
    g.vocab_size = vocabulary(g.hidden_size);
    g.tied_embeddings = !tensors_.find("output.weight");
    g.moe = experts();
    if (!g.moe)
      g.intermediate_size =
          arch.arch == Arch::qwen ? needed("feed_forward_length") / 2 : needed("feed_forward_length");
    if (arch.arch == Arch::qwen3_next || arch.arch == Arch::qwen3_5 || arch.arch == Arch::qwen3_5_moe ||
        arch.arch == Arch::qwen4_exp)
      g.linear_attention = linear_attention(arch.arch);
    if (arch.arch == Arch::qwen4_exp) g.qwen4_exp = qwen4_exp(g.linear_attention->full_attention_interval);
    check_shape(path_, g);
    return s;
  }

 private:
  std::int32_t value(const std::string& key, std::int64_t number) const {
    if (number < 1 || number > std::numeric_limits<std::int32_t>::max() / 2)
      bad(path_, fmt::format("{} is {}", key, number));
    return static_cast<std::int32_t>(number);
  }
  std::int32_t needed(std::string_view name) const {
    const std::string key = fmt::format("{}.{}", arch_, name);
    const auto it = file_.numbers.find(key);
    if (it == file_.numbers.end())
      bad(path_, fmt::format("lacks a sensible {}, which every model of this kind has", key));
    return value(key, it->second);
  }
  std::int32_t optional(std::string_view name, std::int32_t otherwise) const {
    const std::string key = fmt::format("{}.{}", arch_, name);
    const auto it = file_.numbers.find(key);
    return it == file_.numbers.end() || it->second == 0 ? otherwise : value(key, it->second);
  }
  /// A dimension of a tensor of the first layer, 0 when there is none.
  std::int32_t dimension(std::string_view tensor, std::size_t d) const {
    const FileTensor* t = tensors_.find(fmt::format("blk.0.{}.weight", tensor));
    return t && d < t->shape.size() ? value(t->name, t->shape[d]) : 0;
  }

  std::int32_t vocabulary(std::int32_t hidden) const {
    const FileTensor* t = tensors_.find("token_embd.weight");
    if (!t || t->shape.size() != 2 || t->shape[0] != hidden)
      bad(path_, fmt::format("has no token_embd.weight of width {}: it holds no whole model", hidden));
    return value(t->name, t->shape[1]);
  }

  std::optional<catalog::Moe> experts() const {
    const std::int32_t count = optional("expert_count", 0);
    if (count == 0) return std::nullopt;
    catalog::Moe moe{};
    moe.experts = count;
    moe.experts_per_token = needed("expert_used_count");
    moe.expert_width = optional("expert_feed_forward_length", dimension("ffn_down_exps", 0));
    moe.shared_expert_width = optional("expert_shared_feed_forward_length", dimension("ffn_down_shexp", 0));
    if (moe.experts_per_token > moe.experts)
      bad(path_, fmt::format("uses {} experts a token of {}", moe.experts_per_token, moe.experts));
    return moe;
  }

  catalog::LinearAttention linear_attention(Arch arch) const {
    catalog::LinearAttention l{};
    l.key_heads = needed("ssm.group_count");
    l.value_heads = needed("ssm.time_step_rank");
    l.key_head_dim = needed("ssm.state_size");
    l.value_head_dim = needed("ssm.inner_size") / l.value_heads;
    l.conv_kernel = needed("ssm.conv_kernel");
    l.full_attention_interval = optional("full_attention_interval", 4);
    l.fused_projections = arch == Arch::qwen3_next;
    return l;
  }

  catalog::Qwen4Exp qwen4_exp(std::int32_t interval) const {
    catalog::Qwen4Exp x{};
    x.hyper_connections = needed("hyper_connection.count");
    x.hyper_rank = needed("hyper_connection.low_rank");
    x.indexer_heads = needed("attention.indexer.head_count");
    x.indexer_head_dim = needed("attention.indexer.key_length");
    x.indexer_budget = optional("attention.indexer.top_k", 0);
    const FileTensor* keys = tensors_.find(fmt::format("blk.{}.indexer.k_proj.weight", interval - 1));
    x.indexer_kv_heads = keys && keys->shape.size() == 2
                             ? std::max(1, value(keys->name, keys->shape[1]) / x.indexer_head_dim)
                             : 1;
    x.ngram_size = needed("ple.ngram_size");
    x.ngram_heads = needed("ple.heads_per_ngram");
    x.ple_conv_kernel = needed("ple.conv_kernel");
    x.ple_layer = optional("ple.layers", 0);
    const FileTensor* table = tensors_.find("per_layer_token_embd.weight");
    if (!table || table->shape.size() != 2)
      bad(path_, "has no table of n-grams (per_layer_token_embd.weight)");
    x.ngram_rows = table->shape[1];
    return x;
  }

  const std::string& path_;
  const ModelFile& file_;
  const GgufTensors& tensors_;
  const std::string& arch_;
};

}  // namespace

bool is_draft(const ModelFile& file) {
  bool drafts = false;
  for (const FileTensor& t : file.tensors) {
    if (t.name.starts_with("blk.0.")) return false;
    drafts = drafts || t.name.find(".nextn.") != std::string::npos;
  }
  return drafts;
}

Shape shape_of_gguf(const LocalModel& local, const GgufTensors& tensors) {
  const auto it = local.file.texts.find("general.architecture");
  const std::string name = it == local.file.texts.end() ? "" : it->second;
  if (name == "clip")
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: is a projector (mmproj): name the file of its language model", local.path));
  const auto arch =
      std::find_if(kArchs.begin(), kArchs.end(), [&](const ArchName& a) { return a.name == name; });
  if (arch == kArchs.end())
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: its architecture is '{}', no Qwen model that is known", local.path, name));
  return Header(local.path, local.file, tensors).shape(*arch);
}

}  // namespace qwenfit::input
