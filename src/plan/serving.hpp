// Pieces that readers of objects which name a model share.
#pragma once

#include "readers.hpp"

namespace qwenfit::plan {

/// "hf://Qwen/Qwen3-8B" of `node`, where there is one.
void model_from(const YamlNode& node, Workload& workload);

/// @param least 1 where a scaler starts more as they are needed, 0 where the figure is the whole of it.
void replicas_from(const YamlNode& node, Workload& workload, std::int64_t least = 0);

/// A list of arguments behind those there are.
void append_args(const YamlNode& list, Workload& workload);

/// The engine that a word of an object names: "VLLM", "kserve-sglang", "OLlama".
std::optional<EngineKind> engine_named(std::string_view text);

/// KServe's InferenceService. @return whether it serves a model.
bool read_inference_service(const YamlNode& root, const Source& source);
/// KServe's LLMInferenceService and the configuration of one.
bool read_llm_inference_service(const YamlNode& root, const std::string& kind, const Source& source);
/// RayService, RayCluster, RayJob. @return whether they serve a model.
bool read_ray(const YamlNode& root, const std::string& kind, const Source& source);

}  // namespace qwenfit::plan
