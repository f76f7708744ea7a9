// What a setup has in common with others: the names under which the fit stores its constants.
#pragma once

#include <functional>
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

/// Receives the name of a factor and how much of it, from the start, names its level: "decode device:
/// rtx-4090", 13.
using EffectSink = std::function<void(std::string_view name, std::size_t level)>;

/// Names of the factors that apply to this setup, from the general to the particular. The last one is the
/// cell itself.
void visit_effects(const engine::Setup& setup, const engine::MemoryPlan& plan, const Work& work, Phase phase,
                   const EffectSink& sink);

}  // namespace qwenfit::speed
