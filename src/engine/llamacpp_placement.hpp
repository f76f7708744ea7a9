// Where llama.cpp puts weights and caches (llama-model.cpp: load_tensors; llama-kv-cache.cpp;
// llama-memory-recurrent.cpp).
#pragma once

#include <vector>

#include "llamacpp_prompt.hpp"
#include "llamacpp_weights.hpp"
#include "qwenfit/engine.hpp"

namespace qwenfit::engine::llamacpp {

inline constexpr int kHost = -1;

/// Layers by device. Layers of MTP blocks follow the trunk, where the file has them.
struct Arrangement {
  int gpu_layers = 0;                ///< as -ngl counts: the head is one
  std::vector<std::int16_t> layers;  ///< device or kHost
  std::vector<bool> experts_on_host;
  int output = 0;

  bool everything_on_cards() const { return gpu_layers > static_cast<int>(layers.size()); }
  bool moves_experts() const;
};

/// @param gpu_layers -ngl; @param shares of the devices in the layers, any scale (--tensor-split)
Arrangement arrange(int layers, int gpu_layers, const std::vector<double>& shares, int cpu_moe_layers);

/// Adds the weights to the plan: what is loaded of the file, padded as the buffers pad it.
void place_weights(const WeightTable& table, int trunk_layers, const Arrangement& arrangement, bool load_mtp,
                   MemoryPlan& plan);

/// Layers with a cache or a state on one device or the host: counted once, placed at many contexts.
struct CachedLayers {
  int device = kHost;
  int attention = 0;
  int recurrent = 0;
  bool lookup = false;  ///< Qwen4Exp's, with a history of its own
};
std::vector<CachedLayers> cached_layers(const ModelShape& shape, const Arrangement& arrangement);

/// Adds KV cache and recurrent state of the main context.
void place_caches(const ModelShape& shape, const ContextShape& context,
                  const std::vector<CachedLayers>& layers, MemoryPlan& plan);

/// Bytes of K and V of one layer in a buffer of a card or the host.
Bytes layer_cache_bytes(const ModelShape& shape, const ContextShape& context, bool on_card);

/// The same as the compute planner wants it. `table` must outlive it.
Placement placement_of(const WeightTable& table, const ModelShape& shape, const Arrangement& arrangement,
                       int gpus);

}  // namespace qwenfit::engine::llamacpp
