// Ollama's manifests. Internal to the input room.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "header_reader.hpp"

namespace qwenfit::input {

struct OllamaManifest {
  std::string name;                 ///< "qwen3:8b", after the manifest's path
  std::vector<std::string> models;  ///< paths of blobs: GGUF files
  std::string projector;            ///< likewise; empty: none
  std::string adapter;
};

/// Whether this is the JSON of a manifest.
bool is_ollama_manifest(const nlohmann::json& value);

/// The blobs it names, in the store it stands in, that of OLLAMA_MODELS or ~/.ollama/models.
/// @throws Error(bad_input | io) when one has no proper digest or is not there.
OllamaManifest read_ollama_manifest(const std::string& path, const nlohmann::json& value);

}  // namespace qwenfit::input
