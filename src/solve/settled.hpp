// Estimates for questions over many combinations. Internal to the solve room.
#pragma once

#include <algorithm>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

struct Settled {
  Estimate estimate;
  std::optional<std::int64_t> max_num_seqs;  ///< what it had to be lowered to
};

/// The estimate of `scenario`; where vLLM would refuse to start and nothing is said of max_num_seqs, that of
/// a server for as many sequences as are asked for: hybrid models keep state for all of its default of 256.
inline Settled estimate_settled(Estimator& estimator, const Scenario& scenario, bool limits) {
  Settled out{estimator.estimate(scenario, limits), std::nullopt};
  const Estimate& first = out.estimate;
  if (!first.memory.refusal || first.setup.engine->id != "vllm" || scenario.max_num_seqs) return out;
  Scenario smaller = scenario;
  smaller.max_num_seqs = first.setup.concurrency;
  Estimate second = estimator.estimate(smaller, limits);
  if (second.memory.refusal) return out;
  return {std::move(second), smaller.max_num_seqs};
}

/// Looks the devices' names up once: a fault of theirs is no reason to leave out one model after another.
/// @throws Error
inline void check_devices(const catalog::Catalog& catalog, const Scenario& scenario) {
  for (const DeviceRequest& d : scenario.devices) {
    if (!machine::names_this_machine(d.name)) (void)catalog.find_device(d.name);
  }
}

/// The scenario with all layers on the devices: where a model does not fit, llama.cpp's programs would look
/// for what to put on the host, the most expensive of all plans. What fits is the same with and without this.
inline Scenario all_on_devices(Scenario scenario, const catalog::Engine& engine) {
  constexpr std::int64_t kAllLayers = 999;  // as people write -ngl
  // Engines of GGUF files move what does not fit to the host by themselves.
  const bool moves = std::find(engine.schemes.begin(), engine.schemes.end(), "ggml") != engine.schemes.end();
  if (moves && !scenario.gpu_layers && !scenario.cpu_moe_layers) scenario.gpu_layers = kAllLayers;
  return scenario;
}

/// The memory of the devices together, as far as it could be. bytes; endless where one's is not known
inline double room_of(const std::vector<engine::DeviceSlot>& devices) {
  double room = 0;
  for (const engine::DeviceSlot& d : devices)
    room += d.memory_gb.value_or(1e300) * static_cast<double>(units::gib(1));  // marketed GB are GiB at most
  return room;
}

/// Whether the weights alone are clearly larger than `room`, by the format's nominal bits: an estimate would
/// only say that it does not fit, or how much goes to the host.
inline bool outweighs(const catalog::WeightFormat& format, const ModelSummary& model, double room) {
  constexpr double kClearly = 0.85;  // mixes are lighter than their nominal bits by less than that
  return static_cast<double>(model.parameters) * format.bits / 8 * kClearly > room;
}

}  // namespace qwenfit
