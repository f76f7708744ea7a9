// PEFT adapters: adapter_config.json and adapter_model.safetensors (peft/utils/save_and_load.py).
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hf_model.hpp"

namespace qwenfit::input {
namespace {

/// The model on this machine or in the catalog that the adapter was trained on.
void take_base(const catalog::Catalog& catalog, const std::string& name, LocalModel& local) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path path = name;
  if (path.is_relative()) path = fs::path(local.path) / path;
  if (fs::exists(path, error)) {
    ModelFile file = read_model(catalog, path.string());
    if (file.kind == "adapter")
      bad(local.path, fmt::format("was trained on {}, which is an adapter too: merge that one first", name));
    local.base = model_of(catalog, path.string(), std::move(file));
    local.model = local.base->model;
    local.variant = local.base->variant;
    local.like = local.base->like;
    local.format = local.base->format;
    local.weights = local.base->weights;
    return;
  }
  const catalog::ModelMatch match = catalog.find_model(name);
  local.model = *match.model;
  local.variant = match.variant;
  local.like = match.model;
  if (!match.note.empty()) local.notes.push_back(match.note);
}

}  // namespace

void fill_from_adapter(const catalog::Catalog& catalog, LocalModel& local) {
  const nlohmann::json config = nlohmann::json::parse(local.file.config, nullptr, false);
  const auto text = [&](const char* key) {
    return config.is_object() && config.contains(key) && config[key].is_string()
               ? config[key].get<std::string>()
               : std::string();
  };
  const std::string base = text("base_model_name_or_path");
  if (base.empty())
    bad(local.file.config_path, "lacks base_model_name_or_path: what it adapts can't be told");
  const std::string type = text("peft_type").empty() ? "LORA" : text("peft_type");
  take_base(catalog, base, local);
  local.added = added_by(local.file, local.model);
  Bytes bytes = 0;
  for (const AddedBytes& a : local.added) bytes += a.bytes;
  if (bytes == 0) bad(local.path, fmt::format("holds no tensors of layers that {} has", local.model.name));
  const bool ranked = config.contains("r") && config["r"].is_number_unsigned();
  local.notes.push_back(fmt::format("{} is an adapter ({}{}) of {}: it adds {}, counted with the weights",
                                    local.path, type,
                                    ranked ? fmt::format(", rank {}", config["r"].get<std::uint64_t>()) : "",
                                    local.model.name, units::format_bytes(bytes)));
}

}  // namespace qwenfit::input
