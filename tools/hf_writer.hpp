// Configurations and tensor names of Hugging Face checkpoints, as transformers' classes write them. For
// tests.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "qwenfit/format.hpp"

namespace qwenfit::tools {

/// config.json of a model of the catalog.
nlohmann::json hf_config(const catalog::Model& model);

/// The header of one safetensors file with the tensors of `weights`; packed values and what goes with them
/// are lumps of bytes.
std::string hf_header(const format::Weights& weights);

}  // namespace qwenfit::tools
