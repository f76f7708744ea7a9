// Sizes of context, batch and slots as llama.cpp derives them (llama-context.cpp: constructor; tools/server),
// and what changed between its versions.
#pragma once

#include "llamacpp_prompt.hpp"
#include "qwenfit/engine.hpp"

namespace qwenfit::engine::llamacpp {

/// Rules that changed, docs/llamacpp-memory.md has the list.
struct Version {
  bool half_mask = true;       ///< 16-bit attention mask; before: 32 bit, and a 16-bit copy on the card
  bool limits_outputs = true;  ///< the server reserves logits for its slots only
  bool plans_scratch = true;   ///< scratch of attention kernels is in the buffer
  bool keeps_fused = true;     ///< so are operands of fused kernels, until these have run
  bool rotates_cache = true;   ///< Hadamard rotation of a quantized cache
  bool shared_slots = true;    ///< the server's default: four slots over one cache
  bool splits_rows = false;    ///< --split-mode row on CUDA
  bool offloads_all =
      true;                 ///< flash attention and all layers on cards without -fa and -ngl; before: neither
  bool fits_layers = true;  ///< --fit: layers and experts go to the host until 1 GiB stays free
};
/// @throws Error(invalid_value) when the text is no version.
Version version_of(const Setup& setup);

struct Slots {
  std::int64_t count = 1;
  bool unified = false;
};

/// -np and --kv-unified: as asked for, else what the program makes of so many users.
Slots slots_of(const Setup& setup, const Version& version);

ContextShape context_of(const Setup& setup, const Version& version);

/// Tokens that a drafter proposes per step; 0 without speculation of the kinds that keep recurrent snapshots.
int rolled_back_tokens(const Setup& setup);
bool drafts_with_mtp(const Setup& setup);

}  // namespace qwenfit::engine::llamacpp
