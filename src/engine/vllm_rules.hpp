// vLLM's memory rules as they stand at a version. Internal to vllm*.cpp.
//
// Commits are those of vLLM's main branch; docs/serving-memory.md has the table.
#pragma once

#include <string>
#include <vector>

#include "qwenfit/engine.hpp"
#include "version_point.hpp"

namespace qwenfit::engine::vllm {

/// How the sampler's warm-up uses memory in the profile run.
enum class Sampler : std::uint8_t { torch_sort, triton, runner_v2 };

struct Version {
  VersionPoint point;
  bool v0;                       ///< the engine before V1
  bool runner_v2;                ///< Model Runner V2: leaner profile run, graphs never in the budget
  Sampler sampler;               ///< c656ba3b4d brought the Triton kernel
  double utilization;            ///< default of gpu_memory_utilization: 96a85c5750
  bool graphs_in_budget;         ///< the estimate of the CUDA graphs is subtracted: 96a85c5750
  bool full_graphs;              ///< FULL_AND_PIECEWISE capture by default (hybrids, V1 from 0.11)
  bool tokens_from_concurrency;  ///< printed tokens = concurrency x max_model_len: e68fa1b90a
  bool checks_all_groups;        ///< the length check counts every KV group: 45f526d652
  bool checks_state_blocks;      ///< max_num_seqs must not exceed the blocks of a hybrid: cc06b4e86b
  double bucket_ratio;           ///< buckets within this ratio share the larger group size: 891c60dcd5
  bool aligned_state;            ///< prefix caching of recurrent layers in mode "align": 5206e5e28c
  bool hybrid_prefix_caching;    ///< on by default for hybrids: 95ed0feaa5
  bool unsplit_blocks;           ///< weights are loaded with max_split_size 20 MiB: f03d82efdd
};

Version version_of(const Setup& setup);

/// Compute capability of the first card x 10 (89 for 8.9); 0 when it has none.
int capability(const Setup& setup);

/// The model has recurrent layers beside attention.
bool is_hybrid(const Setup& setup);

/// The tower is loaded and takes part in the profile run.
bool uses_tower(const Setup& setup);

/// Fills utilization, batch sizes, block size, prefix caching and state modes.
void fill_batch_defaults(const Version& version, Setup& setup);

// --- What the profile run finds (vllm_activation.cpp) ---------------------------------------------------

/// A closed form of the profile run's peak and what it is made of, for the derivation.
struct Peak {
  Bytes bytes = 0;
  std::string formula;
  std::string values;
  std::string_view constant;  ///< the fitted one that it rests on, if any
};

/// Peak of torch's memory above the weights on one rank.
Peak activation_peak(const Version& version, const Setup& setup, bool first_stage, bool last_stage);

/// Sizes that CUDA graphs are captured for (config/vllm.py: _set_cudagraph_sizes), per mode.
int captured_sizes(const Version& version, const Setup& setup);

/// Memory of the captured graphs; 0 when eager.
Bytes graph_memory(const Version& version, const Setup& setup);

// --- The KV pool (vllm_kv.cpp) -------------------------------------------------------------------------

/// How a rank cuts its KV memory. All layers of a group share a block table; every group draws from one pool.
struct KvLayout {
  std::int64_t block = 16;        ///< tokens of an attention block
  Bytes page = 0;                 ///< bytes of one block in one layer
  int group_size = 0;             ///< layers a block spans
  int state_groups = 0;           ///< groups of recurrent layers
  int attention_groups = 1;       ///< groups of attention layers
  std::int64_t state_blocks = 0;  ///< blocks that the state of one request takes, over all its groups
  double padding = 0;             ///< share by which the recurrent page is padded to the attention page

  Bytes block_bytes() const { return page * group_size; }
  std::int64_t blocks_for(std::int64_t tokens) const {
    return attention_groups * units::ceil_div(tokens, block) + state_blocks;
  }
};

/// @param attention, recurrent: layers of the stage, drafter's KV layers included in the former
KvLayout kv_layout(const Version& version, const Setup& setup, int attention, int recurrent);

/// Layers with a KV cache that the drafter adds to the last stage.
int drafter_layers(const Setup& setup);

}  // namespace qwenfit::engine::vllm
