// vLLM's KV cache: pages, groups of layers, blocks (v1/kv_cache_interface.py, v1/core/kv_cache_utils.py).
#include <algorithm>

#include "sharding.hpp"
#include "vllm_rules.hpp"

namespace qwenfit::engine::vllm {
namespace {

/// Tokens a block must be a multiple of: the smallest block of the attention kernels. FlashInfer with heads
/// of 256 needed 32 on data-centre Blackwell between v0.12 and v0.16.
std::int64_t alignment(const Version& version, const Setup& setup) {
  const bool flashinfer = capability(setup) / 10 == 10 && setup.model->geometry.head_dim == 256;
  return flashinfer && version.point.date >= "2025-12-01" && version.point.date < "2026-03-01" ? 32 : 16;
}

Bytes ssm_value(const Setup& setup) {
  return setup.serving.mamba_ssm_dtype == "float32" ? 4 : 2;
}

}  // namespace

int drafter_layers(const Setup& setup) {
  if (!setup.speculative) return 0;
  if (speculates_with_mtp(setup)) return setup.model->geometry.mtp_layers;
  return setup.speculative->method.starts_with("eagle") ? 1 : 0;
}

KvLayout kv_layout(const Version& version, const Setup& setup, int attention, int recurrent) {
  KvLayout layout;
  const Bytes per_token = kv_bytes_per_token(setup);
  layout.block = setup.serving.block_size.value_or(16);
  if (recurrent == 0) {
    layout.page = layout.block * per_token;
    layout.group_size = attention;
    return layout;
  }
  // The attention page must hold a layer's recurrent state; the state is then padded to it
  // (platforms/interface.py: _align_hybrid_block_size).
  const int drafted = drafted_tokens(setup);
  const Bytes state = layer_state(setup, drafted, ssm_value(setup)).total();
  const std::int64_t step = std::max(alignment(version, setup), layout.block);
  layout.block = std::max(layout.block, step * units::ceil_div(state, step * per_token));
  layout.page = layout.block * per_token;
  layout.padding = static_cast<double>(layout.page - state) / static_cast<double>(state);

  // Layers of both kinds are cut into groups of one size; a pipeline stage may have one kind only.
  const auto [few, many] = std::minmax(attention, recurrent);
  layout.group_size = few == 0 || many < version.bucket_ratio * few ? many : few;
  layout.attention_groups = static_cast<int>(units::ceil_div(attention, layout.group_size));
  layout.state_groups = static_cast<int>(units::ceil_div(recurrent, layout.group_size));
  const std::string& mode = setup.serving.mamba_cache_mode.value_or("none");
  const std::int64_t per_group = mode == "align" ? 2
                                 : mode == "all" ? units::ceil_div(setup.context, layout.block)
                                                 : 1;
  layout.state_blocks = layout.state_groups * (per_group + drafted);
  return layout;
}

}  // namespace qwenfit::engine::vllm
