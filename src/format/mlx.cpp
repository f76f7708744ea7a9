// MLX: every linear layer and the embedding of the language model, also lm_head; a 16-bit scale and bias per
// group in the affine mode, the block's own scale in the mxfp4, mxfp8 and nvfp4 modes. Rules: mlx-lm utils.py
// (quantize_model), the models' sanitize and quant_predicate, mlx-vlm utils.py (skip_multimodal_module).
#include "checkpoint.hpp"

namespace qwenfit::format {

using catalog::Arch;
using model::Part;
using model::Role;
using model::Tensor;

namespace {

/// mlx-vlm quantized towers too until 2025; the files of Qwen2-VL are of that time (4.3 GiB of the 7B in 4
/// bit).
bool quantized_tower(const catalog::Model& model) {
  const auto& vision = model.geometry.vision;
  return vision && vision->kind == catalog::VisionKind::qwen2_vl;
}

/// Architectures whose routers keep 8 bits, in groups of 64, whatever the rest gets.
bool routers_in_8_bits(Arch arch) {
  return arch == Arch::qwen3_moe || arch == Arch::qwen3_next || arch == Arch::qwen3_5_moe;
}

Packed affine(const catalog::DType& type, const Tensor& t, std::int64_t group) {
  const std::int64_t rows = t.rows * t.count;
  return {&type, tensor_bytes(type, rows, t.cols), 4 * rows * (t.cols / group)};
}

}  // namespace

Recipe mlx(const Job& job) {
  constexpr std::int64_t kRouterGroup = 64;
  const bool routers8 = routers_in_8_bits(job.weights.model->arch);
  // group_size 0: the scales are part of the block type
  const std::int64_t usual = job.format.group_size;
  // Qwen's own MLX files have twice the group (Qwen3-32B-MLX-4bit: 4.25 bits per weight).
  const std::int64_t group = job.options.publisher == "qwen" ? 2 * usual : usual;
  const std::int64_t divisor = group > 0 ? group : dtype(job.catalog, job.format.base).block;
  Recipe recipe;
  recipe.stores_mtp = false;
  recipe.stores_copies = false;
  recipe.packs = [divisor, tower = quantized_tower(*job.weights.model)](const Tensor& t) {
    const bool part = t.part == Part::text || (tower && t.part == Part::vision);
    const bool linear = t.role != Role::linear_conv && t.role != Role::ple_conv;
    return part && linear && t.cols % divisor == 0;
  };
  recipe.pack = [&job, routers8, group](const Tensor& t) {
    if (routers8 && use_of(t) == Use::routers) return affine(dtype(job.catalog, "i8"), t, kRouterGroup);
    const catalog::DType& base = dtype(job.catalog, job.format.base);
    return group > 0 ? affine(base, t, group) : in_base(job, t, 0);
  };
  return recipe;
}

}  // namespace qwenfit::format
