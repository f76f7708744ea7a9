#include "checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace qwenfit::format {

using catalog::Scheme;
using model::Part;
using model::Role;
using model::Tensor;

Use use_of(const Tensor& tensor) {
  switch (tensor.role) {
    case Role::attn_q:
    case Role::attn_k:
    case Role::attn_v:
    case Role::attn_qkv:
    case Role::attn_output: return Use::attention;
    case Role::linear_qkv:
    case Role::linear_z:
    case Role::linear_qkvz:
    case Role::linear_output: return Use::linear_attention;
    case Role::linear_a:
    case Role::linear_b:
    case Role::linear_ba: return Use::linear_gates;
    case Role::ffn_gate:
    case Role::ffn_up:
    case Role::ffn_down: return Use::ffn;
    case Role::shared_expert_gate:
    case Role::shared_expert_up:
    case Role::shared_expert_down: return Use::shared_expert;
    case Role::expert_gate:
    case Role::expert_up:
    case Role::expert_down: return Use::experts;
    case Role::router:
    case Role::shared_expert_router: return Use::routers;
    case Role::token_embedding: return Use::embedding;
    case Role::output: return Use::head;
    default: return Use::other;
  }
}

bool is_projection(const Tensor& tensor) {
  const Use use = use_of(tensor);
  return use == Use::attention || use == Use::linear_attention || use == Use::ffn ||
         use == Use::shared_expert || use == Use::experts;
}

bool is_text_projection(const Tensor& tensor) {
  return tensor.part == Part::text && is_projection(tensor);
}

const catalog::QuantizedFile* quantized_file(const catalog::Model& model,
                                             const catalog::WeightFormat& format) {
  for (const catalog::QuantizedFile& file : model.quantized_files) {
    if (std::find(file.formats.begin(), file.formats.end(), format.id) != file.formats.end()) return &file;
  }
  return nullptr;
}

Packed in_base(const Job& job, const Tensor& tensor, Bytes side) {
  const catalog::DType& type = dtype(job.catalog, job.format.base);
  return {&type, tensor_bytes(type, tensor.rows * tensor.count, tensor.cols), side};
}

namespace {

void add(Job& job, const Tensor& tensor, const Packed& packed) {
  job.weights.tensors.push_back({tensor, packed.type, packed.values, packed.side});
}

Recipe recipe_of(const Job& job) {
  switch (job.format.scheme) {
    case Scheme::plain: return plain(job);
    case Scheme::fp8_block:
    case Scheme::fp8_tensor:
    case Scheme::fp8_channel: return fp8(job);
    case Scheme::gptq:
    case Scheme::awq: return gptq_awq(job);
    case Scheme::int8_channel:
    case Scheme::compressed_group: return compressed(job);
    case Scheme::nvfp4:
    case Scheme::mxfp4: return fp4(job);
    case Scheme::bnb_nf4:
    case Scheme::bnb_int8: return bitsandbytes(job);
    case Scheme::mlx: return mlx(job);
    case Scheme::exl2:
    case Scheme::exl3: return exl(job);
    case Scheme::ggml:
    case Scheme::ggml_recipe: break;
  }
  throw std::logic_error("GGUF formats are no checkpoints");
}

/// The official quantized files of 72B models have a wider MLP.
Tensor padded(Tensor t, std::int64_t width) {
  if (t.role == Role::ffn_gate || t.role == Role::ffn_up) t.rows = width;
  if (t.role == Role::ffn_down) t.cols = width;
  return t;
}

/// Safetensors headers: JSON of 111 to 126 bytes a tensor in the checkpoints that were seen (Qwen2.5-0.5B:
/// 32,288 bytes for 290 tensors, Qwen3.8-27B: 150,872 for 1,199). Packed matrices are two tensors or more.
Bytes about_file_bytes(const Weights& weights) {
  constexpr Bytes kHeader = 120;
  std::int64_t tensors = 0;
  for (const TypedTensor& t : weights.tensors) tensors += t.tensor.count * (t.extra > 0 ? 2 : 1);
  return weights.total() + tensors * kHeader;
}

}  // namespace

void checkpoint(Job& job) {
  const catalog::Model& model = *job.weights.model;
  const catalog::Geometry& g = model.geometry;
  const Recipe recipe = recipe_of(job);
  const catalog::QuantizedFile* file = quantized_file(model, job.format);
  const catalog::DType& rest = dtype(job.catalog, recipe.rest);
  for (Tensor t : job.inventory.tensors) {
    if (t.part == Part::mtp && !recipe.stores_mtp) continue;
    if (t.role == Role::ngram_table) {
      // FP8 in the official checkpoint of Qwen3.8-Flash-Next, whatever the rest is, with one scale.
      add(job, t, dtype(job.catalog, "f8_e4m3"), 2);
      continue;
    }
    if (file && file->intermediate_size > 0) t = padded(t, file->intermediate_size);
    const bool packed =
        !t.is_vector && recipe.packs(t) && !(file && file->experts_only && use_of(t) != Use::experts);
    if (!packed) {
      add(job, t, rest);
      continue;
    }
    add(job, t, recipe.pack(t));
  }
  const Tensor head{Role::output, Part::text, -1, false, g.vocab_size, g.hidden_size, 1};
  if (recipe.packs_tied_head && g.tied_embeddings) add(job, head, recipe.pack(head));
  if (recipe.stores_copies && (g.stores_tied_head || (file && file->stores_head))) {
    add(job, head, rest);
    job.weights.tensors.back().stored_copy = true;
  }
  job.weights.relative_error = recipe.relative_error;
  job.weights.exact = recipe.relative_error == 0;
  if (model.arch == catalog::Arch::qwen4_exp && job.format.scheme != Scheme::plain) {
    job.weights.exact = false;
    job.weights.notes.push_back(fmt::format(
        "which of the matrices that only {} has a {} file quantizes is not known; counted in 16 bit",
        model.name, job.format.name));
  }
  job.weights.file_bytes = about_file_bytes(job.weights);
}

}  // namespace qwenfit::format
