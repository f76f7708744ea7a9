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

/// Their types: as ggml_types, with an importance matrix where there is or has to be one.
std::vector<const catalog::DType*> gguf_types(const Job& job, const std::vector<model::Tensor>& tensors);

/// Whether a publisher (RecipeOptions::publisher) quantizes with an importance matrix.
bool uses_imatrix(std::string_view publisher);

/// Whether a publisher's conversion keeps a tied head that the checkpoint stores (the converter does).
bool keeps_stored_head(std::string_view publisher);

/// Scales the quantized tensors of a mix that no rule gives to the size of the publisher's file, where one is
/// known of a model with this text part, else by the format's ratio. Leaves llama-quantize's own alone.
void apply_published_size(Job& job);

/// A tensor's name in GGUF files without the beginning that names its layer ("blk.7."), and whether it has
/// one.
/// @throws std::logic_error when files of text models do not hold it.
std::string_view gguf_stem(const catalog::Model& model, const model::Tensor& tensor, int index = 0);
bool gguf_in_block(const model::Tensor& tensor);

/// Bytes of a GGUF file before its tensors: metadata, tokenizer, tensor infos. About: chat templates differ.
Bytes gguf_metadata_bytes(const catalog::Model& model, const std::vector<model::Tensor>& tensors);

/// The type that llama-quantize gives to each of `tensors`, in their order.
/// @throws Error(unsupported) when a row is no multiple of the block and nothing smaller is defined.
std::vector<const catalog::DType*> ggml_types(const Job& job, const std::vector<model::Tensor>& tensors,
                                              bool imatrix);

/// Whether llama-quantize refuses to make this file without an importance matrix (tensor_requires_imatrix).
bool requires_imatrix(const Job& job, const std::vector<model::Tensor>& tensors,
                      const std::vector<const catalog::DType*>& types);

}  // namespace qwenfit::format
