// Which model of the catalog a header describes.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include "catalog/check.hpp"
#include "local_model.hpp"

namespace qwenfit::input {
namespace {

using catalog::Geometry;

bool same_experts(const Geometry& a, const Geometry& b) {
  if (!a.moe || !b.moe) return !a.moe && !b.moe && a.intermediate_size == b.intermediate_size;
  return a.moe->experts == b.moe->experts && a.moe->experts_per_token == b.moe->experts_per_token &&
         a.moe->expert_width == b.moe->expert_width &&
         a.moe->shared_expert_width == b.moe->shared_expert_width;
}

bool same_linear(const Geometry& a, const Geometry& b) {
  if (!a.linear_attention || !b.linear_attention) return !a.linear_attention && !b.linear_attention;
  const catalog::LinearAttention& x = *a.linear_attention;
  const catalog::LinearAttention& y = *b.linear_attention;
  return x.key_heads == y.key_heads && x.value_heads == y.value_heads && x.key_head_dim == y.key_head_dim &&
         x.value_head_dim == y.value_head_dim && x.conv_kernel == y.conv_kernel &&
         x.full_attention_interval == y.full_attention_interval;
}

/// Whether the language models are the same; heads, MTP blocks and towers aside.
bool same_text(const Geometry& a, const Geometry& b) {
  return a.hidden_size == b.hidden_size && a.layers == b.layers && a.heads == b.heads &&
         a.kv_heads == b.kv_heads && a.head_dim == b.head_dim && a.vocab_size == b.vocab_size &&
         same_experts(a, b) && same_linear(a, b);
}

bool has_towers(const Geometry& g) {
  return g.vision.has_value() || g.audio.has_value();
}

bool fits(const Shape& shape, const catalog::Model& record) {
  return record.arch == shape.arch &&
         shape.towers.value_or(has_towers(record.geometry)) == has_towers(record.geometry) &&
         same_text(record.geometry, shape.geometry);
}

/// "my-qwen3-8b": letters, digits, points and dashes of a name.
std::string id_of(const std::string& name) {
  std::string id;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0 || c == '.') id += static_cast<char>(std::tolower(u));
    else if (!id.empty() && id.back() != '-') id += '-';
  }
  while (id.ends_with('-')) id.pop_back();
  return id.empty() ? "local-model" : id;
}

catalog::Model own_model(const Shape& shape, const std::string& name, LocalModel& local) {
  catalog::Model model{};
  model.name = keep(local, name);
  model.id = keep(local, id_of(name));
  model.family = local.like ? local.like->family : "Qwen";
  model.architecture = keep(local, shape.architecture);
  model.arch = shape.arch;
  model.geometry = shape.geometry;
  model.context.native = shape.context;
  model.context.configured = shape.context;
  model.context.rope = shape.rope;
  if (local.like) {
    model.kind = local.like->kind;
    model.modality = local.like->modality;
    model.release_date = local.like->release_date;
    model.base_model = local.like->id;
    if (shape.context == 0) model.context = local.like->context;
  }
  return model;
}

/// What the header does not say, but the catalog does of a model of the same shape.
/// @param same the catalog's model itself
void complete(const Shape& shape, const Geometry& known, bool same, Geometry& g) {
  if (shape.text_only) {
    g.vision = known.vision;
    g.audio = known.audio;
    g.talker = known.talker;
    g.headless = known.headless;
    if (g.moe) g.moe->normalize_weights = known.moe->normalize_weights;
    if (g.linear_attention) g.linear_attention->state_f32 = known.linear_attention->state_f32;
  }
  if (g.talker && known.talker) g.talker->code2wav_parameters = known.talker->code2wav_parameters;
  if (!same) {
    if (g.headless) g.tied_embeddings = false;
    return;
  }
  if (!shape.mtp_known) g.mtp_layers = known.mtp_layers;
  g.headless = g.headless || known.headless;
  g.stores_tied_head = known.stores_tied_head;
  if (shape.text_only) {
    g.tied_embeddings = known.tied_embeddings;
    g.score_outputs = known.score_outputs;
  }
  if (g.headless) g.tied_embeddings = false;
}

/// The catalog's model that a name means, when it has this shape.
std::optional<catalog::ModelMatch> find(const catalog::Catalog& catalog, const Shape& shape,
                                        const std::string& name) {
  try {
    if (name.empty()) return std::nullopt;
    const catalog::ModelMatch match = catalog.find_model(name);
    return fits(shape, *match.model) ? std::optional(match) : std::nullopt;
  } catch (const Error&) {  // no name of the catalog's
    return std::nullopt;
  }
}

/// The built-in one of this shape with the shortest name; else one of the user's own.
const catalog::Model* any_of_shape(const catalog::Catalog& catalog, const Shape& shape) {
  const catalog::Model* found = nullptr;
  const auto rank = [](const catalog::Model& m) {
    return std::pair(catalog::Catalog::builtin().model(m.id) == nullptr, m.id.size());
  };
  for (const catalog::Model* record : catalog.models()) {
    if (fits(shape, *record) && (!found || rank(*record) < rank(*found))) found = record;
  }
  return found;
}

}  // namespace

std::string stem_of(const std::string& path) {
  std::filesystem::path p = std::filesystem::path(path).lexically_normal();
  if (!p.has_filename()) p = p.parent_path();
  std::error_code error;
  if (p == ".") p = std::filesystem::current_path(error);
  std::string name = p.filename().string();
  for (const std::string_view ending : {".gguf", ".safetensors", ".json"}) {
    if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  constexpr std::string_view kSplit = "-00001-of-00002";
  if (name.size() > kSplit.size() && name.substr(name.size() - 9, 4) == "-of-")
    name.resize(name.size() - kSplit.size());
  return name;
}

void identify(const catalog::Catalog& catalog, const Shape& shape, const Names& names, LocalModel& local) {
  for (const std::string& name : names.own) {
    const auto match = find(catalog, shape, name);
    if (!match) continue;
    local.like = match->model;
    // A note tells of words that the catalog does not know: somebody's fine-tune.
    if (!match->note.empty()) break;
    local.model = *match->model;
    local.variant = match->variant;
    local.model.geometry = shape.geometry;
    complete(shape, match->model->geometry, true, local.model.geometry);
    return;
  }
  if (!local.like) {
    const auto base = find(catalog, shape, names.base);
    local.like = base ? base->model : any_of_shape(catalog, shape);
  }
  local.model = own_model(shape, names.title.empty() ? "local model" : names.title, local);
  if (local.like) complete(shape, local.like->geometry, false, local.model.geometry);
}

void check_shape(const std::string& path, const Geometry& geometry) {
  const std::vector<std::string> problems = catalog::contradictions(geometry);
  if (!problems.empty()) bad(path, fmt::format("describes no model: {}", problems.front()));
}

}  // namespace qwenfit::input
