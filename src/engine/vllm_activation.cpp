// Memory that vLLM's profile run finds beside the weights: activations, sampler, encoder; and CUDA graphs.
#include <fmt/format.h>

#include <algorithm>

#include "serving.hpp"
#include "vllm_rules.hpp"

namespace qwenfit::engine::vllm {
namespace {

constexpr double kValue = 2;  // bytes of an activation: 16 bit

/// Bytes per token at the widest moment of a layer. Dense MLP: gate and up (2i), their product (i) and four
/// tensors as wide as the hidden state. Experts: the two intermediate buffers of the fused kernel. Gated
/// DeltaNet: projections, convolution and the operands of the chunked rule. Of hybrids the logs show more
/// than these, by a fitted factor.
double layer_bytes_per_token(const Setup& setup) {
  const catalog::Geometry& g = setup.model->geometry;
  const double tp = setup.tensor_parallel;
  double widest = 0;
  if (g.moe) {
    const double share = std::max(1.0, tp / setup.expert_parallel);
    const double expert = g.moe->expert_width / share;
    const double first = std::max(2.0 * expert, static_cast<double>(g.hidden_size));
    widest = g.moe->experts_per_token * (first + expert) + 3.0 * g.moe->shared_expert_width / tp;
  } else {
    widest = 3.0 * g.intermediate_size / tp;
  }
  if (g.linear_attention) {
    const catalog::LinearAttention& l = *g.linear_attention;
    const double keys = static_cast<double>(l.key_heads) * l.key_head_dim;
    const double values = static_cast<double>(l.value_heads) * l.value_head_dim;
    widest = std::max(widest, (2 * (2 * keys + 2 * values) + 2 * values) / tp);
  }
  const double factor = g.linear_attention ? constant_of(setup, "hybrid_layer_factor") : 1;
  return factor * kValue * (widest + 4.0 * g.hidden_size);
}

/// Tokens of the largest image: 16,384 for every Qwen tower since Qwen2-VL (12.8 or 16.8 megapixels).
std::int64_t item_tokens(const Setup& setup) {
  return std::min<std::int64_t>(16384, setup.context);
}

/// The vision encoder on its most expensive batch: input patches, hidden states, the MLP's intermediates.
double encoder_bytes(const Setup& setup, std::int64_t tokens) {
  const catalog::Vision& v = *setup.model->geometry.vision;
  const double patches = static_cast<double>(tokens) * v.merge_size * v.merge_size;
  const double input = 3.0 * v.patch_size * v.patch_size * std::max(1, v.temporal_patch_size);
  const double per_patch = input + 3.0 * v.hidden_size + 2.0 * v.intermediate_size / setup.tensor_parallel;
  return constant_of(setup, "encoder_factor") * kValue * patches * per_patch;
}

}  // namespace

Peak activation_peak(const Version& version, const Setup& setup, bool first_stage, bool last_stage) {
  const catalog::Geometry& g = setup.model->geometry;
  const double tokens = *setup.serving.max_num_batched_tokens;
  const double sequences = std::min<double>(*setup.serving.max_num_seqs, tokens);
  const double hidden = tokens * g.hidden_size * kValue;
  const double layer = tokens * layer_bytes_per_token(setup);
  Peak peak;
  double largest = layer;
  if (g.linear_attention) peak.constant = "hybrid_layer_factor";
  peak.formula = "T x 2 B x (widest layer + 4 hidden)";
  peak.values = fmt::format("T = {}", tokens);
  if (last_stage && !g.headless) {
    const std::string_view constant = version.sampler == Sampler::torch_sort ? "sampler_bytes_torch"
                                      : version.sampler == Sampler::triton   ? "sampler_bytes_triton"
                                                                             : "sampler_bytes_v2";
    const double per_entry = constant_of(setup, constant);
    const double sampler = sequences * g.vocab_size * per_entry + hidden;
    if (sampler > largest) {
      largest = sampler;
      peak.constant = constant;
      peak.formula = "S x vocabulary x sampler bytes + T x hidden x 2 B";
      peak.values = fmt::format("S = {}, V = {}, {} B, T = {}", sequences, g.vocab_size, per_entry, tokens);
    }
  }
  if (first_stage && uses_tower(setup) && g.vision) {
    const auto budget = std::max(static_cast<std::int64_t>(tokens), item_tokens(setup));
    const std::int64_t items = std::max<std::int64_t>(1, budget / item_tokens(setup));
    const std::int64_t encoded = items * item_tokens(setup);
    // The encoder's outputs stay while the language model runs.
    const double outputs =
        static_cast<double>(encoded) * g.hidden_size * kValue * (1 + g.vision->deepstack_mergers);
    const double encoder = encoder_bytes(setup, encoded) + outputs;
    peak.formula += " + encoder outputs";
    largest += outputs;
    if (encoder > largest) {
      largest = encoder;
      peak.constant = "encoder_factor";
      peak.formula = "encoder on its largest batch";
      peak.values = fmt::format("{} image tokens", encoded);
    }
  }
  peak.bytes = static_cast<Bytes>(largest);
  return peak;
}

int captured_sizes(const Version& version, const Setup& setup) {
  if (setup.serving.enforce_eager || setup.backend == Backend::cpu) return 0;
  const std::int64_t sequences = *setup.serving.max_num_seqs;
  const bool large = capability(setup) / 10 == 10 && version.point.date >= "2026-08-07";  // 021b7d985b
  std::int64_t top = std::min<std::int64_t>(sequences * (1 + drafted_tokens(setup)) * 2, large ? 1024 : 512);
  top = std::min<std::int64_t>(top, *setup.serving.max_num_batched_tokens);
  int sizes = 0;
  for (const int first : {1, 2, 4}) sizes += first <= top ? 1 : 0;
  sizes += static_cast<int>(std::min<std::int64_t>(top, 248) / 8);
  if (top >= 256) sizes += static_cast<int>((top - 256) / 16 + 1);
  return sizes;
}

Bytes graph_memory(const Version& version, const Setup& setup) {
  const int sizes = captured_sizes(version, setup);
  if (sizes == 0) return 0;
  const int graphs = sizes * (version.full_graphs && !version.runner_v2 ? 2 : 1);
  return units::mib(constant_of(setup, "graphs_base_mib") + graphs * constant_of(setup, "graphs_each_mib"));
}

}  // namespace qwenfit::engine::vllm
