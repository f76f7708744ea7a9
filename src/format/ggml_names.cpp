// The names that tensors have in GGUF files: llama.cpp gguf-py/gguf/constants.py (TENSOR_NAMES) and
// conversion/qwen*.py.
#include <fmt/format.h>

#include <stdexcept>

#include "ggml.hpp"

namespace qwenfit::format {

using catalog::Arch;
using model::Role;
using model::Tensor;

namespace {

/// Names of the vectors that the inventory counts together.
std::string_view nth(std::initializer_list<std::string_view> names, int index) {
  return names.begin()[index];
}

/// The hybrids call the norm before the FFN by its Hugging Face name.
std::string_view ffn_norm_name(Arch arch) {
  return arch == Arch::qwen || arch == Arch::qwen2 || arch == Arch::qwen2_moe || arch == Arch::qwen3 ||
                 arch == Arch::qwen3_moe
             ? "ffn_norm.weight"
             : "post_attention_norm.weight";
}

std::string_view stem(Arch arch, const Tensor& t, int index) {
  switch (t.role) {
    case Role::token_embedding: return "token_embd.weight";
    case Role::output: return "output.weight";
    case Role::output_norm: return "output_norm.weight";
    case Role::score_head: return t.is_vector ? "cls.output.bias" : "cls.output.weight";
    case Role::attn_norm: return "attn_norm.weight";
    case Role::ffn_norm: return ffn_norm_name(arch);
    case Role::attn_q: return "attn_q.weight";
    case Role::attn_k: return "attn_k.weight";
    case Role::attn_v: return "attn_v.weight";
    case Role::attn_qkv:
    case Role::linear_qkv: return "attn_qkv.weight";
    case Role::attn_output: return "attn_output.weight";
    case Role::attn_q_bias: return "attn_q.bias";
    case Role::attn_k_bias: return "attn_k.bias";
    case Role::attn_v_bias: return "attn_v.bias";
    case Role::attn_qkv_bias: return "attn_qkv.bias";
    case Role::attn_q_norm: return "attn_q_norm.weight";
    case Role::attn_k_norm: return "attn_k_norm.weight";
    case Role::ffn_gate: return "ffn_gate.weight";
    case Role::ffn_up: return "ffn_up.weight";
    case Role::ffn_down: return "ffn_down.weight";
    case Role::router: return "ffn_gate_inp.weight";
    case Role::expert_gate: return "ffn_gate_exps.weight";
    case Role::expert_up: return "ffn_up_exps.weight";
    case Role::expert_down: return "ffn_down_exps.weight";
    case Role::shared_expert_gate: return "ffn_gate_shexp.weight";
    case Role::shared_expert_up: return "ffn_up_shexp.weight";
    case Role::shared_expert_down: return "ffn_down_shexp.weight";
    case Role::shared_expert_router: return "ffn_gate_inp_shexp.weight";
    case Role::linear_z: return "attn_gate.weight";
    case Role::linear_a: return "ssm_alpha.weight";
    case Role::linear_b: return "ssm_beta.weight";
    case Role::linear_ba: return "ssm_ba.weight";
    case Role::linear_conv: return "ssm_conv1d.weight";
    case Role::linear_a_log: return "ssm_a";
    case Role::linear_dt_bias: return "ssm_dt.bias";
    case Role::linear_norm: return "ssm_norm.weight";
    case Role::linear_output: return "ssm_out.weight";
    case Role::mtp_fc: return "nextn.eh_proj.weight";
    case Role::mtp_norm:
      return nth({"nextn.enorm.weight", "nextn.hnorm.weight", "nextn.shared_head_norm.weight"}, index);
    case Role::hyper_attn_norm: return "hc_attn_norm.weight";
    case Role::hyper_attn_down: return "hc_attn_down.weight";
    case Role::hyper_attn_up: return "hc_attn_up.weight";
    case Role::hyper_attn_inject: return "hc_attn_inject.weight";
    case Role::hyper_ffn_norm: return "hc_ffn_norm.weight";
    case Role::hyper_ffn_down: return "hc_ffn_down.weight";
    case Role::hyper_ffn_up: return "hc_ffn_up.weight";
    case Role::hyper_ffn_inject: return "hc_ffn_inject.weight";
    case Role::hyper_head_norm: return "output_hc_norm.weight";
    case Role::hyper_head_down: return "output_hc_down.weight";
    case Role::hyper_head_up: return "output_hc_up.weight";
    case Role::indexer_q: return "indexer.q_proj.weight";
    case Role::indexer_k: return "indexer.k_proj.weight";
    case Role::indexer_norm: return nth({"indexer.q_norm.weight", "indexer.k_norm.weight"}, index);
    case Role::ple_key: return "ple_key.weight";
    case Role::ple_value: return "ple_value.weight";
    case Role::ple_norm:
      return nth({"ple_norm_key.weight", "ple_norm_query.weight", "ple_norm_conv.weight"}, index);
    case Role::ple_conv: return "ple_conv1d.weight";
    case Role::ngram_table: return "per_layer_token_embd.weight";
    default: return "";  // towers are another file; fused checkpoint projections do not occur
  }
}

}  // namespace

int gguf_tensor_count(const Tensor& t) {
  const bool merged = t.role == Role::expert_gate || t.role == Role::expert_up || t.role == Role::expert_down;
  return merged ? 1 : static_cast<int>(t.count);
}

bool gguf_in_block(const Tensor& tensor) {
  return tensor.layer >= 0 && tensor.role != Role::ngram_table;
}

std::string_view gguf_stem(const catalog::Model& model, const Tensor& tensor, int index) {
  const std::string_view name = stem(model.arch, tensor, index);
  if (name.empty()) throw std::logic_error("a tensor that GGUF files of text models do not hold");
  return name;
}

std::string gguf_name(const catalog::Model& model, const Tensor& tensor, int index) {
  const std::string_view name = gguf_stem(model, tensor, index);
  return gguf_in_block(tensor) ? fmt::format("blk.{}.{}", tensor.layer, name) : std::string(name);
}

}  // namespace qwenfit::format
