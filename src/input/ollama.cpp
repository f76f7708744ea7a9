// Ollama's store: a manifest names blobs by their SHA-256 (ollama/manifest, envconfig: OLLAMA_MODELS).
#include "ollama.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace qwenfit::input {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kModel = "application/vnd.ollama.image.model";
constexpr std::string_view kProjector = "application/vnd.ollama.image.projector";
constexpr std::string_view kAdapter = "application/vnd.ollama.image.adapter";

/// Folders that may hold the blobs: that of the manifest's own store, then the store of this machine.
std::vector<fs::path> stores(const fs::path& manifest) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::path folder = fs::absolute(manifest, error).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (folder.filename() == "manifests") out.push_back(folder.parent_path());
  }
  if (const char* models = std::getenv("OLLAMA_MODELS"); models && *models) out.emplace_back(models);
  if (const char* home = std::getenv("HOME"); home && *home)
    out.push_back(fs::path(home) / ".ollama" / "models");
  return out;
}

bool is_digest(const std::string& digest) {
  constexpr std::string_view kPrefix = "sha256:";
  return digest.size() == kPrefix.size() + 64 && digest.starts_with(kPrefix) &&
         digest.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string::npos;
}

std::string blob_of(const fs::path& manifest, const json& layer) {
  const std::string digest =
      layer.contains("digest") && layer["digest"].is_string() ? layer["digest"].get<std::string>() : "";
  if (!is_digest(digest)) bad(manifest.string(), "names a blob by something that is no SHA-256 digest");
  std::error_code error;
  for (const fs::path& store : stores(manifest)) {
    for (const char separator : {'-', ':'}) {
      const fs::path blob = store / "blobs" / fmt::format("sha256{}{}", separator, digest.substr(7));
      if (fs::exists(blob, error)) return blob.string();
    }
  }
  throw Error(ErrorCode::io,
              fmt::format("{}: its blob {} is in no store: set OLLAMA_MODELS to the folder that holds blobs/",
                          manifest.string(), digest));
}

std::string media_type(const json& layer) {
  return layer.is_object() && layer.contains("mediaType") && layer["mediaType"].is_string()
             ? layer["mediaType"].get<std::string>()
             : "";
}

}  // namespace

bool is_ollama_manifest(const json& value) {
  return value.is_object() && value.contains("layers") && value["layers"].is_array() &&
         std::any_of(value["layers"].begin(), value["layers"].end(), [](const json& layer) {
           return media_type(layer).starts_with("application/vnd.ollama.image.");
         });
}

OllamaManifest read_ollama_manifest(const std::string& path, const json& value) {
  OllamaManifest out;
  for (const json& layer : value["layers"]) {
    const std::string type = media_type(layer);
    if (type == kModel) out.models.push_back(blob_of(path, layer));
    else if (type == kProjector) out.projector = blob_of(path, layer);
    else if (type == kAdapter) out.adapter = blob_of(path, layer);
  }
  if (out.models.empty()) bad(path, "is a manifest of Ollama without a model");
  const fs::path p(path);
  out.name = fmt::format("{}:{}", p.parent_path().filename().string(), p.filename().string());
  return out;
}

}  // namespace qwenfit::input
