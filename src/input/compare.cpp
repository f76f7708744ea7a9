// A GGUF file against what llama-quantize makes of the catalog's model.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "qwenfit/error.hpp"
#include "qwenfit/format.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::input {
namespace {

/// The model and format that the metadata name; nulls where the catalog has none.
void find(const catalog::Catalog& catalog, const ModelFile& file, Comparison& out) {
  const auto name = file.texts.find("general.name");
  const auto type = file.numbers.find("general.file_type");
  if (name == file.texts.end() || type == file.numbers.end()) return;
  try {
    out.model = catalog.find_model(name->second).model;
    out.format = &catalog.find_format(gguf_file_type(type->second));
  } catch (const Error&) {  // a model or a mix of somebody's own
    out.format = nullptr;
  }
}

}  // namespace

Comparison compare_with_catalog(const catalog::Catalog& catalog, const ModelFile& file) {
  Comparison out;
  if (file.kind == "GGUF") find(catalog, file, out);
  if (!out.model || !out.format) return out;
  std::unordered_map<std::string_view, const FileTensor*> held;
  for (const FileTensor& t : file.tensors) held.emplace(t.name, &t);
  const bool mtp = std::any_of(file.tensors.begin(), file.tensors.end(), [](const FileTensor& t) {
    return t.name.find(".nextn.") != std::string::npos;
  });
  format::RecipeOptions recipe;
  recipe.gguf = true;
  recipe.with_mtp = mtp;
  const format::Weights weights = format::quantize(catalog, *out.model, *out.format, recipe);
  std::size_t missing = 0;
  std::string first;
  for (const format::TypedTensor& t : weights.tensors) {
    if (t.stored_copy || (t.tensor.part != model::Part::text && !(mtp && t.tensor.part == model::Part::mtp)))
      continue;
    const std::string name = format::gguf_name(*out.model, t.tensor);
    const auto it = held.find(name);
    if (it == held.end()) {
      if (missing++ == 0) first = name;
    } else if (it->second->type != t.type->id) {
      out.differences.push_back(
          fmt::format("{} is {}, {} has {}", name, it->second->type, out.format->name, t.type->id));
    }
  }
  if (missing > 0)
    out.differences.push_back(
        fmt::format("{} tensors of {} are not there, {} first", missing, out.model->name, first));
  return out;
}

}  // namespace qwenfit::input
