// SGLang's memory rules as they stand at a version. Internal to sglang*.cpp.
#pragma once

#include "qwenfit/engine.hpp"
#include "version_point.hpp"

namespace qwenfit::engine::sglang {

/// How the slots of recurrent state are sized (mem_cache/kv_cache_configurator.py and its predecessors).
enum class StateRule : std::uint8_t {
  given,     ///< 0.5.2: max_mamba_cache_size, max_running_requests or 512; no radix cache
  shared,    ///< 0.5.3 .. 0.5.6: a share of the memory, every slot with its drafts
  reserved,  ///< 0.5.7 .. 0.5.12: the drafts of all running requests first, then a share
  joint,     ///< from 0.5.13: slots and drafts solved together
};

struct Version {
  VersionPoint point;
  StateRule state;
  bool padding_slot;        ///< the share pays for the pool's padding slot: 0.5.17
  bool drafts_before_pool;  ///< draft weights are loaded before the pool is sized, its KV is in the cell:
                            ///< 0.5.14
  bool multimodal_reserve;  ///< 100 MiB for the embedding cache: 0.5.17
  int slots_per_request;    ///< of recurrent state under the radix cache
};

Version version_of(const Setup& setup);

/// nvidia-smi's total in MiB, which the defaults are derived from.
double tool_reported_mib(const Setup& setup);

/// Fills chunked_prefill_size, cuda_graph_max_bs, mem_fraction_static and the rest for the first card.
void fill_batch_defaults(const Version& version, Setup& setup);

/// Default of mem_fraction_static, from the settings of the setup.
double default_fraction(const Version& version, const Setup& setup);

/// Tokens a verify step takes (speculative_num_draft_tokens), 0 without speculation.
int draft_tokens(const Setup& setup);

/// Batch sizes that decode graphs are captured for.
int captured_sizes(const Setup& setup);

}  // namespace qwenfit::engine::sglang
