// llama.cpp's side of the format room: names of tensors and the mixes of its file types. Internal.
#pragma once

#include <string>
#include <vector>

#include "recipes.hpp"

namespace qwenfit::format {

/// Tensors of a GGUF file that an entry of the inventory stands for: the experts of a layer are one
/// three-dimensional tensor, other repeated ones stand alone.
int gguf_tensor_count(const model::Tensor& tensor);

/// The tensors that the GGUF file of this job holds: the text part, the MTP block when asked for.
std::vector<model::Tensor> gguf_tensors(const Job& job);

/// The type that llama-quantize gives to each of `tensors`, in their order.
/// @throws Error(unsupported) when a row is no multiple of the block and nothing smaller is defined.
std::vector<const catalog::DType*> ggml_types(const Job& job, const std::vector<model::Tensor>& tensors,
                                              bool imatrix);

/// Whether llama-quantize refuses to make this file without an importance matrix (tensor_requires_imatrix).
bool requires_imatrix(const Job& job, const std::vector<model::Tensor>& tensors,
                      const std::vector<const catalog::DType*>& types);

}  // namespace qwenfit::format
