// Labels, resource names and instance types -> a device of the catalog.
#pragma once

#include "workload.hpp"

namespace qwenfit::plan {

/// Chooses the device from the workload's hints, else from the options; sets the scenario's devices and the
/// number of them. What names no known device becomes an unresolved name.
void choose_device(Deployment& deployment, const Workload& workload, const Options& options);

/// "RTX 4090:2" -> name and count.
std::pair<std::string, std::optional<std::int64_t>> split_device(std::string_view text);

/// Cards that the engine itself asks for: tensor x pipeline x data parallel.
std::int64_t engine_gpus(const Scenario& scenario);

/// "mig-3g.40gb" of a device's id; empty when it is no slice of a card.
std::string_view mig_part(std::string_view id);

/// Engines that use as many cards as their parallel sizes say; the others take all they see.
inline bool serves_in_parallel(std::string_view engine) {
  return engine == "vllm" || engine == "sglang" || engine == "tensorrt-llm";
}

}  // namespace qwenfit::plan
