// GPTQ and AWQ: 4- or 8-bit integers packed into int32 along one side, a zero point and a 16-bit scale per
// group of inputs; GPTQ also an int32 group index per input. Layouts: AutoGPTQ nn_modules/qlinear, AutoAWQ
// modules/linear/gemm.py.
#include "checkpoint.hpp"

namespace qwenfit::format {

using catalog::Scheme;
using model::Role;
using model::Tensor;

bool gains_bias(const catalog::QuantizedFile* file, const Tensor& tensor, const catalog::Model& model) {
  if (!file || !file->linear_biases) return false;
  const bool qkv = tensor.role == Role::attn_q || tensor.role == Role::attn_k ||
                   tensor.role == Role::attn_v || tensor.role == Role::attn_qkv;
  const bool biased = model.arch == catalog::Arch::qwen || model.arch == catalog::Arch::qwen2 ||
                      model.arch == catalog::Arch::qwen2_moe;
  return !(qkv && biased);
}

Recipe gptq_awq(const Job& job) {
  const bool gptq = job.format.scheme == Scheme::gptq;
  const bool hybrid = job.weights.model->geometry.linear_attention.has_value();
  const catalog::QuantizedFile* file = quantized_file(*job.weights.model, job.format);
  Recipe recipe;
  recipe.rest = "f16";
  // The official GPTQ files of the hybrids leave attention and shared experts alone
  // (quantization_config.dynamic of Qwen3.5-27B-GPTQ-Int4: "-:.*attn.*", "-:.*shared_expert.*", "-:.*mtp.*",
  // "-:.*visual.*").
  recipe.packs = [gptq, hybrid](const Tensor& t) {
    if (!is_text_projection(t)) return false;
    return !(gptq && hybrid) || use_of(t) == Use::ffn || use_of(t) == Use::experts;
  };
  recipe.pack = [&job, gptq, file](const Tensor& t) {
    const std::int64_t groups = units::ceil_div(t.cols, job.format.group_size);
    Packed packed = in_base(job, t, 0);
    const Bytes zeros = tensor_bytes(*packed.type, groups, t.rows);
    const Bytes scales = 2 * groups * t.rows;
    const Bytes group_index = gptq ? 4 * t.cols : 0;
    const Bytes bias = gains_bias(file, t, *job.weights.model) ? 2 * t.rows : 0;
    packed.side = (zeros + scales + group_index + bias) * t.count;
    return packed;
  };
  return recipe;
}

}  // namespace qwenfit::format
