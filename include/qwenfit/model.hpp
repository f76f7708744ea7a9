// The tensor inventory: a model as the list of its tensors, built from its geometry.
//
// This list is the one source of truth for parameter counts, bytes in any weight format, placement on
// devices, work per token and fine-tuning sizes. What an architecture consists of is written down
// once, in src/model/<architecture>.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"

namespace qwenfit::model {

/// What a tensor does. Formats decide a tensor's type by its role, engines its place.
enum class Role : std::uint8_t {
  token_embedding,
  output,  ///< lm_head
  output_norm,
  score_head,  ///< reward models
  attn_norm,   ///< input_layernorm
  ffn_norm,    ///< post_attention_layernorm
  attn_q,      ///< with an output gate twice as tall: query and gate
  attn_k,
  attn_v,
  attn_qkv,  ///< fused (Qwen v1)
  attn_output,
  attn_q_bias,
  attn_k_bias,
  attn_v_bias,
  attn_qkv_bias,
  attn_q_norm,
  attn_k_norm,
  ffn_gate,
  ffn_up,
  ffn_down,
  router,       ///< ffn_gate_inp
  expert_gate,  ///< `count` experts
  expert_up,
  expert_down,
  shared_expert_gate,
  shared_expert_up,
  shared_expert_down,
  shared_expert_router,
  linear_qkv,   ///< Gated DeltaNet in_proj_qkv
  linear_z,     ///< in_proj_z
  linear_qkvz,  ///< fused (Qwen3-Next checkpoints)
  linear_a,
  linear_b,
  linear_ba,  ///< fused (Qwen3-Next)
  linear_conv,
  linear_a_log,
  linear_dt_bias,
  linear_norm,
  linear_output,
  mtp_fc,
  mtp_norm,         ///< pre_fc_norm_embedding, pre_fc_norm_hidden, final norm of the MTP block
  hyper_attn_norm,  ///< Qwen4Exp hyper-connections: before the token mixer ...
  hyper_attn_down,
  hyper_attn_up,
  hyper_attn_inject,
  hyper_ffn_norm,  ///< ... before the MoE ...
  hyper_ffn_down,
  hyper_ffn_up,
  hyper_ffn_inject,
  hyper_head_norm,  ///< ... and at the end of the trunk
  hyper_head_down,
  hyper_head_up,
  indexer_proj,  ///< queries and keys (GGUF files split them)
  indexer_q,
  indexer_k,
  indexer_norm,
  ple_key,
  ple_value,
  ple_norm,
  ple_conv,
  ple_hash,  ///< int64 constants, no weights
  ngram_table,
  vision_matrix,  ///< towers keep 16 bit almost everywhere: only matrix or vector matters
  vision_vector,
  audio_matrix,
  audio_vector,
  talker_matrix,
  talker_vector,
};

/// Which module of the model a tensor belongs to; engines load or leave out whole parts.
enum class Part : std::uint8_t { text, mtp, vision, audio, talker, code2wav, ngram };

/// One tensor, or `count` equal ones (experts of a layer, repeated tower blocks).
/// A matrix has rows = outputs and cols = inputs (as safetensors stores it, [out, in]; ggml calls cols
/// ne0). A vector has rows = length and cols = 1 with is_vector set.
struct Tensor {
  Role role;
  Part part;
  std::int16_t layer;  ///< decoder layer, or -1; MTP blocks follow the trunk: layers, layers + 1, ...
  bool is_vector;
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t count;

  std::int64_t elements() const { return rows * cols * count; }
};

/// How projections are cut into tensors: the checkpoint fuses some that GGUF files split.
enum class Layout : std::uint8_t { checkpoint, gguf };

/// What the layers of a model do at inference time.
enum class LayerKind : std::uint8_t { full_attention, linear_attention };

struct Inventory {
  const catalog::Model* model;
  Layout layout;
  std::vector<Tensor> tensors;    ///< in file order: embedding, layers, norm, head, MTP, towers
  std::vector<LayerKind> layers;  ///< of the trunk, without MTP
};

/// The tensors of `model` in `layout`. GGUF files of multimodal models hold the text part and MTP only;
/// towers are a separate mmproj file, listed with their parts all the same.
/// @throws Error(undecidable) when the geometry is not known.
Inventory build_inventory(const catalog::Model& model, Layout layout);

/// Parameter counts. A tied head counts once; int64 hash constants are no parameters.
struct ParameterCount {
  std::int64_t total;      ///< held in memory, all parts
  std::int64_t text;       ///< trunk with embedding and head
  std::int64_t embedding;  ///< token embedding
  std::int64_t head;       ///< lm_head, 0 when tied or absent
  std::int64_t mtp;
  std::int64_t vision;
  std::int64_t audio;
  std::int64_t talker;  ///< with code predictor and vocoder
  std::int64_t ngram;
  std::int64_t active;      ///< text weights used per token, with embedding and head
  std::int64_t checkpoint;  ///< elements in the published files: total + a stored tied head
};

ParameterCount count_parameters(const Inventory& inventory);

/// Layers that hold a KV cache (trunk only).
int kv_layers(const catalog::Model& model);

/// KV elements per token over all trunk layers: 2 x layers with KV x KV heads x head_dim, plus the
/// indexer keys of Qwen4Exp. Multiply by the bytes of the KV type.
std::int64_t kv_elements_per_token(const catalog::Model& model);

/// Recurrent state of one sequence: elements of the convolution window (kernel - 1 columns) and of the
/// delta-rule matrix, over all linear-attention layers (and the PLE history of Qwen4Exp).
struct RecurrentState {
  std::int64_t conv_elements;
  std::int64_t state_elements;
  int layers;
};
RecurrentState recurrent_state(const catalog::Model& model);

/// What the catalog's published counts say against the inventory: one sentence per contradiction that
/// is not listed as an exception. Empty when the data is right.
std::vector<std::string> check_counts(const catalog::Model& model);

}  // namespace qwenfit::model
