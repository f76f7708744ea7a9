// A GGUF header -> the model that llama.cpp makes of it: hyperparameters (llama.cpp src/llama-arch.cpp,
// conversion/qwen*.py) and tensors with their roles.
#include <algorithm>
#include <unordered_map>

#include "local_model.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::input {
namespace {

using catalog::Arch;
using format::TypedTensor;
using model::Part;
using model::Role;
using model::Tensor;

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

constexpr const char* kScoreHead = "cls.output.weight";

/// What convert_hf_to_gguf.py writes for several matrices at once (--fuse-gate-up-exps, --fuse-qkv); empty:
/// none.
std::string fused_name(const Tensor& t) {
  switch (t.role) {
    case Role::expert_gate:
    case Role::expert_up: return fmt::format("blk.{}.ffn_gate_up_exps.weight", t.layer);
    case Role::attn_q:
    case Role::attn_k:
    case Role::attn_v: return fmt::format("blk.{}.attn_qkv.weight", t.layer);
    case Role::attn_q_bias:
    case Role::attn_k_bias:
    case Role::attn_v_bias: return fmt::format("blk.{}.attn_qkv.bias", t.layer);
    default: return "";
  }
}

/// The tensors of a file by name, until they find a role.
class Tensors {
 public:
  explicit Tensors(const ModelFile& file) {
    for (const FileTensor& t : file.tensors) left_.emplace(t.name, &t);
  }
  const FileTensor* find(const std::string& name) const {
    const auto it = left_.find(name);
    return it == left_.end() ? nullptr : it->second;
  }
  const FileTensor* take(const std::string& name) {
    const FileTensor* t = find(name);
    if (t) left_.erase(name);
    return t;
  }
  /// The same for a tensor that stands for several of the model's.
  const FileTensor* share(const std::string& name) {
    if (const auto it = shared_.find(name); it != shared_.end()) return it->second;
    const FileTensor* t = name.empty() ? nullptr : take(name);
    if (t) shared_.emplace(name, t);
    return t;
  }
  const auto& left() const { return left_; }

 private:
  std::unordered_map<std::string, const FileTensor*> left_;
  std::unordered_map<std::string, const FileTensor*> shared_;
};

class Header {
 public:
  Header(const std::string& path, const ModelFile& file, const Tensors& tensors)
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
      bad(path_, fmt::format("lacks {}, which every model of this kind has", key));
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
  const Tensors& tensors_;
  const std::string& arch_;
};

/// Gives the file's tensors the roles of the inventory.
class Weigher {
 public:
  Weigher(const catalog::Catalog& catalog, LocalModel& local, Tensors& tensors)
      : catalog_(catalog), local_(local), tensors_(tensors) {}

  format::Weights run() {
    const catalog::Model& m = local_.model;
    const model::Inventory inventory = model::build_inventory(m, model::Layout::gguf);
    weights_.model = &m;
    weights_.format = &local_.format;
    weights_.layout = model::Layout::gguf;
    weights_.layers = inventory.layers;
    weights_.file_bytes =
        local_.file.file_bytes + (local_.file.header_only ? local_.file.tensor_bytes() : Bytes{0});
    for (const Tensor& t : inventory.tensors) {
      const bool text = t.part == Part::text || t.part == Part::ngram;
      if (text || t.part == Part::mtp) add(t, text);
    }
    add_ends();
    add_scales();
    return std::move(weights_);
  }

 private:
  void add(const Tensor& t, bool needed) {
    TypedTensor typed{t, nullptr, 0, 0};
    std::int64_t elements = 0;
    const bool merged =
        t.role == Role::expert_gate || t.role == Role::expert_up || t.role == Role::expert_down;
    for (int i = 0; i < (merged ? 1 : t.count); ++i) {
      const std::string name = format::gguf_name(local_.model, t, i);
      const FileTensor* held = tensors_.take(name);
      if (!held && t.part != Part::ngram && add_share(t)) return;
      if (!held) {
        // A block for further tokens may share the trunk's last norm.
        if (!needed || (t.role == Role::output && tensors_.find(kScoreHead))) continue;
        bad(local_.path, fmt::format("lacks the tensor '{}' of {}", name, local_.model.name));
      }
      const std::int64_t row = held->shape.empty() ? 1 : held->shape.front();
      if (!t.is_vector && row != t.cols)
        bad(local_.path,
            fmt::format("tensor '{}' has rows of {} where its header implies {}", name, row, t.cols));
      elements += held->elements;
      typed.bytes += held->bytes;
      typed.type = catalog_.dtype(held->type);
      owners_[name] = weights_.tensors.size();
    }
    if (!typed.type) return;
    if (needed && elements != t.elements())
      bad(local_.path, fmt::format("tensor '{}' has {} values where its header implies {}",
                                   format::gguf_name(local_.model, t), elements, t.elements()));
    weights_.tensors.push_back(typed);
  }

  /// A matrix that is stored as some rows of a larger one.
  bool add_share(const Tensor& t) {
    const FileTensor* held = tensors_.share(fused_name(t));
    if (!held) return false;
    const catalog::DType* type = catalog_.dtype(held->type);
    const std::int64_t row = t.is_vector ? 1 : t.cols;
    if ((!t.is_vector && (held->shape.empty() || held->shape.front() != row)) ||
        t.elements() > held->elements || (!t.is_vector && row % type->block != 0))
      bad(local_.path, fmt::format("tensor '{}' is too small for what its header implies", held->name));
    weights_.tensors.push_back({t, type, t.elements() / type->block * type->bytes, 0});
    return true;
  }

  /// Heads that the file holds although its model has none of its own.
  void add_ends() {
    const catalog::Geometry& g = local_.model.geometry;
    if (tensors_.find("output.weight")) {
      add({Role::output, Part::text, -1, false, g.vocab_size, g.hidden_size, 1}, true);
      local_.differences.push_back(
          fmt::format("output.weight is stored although {} has a tied head", local_.model.name));
    }
    for (const char* name : {kScoreHead, "cls.output.bias"}) {
      const FileTensor* head = tensors_.find(name);
      if (!head) continue;
      const bool vector = head->shape.size() < 2;
      add({Role::score_head, Part::text, -1, vector, vector ? head->elements : head->shape[1],
           vector ? 1 : head->shape[0], 1},
          true);
    }
  }

  /// Scales of tensors ("blk.0.attn_q.scale" of NVFP4 files) count with them; the rest is told.
  void add_scales() {
    std::size_t unknown = 0;
    std::string first;
    for (const auto& [name, tensor] : tensors_.left()) {
      const auto dot = name.rfind('.');
      const auto owner = owners_.find(name.substr(0, dot) + ".weight");
      if (name.ends_with("scale") && owner != owners_.end()) {
        weights_.tensors[owner->second].extra += tensor->bytes;
      } else {
        if (unknown++ == 0 || name < first) first = name;
      }
    }
    if (unknown > 0)
      local_.differences.push_back(fmt::format(
          "{} tensors are no part of this architecture and are not counted, {} among them", unknown, first));
  }

  const catalog::Catalog& catalog_;
  LocalModel& local_;
  Tensors& tensors_;
  format::Weights weights_;
  std::unordered_map<std::string, std::size_t> owners_;  ///< tensor -> place in weights_
};

/// Where the file's types are not those that llama-quantize gives.
struct Mix {
  std::size_t others = 0;  ///< not counting embedding and head
  std::string first;
  const catalog::DType* embedding = nullptr;  ///< of the file, where it differs
  const catalog::DType* head = nullptr;

  std::size_t count() const { return others + (embedding ? 1U : 0U) + (head ? 1U : 0U); }
};

Mix compare(const format::Weights& held, const format::Weights& made) {
  std::unordered_map<std::int64_t, const TypedTensor*> by_place;
  const auto place = [](const Tensor& t) {
    return (std::int64_t{t.layer} << 16) + (static_cast<std::int64_t>(t.role) << 1) + (t.is_vector ? 1 : 0);
  };
  for (const TypedTensor& t : made.tensors) by_place.emplace(place(t.tensor), &t);
  Mix mix;
  for (const TypedTensor& t : held.tensors) {
    const auto it = by_place.find(place(t.tensor));
    if (it == by_place.end() || it->second->type == t.type) continue;
    if (t.tensor.role == Role::token_embedding) mix.embedding = t.type;
    else if (t.tensor.role == Role::output) mix.head = t.type;
    else if (mix.others++ == 0)
      mix.first = fmt::format("{} is {}, not {}", format::gguf_name(*held.model, t.tensor), t.type->id,
                              it->second->type->id);
  }
  return mix;
}

/// Against the file of this format that llama-quantize makes; nothing where it makes none.
std::optional<Mix> compare(const catalog::Catalog& catalog, const LocalModel& local,
                           const format::Weights& held, const catalog::WeightFormat& format,
                           format::RecipeOptions recipe) {
  recipe.with_mtp = local.model.geometry.mtp_layers > 0;
  try {
    return compare(held, format::quantize(catalog, local.model, format, recipe));
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// The file type its header names, or the nearest.
const catalog::WeightFormat& format_of(const catalog::Catalog& catalog, const LocalModel& local,
                                       const format::Weights& weights) {
  const auto find = [&](const std::string& name) -> const catalog::WeightFormat* {
    try {
      return name.empty() ? nullptr : &catalog.find_format(name);
    } catch (const Error&) {
      return nullptr;
    }
  };
  // Publishers' own mixes carry the file type that they started from; only the name tells.
  try {
    const catalog::ModelMatch named = catalog.find_model(stem_of(local.file.files.front()));
    if (named.format && named.format->scheme == catalog::Scheme::ggml_recipe) return *named.format;
  } catch (const Error&) {
  }
  const auto type = local.file.numbers.find("general.file_type");
  if (type != local.file.numbers.end()) {
    const std::string name = gguf_file_type(type->second);
    if (const auto* format = find(name == "NVFP4" ? "gguf-nvfp4" : name)) return *format;
  }
  const catalog::WeightFormat* nearest = nullptr;
  std::size_t least = 0;
  for (const catalog::WeightFormat* format : catalog.formats()) {
    if (format->scheme != catalog::Scheme::ggml && format->scheme != catalog::Scheme::plain) continue;
    const auto mix = compare(catalog, local, weights, *format, {.gguf = true});
    if (!mix || (nearest && mix->count() >= least)) continue;
    nearest = format;
    least = mix->count();
  }
  if (nearest) return *nearest;
  bad(local.path, "is of no file type that is known");
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// Names the mix and says what is different about it.
void describe(const catalog::Catalog& catalog, LocalModel& local, const format::Weights& weights) {
  const catalog::WeightFormat& format = format_of(catalog, local, weights);
  local.format = format;
  if (format.scheme == catalog::Scheme::ggml_recipe) return;  // no rule gives its types
  std::optional<Mix> best;
  for (const bool imatrix : {false, true}) {
    for (const bool legacy : {false, true}) {
      auto mix =
          compare(catalog, local, weights, format, {.imatrix = imatrix, .legacy_qkv = legacy, .gguf = true});
      if (mix && (!best || mix->count() < best->count())) best = std::move(mix);
    }
  }
  const Mix mix = best.value_or(Mix{});
  std::string name(format.name);
  if (mix.embedding) name += fmt::format(" with {} embeddings", upper(mix.embedding->id));
  if (mix.head) name += fmt::format("{}{} output", mix.embedding ? " and " : " with ", upper(mix.head->id));
  local.format.name = keep(local, name);
  if (mix.others > 0)
    local.differences.push_back(
        fmt::format("{} tensors have another type than llama-quantize gives for {}: {}{}", mix.others,
                    format.name, mix.first, mix.others > 1 ? " ..." : ""));
}

}  // namespace

void fill_from_gguf(const catalog::Catalog& catalog, LocalModel& local) {
  const auto& texts = local.file.texts;
  const auto text = [&](const char* key) {
    const auto it = texts.find(key);
    return it == texts.end() ? std::string() : it->second;
  };
  const std::string arch_name = text("general.architecture");
  const auto arch =
      std::find_if(kArchs.begin(), kArchs.end(), [&](const ArchName& a) { return a.name == arch_name; });
  if (arch_name == "clip")
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: is a projector (mmproj): name the file of its language model", local.path));
  if (arch == kArchs.end())
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{}: its architecture is '{}', no Qwen model that is known", local.path, arch_name));
  Tensors tensors(local.file);
  const Shape shape = Header(local.path, local.file, tensors).shape(*arch);
  const std::string stem = stem_of(local.file.files.front());
  std::string title = text("general.name");
  if (title.empty()) title = text("ollama.name");
  identify(catalog, shape,
           {{text("general.name"), text("ollama.name"),
             text("general.basename") + "-" + text("general.size_label"), stem},
            text("general.base_model.0.name"),
            title.empty() ? stem : title},
           local);
  const std::int32_t known_mtp = local.like ? local.like->geometry.mtp_layers : 0;
  if (known_mtp > 0 && shape.geometry.mtp_layers == 0)
    local.differences.push_back(fmt::format("the MTP block of {} is not in the file", local.like->name));
  local.model.geometry.mtp_layers = shape.geometry.mtp_layers;
  const catalog::Geometry& g = local.model.geometry;
  // Of a reranker's head the converter keeps the rows of two answers.
  if (shape.geometry.tied_embeddings && !g.tied_embeddings && !g.headless && !tensors.find(kScoreHead)) {
    local.differences.push_back("output.weight is not in the file: the embedding stands in for it");
    local.model.geometry.tied_embeddings = true;
  }
  const format::Weights weights = Weigher(catalog, local, tensors).run();
  describe(catalog, local, weights);
  local.weights = std::make_shared<const format::Weights>(weights);
  for (const auto& [key, what] :
       {std::pair{"ollama.projector", "projector"}, {"ollama.adapter", "adapter"}}) {
    if (!text(key).empty())
      local.notes.push_back(fmt::format("the {} that {} names is not counted", what, local.path));
  }
}

}  // namespace qwenfit::input
