// Which mix of llama-quantize a GGUF file is, and where it differs.
#include <algorithm>
#include <unordered_map>

#include "gguf_model.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::input {
namespace {

using format::TypedTensor;
using model::Role;
using model::Tensor;

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

}  // namespace

void name_mix(const catalog::Catalog& catalog, LocalModel& local, const format::Weights& weights) {
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

}  // namespace qwenfit::input
