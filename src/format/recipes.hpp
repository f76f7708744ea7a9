// The rules that give tensors their types, one file per family of formats. Internal to the format room.
#pragma once

#include "qwenfit/format.hpp"

namespace qwenfit::format {

/// What a recipe works on and fills.
struct Job {
  const catalog::Catalog& catalog;
  const catalog::WeightFormat& format;
  const RecipeOptions& options;
  model::Inventory inventory;
  Weights weights;  ///< model, format, layout and layers are set
};

void ggml(Job& job);  // ggml.cpp: GGUF files, of llama-quantize and of publishers with mixes of their own
void checkpoint(Job& job);  // checkpoint.cpp: every scheme of the safetensors world

/// The dtype of this id. @throws std::logic_error when data/ lacks it.
const catalog::DType& dtype(const catalog::Catalog& catalog, std::string_view id);

/// Appends `tensor` stored in `type`, with `extra` bytes of scales and the like.
void add(Job& job, const model::Tensor& tensor, const catalog::DType& type, Bytes extra = 0);

}  // namespace qwenfit::format
