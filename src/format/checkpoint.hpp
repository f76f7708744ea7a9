// What the families of safetensors checkpoints share, and the one function of each. Internal to the format
// room.
#pragma once

#include <functional>

#include "recipes.hpp"

namespace qwenfit::format {

/// What a matrix of the language model or its MTP block is to a quantizer: it chooses by these.
enum class Use {
  attention,
  linear_attention,  ///< the large projections of Gated DeltaNet
  linear_gates,      ///< its in_proj_a and in_proj_b
  ffn,
  shared_expert,
  experts,
  routers,
  embedding,
  head,
  other,  ///< towers, convolutions, everything that only one architecture has
};
Use use_of(const model::Tensor& tensor);

/// The projections that every quantizer takes: attention, DeltaNet, MLP and experts, of the text or MTP part.
bool is_projection(const model::Tensor& tensor);
bool is_text_projection(const model::Tensor& tensor);

/// How one matrix is stored; bytes of all `count` of it.
struct Packed {
  const catalog::DType* type;
  Bytes values;
  Bytes side;  ///< scales, zero points, indices
};

/// A family's rule.
struct Recipe {
  std::string_view rest = "bf16";  ///< type of everything that is not packed
  bool stores_mtp = true;          ///< some quantizers drop the MTP block
  bool stores_copies = true;       ///< some drop a tied head that the source stores
  bool packs_tied_head = false;    ///< a packed head beside the embedding it is tied to
  double relative_error = 0;       ///< of sizes that the rule gives only about
  std::function<bool(const model::Tensor&)> packs;
  std::function<Packed(const model::Tensor&)> pack;
};

// One function per family.
Recipe plain(const Job& job);         // plain.cpp: BF16, FP16, FP32
Recipe fp8(const Job& job);           // fp8.cpp: blocks, tensors, channels
Recipe gptq_awq(const Job& job);      // gptq_awq.cpp
Recipe compressed(const Job& job);    // compressed.cpp: integers of compressed-tensors, W8A8
Recipe fp4(const Job& job);           // fp4.cpp: NVFP4, MXFP4
Recipe bitsandbytes(const Job& job);  // bitsandbytes.cpp
Recipe mlx(const Job& job);           // mlx.cpp
Recipe exl(const Job& job);           // exl.cpp: EXL2, EXL3

/// What the catalog says of the published file of this format, null when it follows the rules.
const catalog::QuantizedFile* quantized_file(const catalog::Model& model,
                                             const catalog::WeightFormat& format);

/// Values of `tensor` in the format's base type, rows in whole blocks.
Packed in_base(const Job& job, const model::Tensor& tensor, Bytes side);

/// A GPTQ file gives this matrix a bias although the model has none there.
bool gains_bias(const catalog::QuantizedFile* file, const model::Tensor& tensor, const catalog::Model& model);

}  // namespace qwenfit::format
