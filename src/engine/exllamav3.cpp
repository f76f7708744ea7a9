// ExLlamaV3: a cache of fixed size in pages of 256 tokens, 16 bit or 2 to 8 bits with a 16-bit scale per 32
// values; prompts in chunks; layers over the cards one after the other.
#include <fmt/format.h>

#include <algorithm>

#include "layer_split.hpp"
#include "qwenfit/error.hpp"
#include "rules.hpp"
#include "serving.hpp"

namespace qwenfit::engine {
namespace {

constexpr std::int64_t kPage = 256;       ///< constants.py: PAGE_SIZE
constexpr std::int64_t kMaxChunk = 2048;  ///< generator: max_chunk_size

/// Bits of a quantized cache; 0 for 16 bit. The blocks are those of ggml's types: 32 values and a 16-bit
/// scale.
int exl_cache_bits(const catalog::DType& type) {
  if (type.id == "f16" || type.id == "bf16") return 0;
  if (type.id == "q8_0" || type.id == "i8") return 8;
  if (type.id == "q5_0") return 5;
  if (type.id == "q4_0") return 4;
  throw Error(
      ErrorCode::unsupported,
      fmt::format("kv_type: ExLlamaV3 keeps its cache in f16, q8_0, q5_0 or q4_0, not in {}", type.id));
}

Bytes exl_cache_bytes(const catalog::DType& type, std::int64_t values) {
  const int bits = exl_cache_bits(type);
  return bits > 0 ? values / 32 * (4 * bits + 2) : 2 * values;
}

class ExLlama : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    if (setup.context == 0) setup.context = std::min<std::int64_t>(setup.model->context.native, 8192);
    exl_cache_bits(*setup.kv_type);
    exl_cache_bits(*setup.kv_type_v);
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const override {
    const LayerSplit split(setup, {true, false});
    MemoryPlan plan;
    split.place(plan);
    const catalog::Geometry& g = setup.model->geometry;
    const Bytes token = kv_layer_bytes(setup, exl_cache_bytes);
    const std::int64_t tokens = units::round_up(setup.context * setup.concurrency, kPage);
    const std::int64_t chunk = std::min(prefill_tokens(setup), kMaxChunk);
    // A quantized cache is unpacked whole, layer by layer, to attend.
    const bool quantized = exl_cache_bits(*setup.kv_type) > 0 || exl_cache_bits(*setup.kv_type_v) > 0;
    const Bytes unpacked = quantized ? Bytes{4} * g.kv_heads * g.head_dim * tokens : 0;
    const Derivation derive(steps, "ExLlamaV3");
    for (std::size_t i = 0; i < split.devices(); ++i) {
      DeviceMemory& d = split.fill(plan, i, token, tokens);
      const auto layer = static_cast<Bytes>(2 * widest_layer(g) * static_cast<double>(chunk));
      const Bytes logits = split.is_last(i) && !g.headless ? Bytes{2} * g.vocab_size * setup.concurrency : 0;
      d.compute = std::max(layer, logits) + unpacked;
      d.runtime = setup.devices.empty() ? 0 : context_bytes(setup, i);
      if (i > 0) continue;
      derive.bytes(
          "KV cache", "K and V of a token x attention layers x tokens in pages of 256",
          fmt::format("{} B x {} x {}", token, split.layers(i, model::LayerKind::full_attention), tokens),
          d.kv_cache, "cache/fp16.py, cache/quant.py");
      derive.bytes("compute", "widest layer x chunk x 2 B, and a layer of an unpacked cache",
                   fmt::format("{} tokens", chunk), d.compute, "generator: max_chunk_size");
    }
    return plan;
  }
};

}  // namespace

const Rules& exllamav3_rules() {
  static const ExLlama rules;
  return rules;
}

}  // namespace qwenfit::engine
