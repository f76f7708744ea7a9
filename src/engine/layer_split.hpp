// Pieces of the engines that hold a model layer by layer and run one batch at a time: transformers, MLX,
// ExLlamaV3.
#pragma once

#include <vector>

#include "qwenfit/engine.hpp"

namespace qwenfit::engine {

/// Which tensors beside the text trunk an engine loads.
struct LoadedTensors {
  bool towers = true;
  bool stored_head = false;  ///< a tied head that the file stores stands beside the embedding
};

/// The trunk's layers in contiguous runs of about equal weight over the devices, embedding (and towers) with
/// the first, norm and head with the last: what device_map="auto" and autosplit come to on equal cards.
class LayerSplit {
 public:
  LayerSplit(const Setup& setup, LoadedTensors loaded);

  std::size_t devices() const { return weights_.size(); }
  Bytes weights(std::size_t device) const { return weights_[device]; }
  /// Layers of a kind on the device.
  int layers(std::size_t device, model::LayerKind kind) const;
  bool is_last(std::size_t device) const { return device + 1 == devices(); }

  /// Fills places and capacities of the plan, one device memory each.
  void place(MemoryPlan& plan) const;
  /// Fills weights, KV cache and recurrent state of a device.
  /// @param token bytes of a token's K and V in a layer
  /// @param tokens that the cache of all sequences holds
  DeviceMemory& fill(MemoryPlan& plan, std::size_t device, Bytes token, std::int64_t tokens) const;

 private:
  const Setup& setup_;
  std::vector<int> device_of_;  ///< by layer
  std::vector<Bytes> weights_;
};

/// Bytes of so many values of this type in a cache.
using CacheBytes = Bytes (*)(const catalog::DType& type, std::int64_t values);

/// Bytes of one token's K and V in one attention layer.
Bytes kv_layer_bytes(const Setup& setup, CacheBytes cache_bytes);

/// Values per token at the widest moment of a layer: gate, up and their product of the MLP (or of the experts
/// a token visits), or the operands of Gated DeltaNet, beside four tensors as wide as the hidden state. With
/// 2 bytes it is the prefill peak of the official Qwen2.5 tables (18 of 18 BF16 rows within -2.6%..0%).
double widest_layer(const catalog::Geometry& geometry);

/// A context that was not asked for is what the work takes, since these engines' caches grow with the
/// sequence; without a stated prompt, 8,192 tokens or the model's own context.
void fill_growing_context(Setup& setup);

/// Tokens of the longest prompt that the plan must hold: the one given, else the context less the output.
std::int64_t prefill_tokens(const Setup& setup);

}  // namespace qwenfit::engine
