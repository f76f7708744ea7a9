// What one rank of a serving engine holds of the model: weights after tensor, pipeline and expert
// parallelism, KV heads, recurrent state. The rules are common to vLLM and SGLang.
#pragma once

#include <vector>

#include "qwenfit/engine.hpp"
#include "torch_allocator.hpp"

namespace qwenfit::engine {

/// The ranks of a setup: stage-major, then tensor-parallel rank; data-parallel copies follow each other.
struct Ranks {
  int tensor;
  int pipeline;
  int copies;
  int total() const { return tensor * pipeline * copies; }
  int stage_of(int rank) const { return rank / tensor % pipeline; }
};

/// Gives every rank a device: one card given for several ranks stands for so many of it; of several cards and
/// no parallelism asked, tensor parallelism takes as many as its heads allow.
/// @throws Error(invalid_value | unsupported) when the cards do not suffice or the model can't be cut so.
void place_ranks(Setup& setup);
Ranks ranks_of(const Setup& setup);

/// Why the model can't be cut over `tp` tensor-parallel ranks, as the middle of a sentence; empty: it can.
std::string why_indivisible(const Setup& setup, int tp);

/// Layers [first, first + count) of a pipeline stage. What does not divide goes to the stages before the last
/// (distributed/utils.py: get_pp_indices).
struct Stage {
  int first;
  int count;
  bool embeds;  ///< holds the embedding (and towers)
  bool heads;   ///< holds final norm, lm_head and the MTP block
};
Stage stage_of(const Setup& setup, int stage);

/// Full-attention and recurrent layers of a stage, without MTP.
struct StageLayers {
  int attention = 0;
  int recurrent = 0;
};
StageLayers stage_layers(const Setup& setup, const Stage& stage);

/// Which parts beside the text trunk are loaded.
struct Loaded {
  bool towers = true;
  bool mtp = false;
};
Loaded loaded_parts(const Setup& setup);

/// The table of sines and cosines that all layers share.
struct RotaryTable {
  int value_bytes;
  int stretch;  ///< times as many positions when they are three-dimensional (multimodal models)
};

/// Sizes of the tensors a rank of `stage` allocates while loading, in order: projections fused as the engines
/// fuse them (qkv, gate and up, the experts of a layer), scales beside their matrix. KV
/// heads are replicated when there are more ranks than heads; norms and routers always are; the vocabulary is
/// padded to a multiple of 64; tied heads are not loaded twice.
std::vector<Bytes> rank_tensors(const Setup& setup, const Stage& stage);

/// Bytes of the rotary table, which is allocated last.
Bytes rotary_bytes(const Setup& setup, RotaryTable rotary);

/// What torch counts after a rank has loaded all these.
/// @param max_split as of TorchAllocator
TorchAllocator::Totals load_rank(const Setup& setup, const Stage& stage, RotaryTable rotary, Bytes max_split);

/// KV heads of one rank, at least one.
int kv_heads_per_rank(const Setup& setup);

/// Bytes of one token in one attention layer of a rank: K and V.
Bytes kv_bytes_per_token(const Setup& setup);

/// Recurrent state of one sequence in one Gated DeltaNet layer of a rank.
/// @param columns of the convolution window: kernel - 1, plus the drafted tokens
struct LayerState {
  Bytes conv;
  Bytes ssm;
  Bytes total() const { return conv + ssm; }
};
LayerState layer_state(const Setup& setup, int drafted, Bytes ssm_value);

/// Drafted tokens per step, 0 without speculation.
int drafted_tokens(const Setup& setup);

/// The method is MTP (or the engine's names for it) and the model has an MTP block.
bool speculates_with_mtp(const Setup& setup);

}  // namespace qwenfit::engine
