// What a step has to do, in seconds at the figures of the data sheet: before any fitted constant.
#pragma once

#include "qwenfit/engine.hpp"

namespace qwenfit::speed {

/// Work of one forward pass on its critical path. Seconds are at nominal bandwidth and nominal 16-bit rate.
struct Work {
  double surely = 1;          ///< share of the weights that is read even where routers have favourites
  double weights_s = 0;       ///< reading weights from device memory
  double cache_s = 0;         ///< reading the KV cache
  double state_s = 0;         ///< reading and writing recurrent state
  double compute_s = 0;       ///< matrix products
  double attention_s = 0;     ///< products of attention over the cache (prefill: over the prompt)
  double kernels = 0;         ///< launched on devices, one after another
  double passes = 1;          ///< forward passes: chunks of a prompt
  double reductions = 0;      ///< all-reduces of tensor or expert parallelism, over links of their own
  double bus_reductions = 0;  ///< the same over PCIe, through the host
  double reduced_s = 0;       ///< their bytes over the link
  double host_s = 0;          ///< reading weights from host memory
  double host_kernels = 0;    ///< operators that the host's threads run one after another
  double host_switches = 0;   ///< times the work moves between host and device
  double prompts_s = 0;       ///< products and exchanges of other sequences' prompts that a server works off
                              ///< in between
  double prompt_kernels = 0;  ///< launched for these prompts
  double mixed = 0;           ///< share of the steps that have such prompts among their tokens; 0 where
                              ///< prompts are passes of their own
};

/// Whether there is a bandwidth figure for all devices, and what speaks against it.
/// @return empty when there is; else the reason.
std::string why_unknown(const engine::Setup& setup);

/// Devices that share each layer (tensor or expert parallelism); 1 where they share the stack of layers.
double cut_of(const engine::Setup& setup);

/// Bytes a second of the device's memory: those of the data sheet, less what a processor of many channels
/// loses between its threads.
double reached_bandwidth(const catalog::Device& device);

/// The least time that data sheets allow for this work, in seconds: a step reads its bytes, a prompt is
/// multiplied at the highest rate that 8-bit (FP4: 4-bit) units may have, 2 (4) times the 16-bit one. No
/// estimate and no end of an interval is below it.
double least_seconds(const engine::Setup& setup, const Work& work, bool prompt);

/// One decode step of `setup.concurrency` sequences, each at the mean depth of its output.
Work decode_work(const engine::Setup& setup, const engine::MemoryPlan& plan);

/// The prompt of one sequence, alone on an idle engine, in the engine's chunks.
Work prefill_work(const engine::Setup& setup, const engine::MemoryPlan& plan);

/// Sequences that one data-parallel copy decodes at once: those that were asked for, or as many as the KV
/// pool holds at the mean length of their output; the engine lets the others wait.
double batch_of(const engine::Setup& setup, const engine::MemoryPlan& plan);

}  // namespace qwenfit::speed
