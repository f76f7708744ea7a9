// MLX (mlx-lm): lazy arrays in unified memory. A prompt is read in chunks, caches grow in steps of 256
// tokens, and the GPU may wire as much as macOS allows.
#include <fmt/format.h>

#include <algorithm>

#include "layer_split.hpp"
#include "rules.hpp"
#include "serving.hpp"

namespace qwenfit::engine {
namespace {

constexpr std::int64_t kPrefillStep = 2048;    ///< generate.py: prefill_step_size
constexpr std::int64_t kStep = 256;            ///< models/cache.py: KVCache.step
constexpr std::int64_t kGroup = 64;            ///< of a quantized cache: 16-bit scale and bias each
constexpr std::int64_t kQuantizedFrom = 5000;  ///< generate.py: DEFAULT_QUANTIZED_KV_START, of the command

/// Bits of a quantized cache (--kv-bits), 0 for 16-bit ones.
int mlx_cache_bits(const catalog::DType& type) {
  if (type.id == "q8_0" || type.id == "i8") return 8;
  return type.id == "q4_0" ? 4 : 0;
}

Bytes mlx_cache_bytes(const catalog::DType& type, std::int64_t values) {
  const int bits = mlx_cache_bits(type);
  return bits > 0 ? values * bits / 8 + values / kGroup * 4 : format::tensor_bytes(type, 1, values);
}

class Mlx : public Rules {
 public:
  void fill_defaults(Setup& setup) const override { fill_growing_context(setup); }

  MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const override {
    const LayerSplit split(setup, {true, false});
    MemoryPlan plan;
    split.place(plan);
    const catalog::Geometry& g = setup.model->geometry;
    const Bytes token = kv_layer_bytes(setup, mlx_cache_bytes);
    const std::int64_t held = units::round_up(setup.context, kStep);
    const std::int64_t chunk = std::min(prefill_tokens(setup), kPrefillStep);
    const Derivation derive(steps, "mlx-lm");
    for (std::size_t i = 0; i < split.devices(); ++i) {
      DeviceMemory& d = split.fill(plan, i, token, held * setup.concurrency);
      // A chunk in its widest layer, or the logits of the last token with their fp32 log-probabilities; a
      // cache that grows is copied layer by layer.
      const auto layer = static_cast<Bytes>(2 * widest_layer(g) * static_cast<double>(chunk));
      const Bytes logits = g.headless ? 0 : Bytes{6} * g.vocab_size;
      d.compute = std::max({layer, logits, token * held}) * setup.concurrency;
      d.runtime = units::mib(constant_of(setup, "runtime_mib"));
      if (i > 0) continue;
      derive.bytes("KV cache", "K and V of a token x attention layers x tokens in steps of 256 x sequences",
                   fmt::format("{} B x {} x {} x {}", token,
                               split.layers(i, model::LayerKind::full_attention), held, setup.concurrency),
                   d.kv_cache, "models/cache.py: KVCache");
      derive.bytes("compute", "widest layer x chunk x 2 B", fmt::format("{} tokens", chunk), d.compute,
                   "generate.py: prefill_step_size");
    }
    add_notes(setup, plan);
    return plan;
  }

 private:
  static void add_notes(const Setup& setup, MemoryPlan& plan) {
    if ((mlx_cache_bits(*setup.kv_type) > 0 || mlx_cache_bits(*setup.kv_type_v) > 0) &&
        setup.context < kQuantizedFrom) {
      plan.notes.push_back(fmt::format(
          "mlx_lm.generate quantizes caches only from {} tokens on, unless told --quantized-kv-start 0",
          units::format_grouped(kQuantizedFrom)));
    }
    if (setup.devices.empty() || setup.backend != Backend::metal) return;
    const DeviceMemory& d = plan.devices.front();
    const Bytes older = apple_working_set(setup.devices.front(), MacOs::to_15);
    if (d.total() <= d.usable && d.total() > older) {
      plan.notes.push_back(fmt::format("macOS 15 and older let the GPU have {} only, which this exceeds",
                                       units::format_bytes(older)));
    }
    // What the system itself needs at least, whatever the limit is set to.
    const Bytes least = units::gib(4);
    if (d.total() > d.usable && d.total() + least <= d.capacity) {
      plan.notes.push_back(
          fmt::format("macOS lets the GPU have {}; `sudo sysctl iogpu.wired_limit_mb={}` would raise that to "
                      "what this needs",
                      units::format_bytes(d.usable), units::ceil_div(d.total(), units::kMiB)));
    }
  }
};

}  // namespace

const Rules& mlx_rules() {
  static const Mlx rules;
  return rules;
}

}  // namespace qwenfit::engine
