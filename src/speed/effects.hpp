// What a setup has in common with others: the names under which the fit stores its constants.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "work.hpp"

namespace qwenfit::speed {

enum class Phase : std::uint8_t { decode, prefill };

/// The group that shares efficiencies and fixed costs: engine family and backend, "decode vllm cuda".
std::string group_of(const engine::Setup& setup, Phase phase);

/// "llama" for llama.cpp, Ollama and LM Studio, else the engine's id.
std::string_view family_of(const catalog::Engine& engine);

/// "dense", "moe", "hybrid", "hybrid-moe".
std::string_view class_of(const catalog::Model& model);

/// "nvidia", "amd", "apple", "intel", "huawei", "generic".
std::string_view vendor_of(const catalog::Device& device);

/// Where weights are when not all of them are on the devices: "none", "experts", "layers".
std::string_view offload_of(const engine::MemoryPlan& plan);

/// What kind of decoding this is: "single local", "batched local" (llama.cpp, Ollama, LM Studio, MLX),
/// "single serving", "batched serving", "offload" (of layers or experts), "transformers". Errors differ
/// between them.
std::string_view kind_of(const engine::Setup& setup, const engine::MemoryPlan& plan);

/// The part of a step's time that a factor multiplies. `cache` is a part of `memory`; `shared` is what does
/// not grow with the sequences of a batch: all but their caches, products and prompts.
enum class Share : std::uint8_t { all, memory, cache, compute, latency, interconnect, host, shared };
inline constexpr std::size_t kShares = 8;

std::string_view share_name(Share share);

/// A factor that applies to a setup: its logarithm counts `weight` times.
struct EffectUse {
  std::string_view phase;  ///< "decode"
  std::string_view level;  ///< "device"
  std::span<const std::string_view> parts;
  double weight = 1;  ///< 0 to 1: how far up a step of a scale the setup is
  Share share = Share::all;

  /// "decode device: rtx-4090"
  std::string name() const;
  /// Of that name, which is not put together for it: this happens for every estimate of a batch.
  std::uint64_t hash() const;
};

using EffectSink = std::function<void(const EffectUse&)>;

/// The factors of the sequences that run at once; of prompts there are none.
void visit_batch_effects(const engine::Setup& setup, const engine::MemoryPlan& plan, Phase phase,
                         const EffectSink& sink);

/// All others that apply to this setup, from the general to the particular: the same whatever its
/// concurrency. The last one is the cell itself.
void visit_lasting_effects(const engine::Setup& setup, const engine::MemoryPlan& plan, Phase phase,
                           const EffectSink& sink);

}  // namespace qwenfit::speed
