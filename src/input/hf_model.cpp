// A checkpoint's folder, or its config.json alone -> the model.
#include "hf_model.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace qwenfit::input {
namespace {

/// The folder whose name is the model's: that of config.json.
std::string folder_of(const LocalModel& local) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path path = fs::absolute(local.path, error).lexically_normal();
  if (error) path = local.path;
  if (!fs::is_directory(path, error)) path = path.parent_path();
  return path.string();
}

/// The folder's name; of one in the cache of huggingface_hub (models--Qwen--Qwen3-8B/snapshots/REVISION) the
/// repository's.
std::string title_of(const std::string& folder) {
  std::filesystem::path path(folder);
  if (path.parent_path().filename() == "snapshots") path = path.parent_path().parent_path();
  const std::string name = path.filename().string();
  return name.starts_with("models--") ? name.substr(name.rfind("--") + 2) : stem_of(path.string());
}

/// "_name_or_path" is the model that a training started from.
std::string base_of(const std::string& config) {
  const nlohmann::json json = nlohmann::json::parse(config, nullptr, false);
  return json.is_object() && json.contains("_name_or_path") && json["_name_or_path"].is_string()
             ? json["_name_or_path"].get<std::string>()
             : "";
}

/// 16 bit or whatever most values have, where no quantization is declared.
const catalog::WeightFormat* plain_format(const catalog::Catalog& catalog, const LocalModel& local) {
  std::unordered_map<std::string, Bytes> sums;
  for (const FileTensor& t : local.file.tensors) sums[t.type] += t.bytes;
  const auto most = std::max_element(sums.begin(), sums.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second, a.first) < std::pair(b.second, b.first);
  });
  if (most->first == "f8_e4m3") return catalog.format("fp8-tensor");
  const catalog::WeightFormat* format = catalog.format(most->first);
  if (format && format->scheme == catalog::Scheme::plain) return format;
  bad(local.path,
      fmt::format("holds {} values, and its configuration does not say how they are quantized", most->first));
}

/// What the tensors say that the configuration does not.
void correct(Shape& shape, LocalModel& local) {
  catalog::Geometry& g = shape.geometry;
  if (g.linear_attention) {
    g.mtp_layers = mtp_blocks(local.file);
    shape.mtp_known = true;
  }
  if (!holds_module(local.file, "lm_head") && !g.tied_embeddings) g.headless = true;
  if (g.vision && !holds_part(local.file, model::Part::vision)) {
    g.vision.reset();
    local.differences.emplace_back("the vision tower is not in the files");
  }
  if (g.audio && !holds_part(local.file, model::Part::audio)) {
    g.audio.reset();
    local.differences.emplace_back("the audio tower is not in the files");
  }
  if (g.talker && !holds_part(local.file, model::Part::talker)) {
    g.talker.reset();
    local.differences.emplace_back("the talker is not in the files");
  }
  shape.towers = g.vision.has_value() || g.audio.has_value();
}

/// Against what the format's tool makes of the model.
void compare(const catalog::Catalog& catalog, LocalModel& local) {
  std::optional<format::Weights> made;
  try {
    made = format::quantize(catalog, local.model, *catalog.format(local.format.id));
  } catch (const Error&) {  // a model that the tool can't make in this format
    return;
  }
  const bool copied = local.weights->stored_copies() > 0 && made->stored_copies() == 0;
  if (copied)
    local.differences.push_back(
        fmt::format("lm_head.weight is stored although {} {}", local.model.name,
                    local.model.geometry.tied_embeddings ? "ties it to the embedding" : "has no head"));
  const Bytes held = local.weights->total() - (copied ? local.weights->stored_copies() : 0);
  if (held != made->total())
    local.differences.push_back(fmt::format("its tensors take {} bytes, {} as it is usually made {}",
                                            units::format_grouped(held), local.format.name,
                                            units::format_grouped(made->total())));
}

}  // namespace

void fill_from_checkpoint(const catalog::Catalog& catalog, LocalModel& local) {
  if (local.file.config.empty())
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{}: has no config.json beside it, without which its tensors mean nothing", local.path));
  const std::string config_path = local.file.config_path;
  Shape shape = shape_of_config(config_path, local.file.config);
  const bool tensors = !local.file.tensors.empty();
  if (tensors) correct(shape, local);
  const std::string folder = folder_of(local);
  // A configuration may have been kept under the model's name; else its folder has it.
  const std::string own = local.path.ends_with(".json") ? stem_of(local.path) : "";
  const bool named = !own.empty() && own != "config" && !own.ends_with(".index");
  identify(catalog, shape,
           {{named ? own : folder, folder}, base_of(local.file.config), named ? own : title_of(folder)},
           local);
  if (local.like && tensors && local.like->geometry.mtp_layers > 0 && shape.geometry.mtp_layers == 0)
    local.differences.push_back(fmt::format("the MTP block of {} is not in the files", local.like->name));
  if (local.file.texts.contains("pickled"))
    local.differences.emplace_back("its weights are pickles (pytorch_model*.bin), which are not read");
  const catalog::WeightFormat* format = nullptr;
  try {
    format = format_of_config(catalog, config_path, local.file.config);
  } catch (const Error& e) {  // its shape does for other formats
    local.unknown_format = e.what();
    local.differences.push_back(local.unknown_format);
    return;
  }
  if (!format && tensors) format = plain_format(catalog, local);
  if (format) local.format = *format;
  if (!tensors) return;
  if (shape.arch == catalog::Arch::qwen4_exp) {
    local.notes.push_back(fmt::format("the tensors of {} are weighed by the rules of {}, not from the files",
                                      local.model.name, local.format.name));
    return;
  }
  weigh_checkpoint(catalog, local);
  compare(catalog, local);
}

}  // namespace qwenfit::input
