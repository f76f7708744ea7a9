// llama-quantize's mixes as a table: src/llama-quant.cpp of llama.cpp de3ff81 (September 2026),
// llama_tensor_get_type_impl and tensor_type_fallback. Internal.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "qwenfit/catalog.hpp"

namespace qwenfit::format::ggml_rules {

/// The file types that have rules of their own.
enum File : std::uint32_t {
  iq1_s = 1u << 0,
  iq1_m = 1u << 1,
  iq2_xxs = 1u << 2,
  iq2_xs = 1u << 3,
  iq2_s = 1u << 4,
  iq2_m = 1u << 5,
  iq3_xxs = 1u << 6,
  iq3_xs = 1u << 7,
  iq3_s = 1u << 8,
  iq3_m = 1u << 9,
  iq4_xs = 1u << 10,
  iq4_nl = 1u << 11,
  q2_0 = 1u << 12,
  tq1_0 = 1u << 13,
  tq2_0 = 1u << 14,
  q2_k_s = 1u << 15,
  q2_k = 1u << 16,
  q3_k_s = 1u << 17,
  q3_k_m = 1u << 18,
  q3_k_l = 1u << 19,
  q4_0 = 1u << 20,
  q4_k_s = 1u << 21,
  q4_k_m = 1u << 22,
  q5_0 = 1u << 23,
  q5_k_m = 1u << 24,
  mxfp4_moe = 1u << 25,
  any_other = 1u << 26,
};
constexpr std::uint32_t kBelow3Bits = iq1_s | iq1_m | iq2_xxs | iq2_xs | iq2_s | iq2_m;
constexpr std::uint32_t kFrom3Bits = ~kBelow3Bits;

/// The file type of a format in data/formats, by its id.
File file_type(const catalog::WeightFormat& format);

enum class Category : std::uint8_t {
  kept,       ///< never quantized
  embedding,  ///< with a head of its own
  output,     ///< the head, or the embedding that serves as one
  attn_q,
  attn_k,
  attn_v,     ///< a fused q, k, v too
  fused_qkv,  ///< until spring 2026
  attn_output,
  ffn_gate_up,
  ffn_down,
  other,
};

/// What must hold, all of it, for a rule to apply.
enum When : std::uint32_t {
  always = 0,
  gqa_4 = 1u << 0,         ///< four or more query heads share a KV head
  experts_4 = 1u << 1,     ///< four or more experts
  experts_8 = 1u << 2,     ///< exactly eight, as Mixtral
  with_imatrix = 1u << 3,  ///< an importance matrix is given
  no_imatrix = 1u << 4,
  first_2 = 1u << 5,
  first_4 = 1u << 6,
  first_16th = 1u << 7,  ///< of the layers
  first_8th = 1u << 8,
  inner_layers = 1u << 9,  ///< neither the first nor the last eighth
  more_bits = 1u << 10,    ///< both ends, and every third layer between
};

struct Rule {
  std::uint32_t files;
  Category category;
  std::uint32_t when;
  std::string_view type;  ///< empty: the file's own
};

/// The first rule that applies decides; without one a tensor gets the file's own type.
std::span<const Rule> rules();

/// What a type becomes when a row is no multiple of its block; empty when nothing is defined.
std::string_view fallback(std::string_view type);

}  // namespace qwenfit::format::ggml_rules
