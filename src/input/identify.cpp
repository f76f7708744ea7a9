// Which model of the catalog a header describes.
#include <algorithm>
#include <cctype>
#include <filesystem>

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
  if (local.like) {
    model.kind = local.like->kind;
    model.modality = local.like->modality;
    model.release_date = local.like->release_date;
    model.base_model = local.like->id;
    if (shape.context == 0) model.context = local.like->context;
  }
  return model;
}

/// What the header does not say of a language model but the catalog does of one of the same shape.
void complete(Geometry& geometry, const Geometry& known, bool text_only) {
  if (text_only) {
    geometry.vision = known.vision;
    geometry.audio = known.audio;
    geometry.talker = known.talker;
    geometry.headless = known.headless;
    if (geometry.moe) geometry.moe->normalize_weights = known.moe->normalize_weights;
    if (geometry.linear_attention) geometry.linear_attention->state_f32 = known.linear_attention->state_f32;
  }
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

void identify(const catalog::Catalog& catalog, const Shape& shape, const std::vector<std::string>& names,
              LocalModel& local) {
  for (const std::string& name : names) {
    if (name.empty()) continue;
    try {
      const catalog::ModelMatch match = catalog.find_model(name);
      if (!fits(shape, *match.model)) continue;
      local.like = match.model;
      // A note tells of words that the catalog does not know: somebody's fine-tune.
      if (match.note.empty()) {
        local.model = *match.model;
        local.variant = match.variant;
        return;
      }
      break;
    } catch (const Error&) {  // no name of the catalog's
    }
  }
  if (!local.like) {
    for (const catalog::Model* record : catalog.models()) {
      if (!fits(shape, *record)) continue;
      if (!local.like || record->id.size() < local.like->id.size()) local.like = record;
    }
  }
  const auto named =
      std::find_if(names.begin(), names.end(), [](const std::string& n) { return !n.empty(); });
  local.model = own_model(shape, named == names.end() ? "local model" : *named, local);
  if (local.like) complete(local.model.geometry, local.like->geometry, shape.text_only);
}

void check_size(const std::string& path, const Geometry& g) {
  constexpr double kMost = 1e15;  // elements: a thousand times the largest model
  constexpr std::int32_t kMostLayers = 4096;
  if (g.layers > kMostLayers || g.mtp_layers > kMostLayers)
    bad(path, fmt::format("has {} layers, beyond any model", g.layers));
  const double hidden = g.hidden_size;
  const double widths = static_cast<double>(g.intermediate_size) + static_cast<double>(g.heads) * g.head_dim +
                        static_cast<double>(g.kv_heads) * g.head_dim;
  double layer = 4 * hidden * widths;
  if (g.moe)
    layer += 3.0 * g.moe->experts * hidden * g.moe->expert_width + 3 * hidden * g.moe->shared_expert_width;
  if (g.linear_attention) {
    const catalog::LinearAttention& l = *g.linear_attention;
    layer += 4 * hidden *
             (static_cast<double>(l.key_heads) * l.key_head_dim +
              static_cast<double>(l.value_heads) * l.value_head_dim);
  }
  const double all = layer * (g.layers + g.mtp_layers) + 2.0 * hidden * g.vocab_size;
  if (all > kMost) bad(path, fmt::format("describes {:.1e} parameters, beyond any model", all));
}

}  // namespace qwenfit::input
