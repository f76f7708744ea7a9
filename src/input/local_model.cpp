// A path -> a model.
#include <filesystem>

#include "hf_model.hpp"

namespace qwenfit::input {
namespace {

bool looks_like_path(std::string_view name) {
  if (name.find_first_of("/\\") != std::string_view::npos) return true;
  return name.ends_with(".gguf") || name.ends_with(".safetensors") || name.ends_with(".json");
}

/// No name of the catalog begins like this.
bool is_only_path(std::string_view name) {
  return name.starts_with("./") || name.starts_with("../") || name.starts_with("/") || name.starts_with("~/");
}

bool known(const catalog::Catalog& catalog, const std::string& name) {
  try {
    (void)catalog.find_model(name);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::shared_ptr<const LocalModel> model_of(const catalog::Catalog& catalog, std::string path,
                                           ModelFile file) {
  auto local = std::make_shared<LocalModel>();
  local->path = std::move(path);
  local->file = std::move(file);
  if (local->file.kind == "GGUF") fill_from_gguf(catalog, *local);
  else if (local->file.kind == "adapter") fill_from_adapter(catalog, *local);
  else fill_from_checkpoint(catalog, *local);
  if (local->file.kind == "adapter") return local;
  const bool own = local->like && local->model.id != local->like->id;
  local->notes.push_back(fmt::format(
      "{}read from {}{}", local->weights ? fmt::format("weights: {}, ", local->format.name) : "the model is ",
      local->path, own ? fmt::format("; it has the shape of {}", local->like->name) : ""));
  for (const std::string& difference : local->differences) local->notes.push_back(difference);
  return local;
}

std::shared_ptr<const LocalModel> open_model(const catalog::Catalog& catalog, const std::string& path) {
  return model_of(catalog, path, read_model(catalog, path));
}

bool is_path(const catalog::Catalog& catalog, const std::string& name) {
  std::error_code error;
  if (name.empty() || name.find('\0') != std::string::npos) return false;
  // A path inside a container may still name the model: "/models/Qwen3-8B".
  if (!std::filesystem::exists(name, error)) return is_only_path(name) && !known(catalog, name);
  return looks_like_path(name) || !known(catalog, name);
}

}  // namespace qwenfit::input
