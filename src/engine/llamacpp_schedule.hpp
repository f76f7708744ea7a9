// How llama.cpp spreads a graph over devices (ggml_backend_sched_split_graph of ggml-backend.cpp): which
// backend runs each operation, which tensors are copied between them and when, and what stays alive longer
// for the sake of fused CUDA kernels.
#pragma once

#include <vector>

#include "llamacpp_graph.hpp"

namespace qwenfit::engine::llamacpp {

/// Rows from which on operations of host layers are computed on a card (ggml-cuda.cu:
/// op_offload_min_batch_size).
inline constexpr int kOffloadedRows = 32;

/// What the rules need to know of the backends. Those of the cards are numbered from 0; the CPU is the last.
struct Backends {
  int gpus = 1;
  bool offload_ops = true;        ///< large batches of host layers are computed on a card
  bool pipeline = false;          ///< several cards at work at once: split inputs exist four times
  bool fusion_keeps = true;       ///< CUDA: operands of fused kernels stay until the kernel has run
  bool attention_scratch = true;  ///< CUDA: 16-bit copies of a quantized cache are part of the plan
  bool padded_rows = true;        ///< CUDA: rows of quantized matrices are read in steps of 512
  int vector_tokens = 2;          ///< queries up to which attention reads a quantized cache directly
  Bytes alignment = 128;

  int cpu() const { return gpus; }
  bool operator==(const Backends&) const = default;
};

/// Bytes that a backend's buffer takes for a tensor.
Bytes allocation_size(const Backends& backends, const Graph& graph, Index tensor, int backend);

/// Of one that is not the result of attention, whose scratch counts too.
Bytes allocation_size(const Backends& backends, const Tensor& tensor, int backend);

/// Whether an operation of a host layer is worth moving to a card: it has rows enough.
bool is_offloaded(const Tensor& tensor);

/// Of a product with the weights of the chosen experts: how many of them one kernel adds up; 0: none does.
std::int64_t fused_experts(const Graph& graph, const Tensor& product);

/// One step of the graph as it is executed.
struct ScheduleStep {
  enum class Kind : std::uint8_t { compute, copy, keep } kind;
  Index tensor;  ///< computed; copied from; first of `kept`
  Index other;   ///< the copy; number of `kept`
};

struct Schedule {
  std::vector<std::int16_t> backend;  ///< of every tensor, copies included
  std::vector<ScheduleStep> steps;
  std::vector<Index> kept;    ///< operands that steps of kind `keep` hold until then
  std::vector<Index> leaves;  ///< planned first, in this order
  std::vector<Index> layers;  ///< number of steps ahead of each layer
  std::vector<Index> copied;  ///< what the tensors added to the graph are copies of
};

/// Adds the copies to `graph` and makes operations read them.
/// @param pinned whether Tensor::forced counts. llama.cpp forgets its pins when it only measures
///               (ggml_backend_sched_reserve_size), and so do the figures it reports then.
void schedule(const Backends& backends, Graph& graph, Schedule& out, bool pinned = false);

/// Adds the copies to a graph of the same build that other sizes were put into.
/// @param copied Schedule::copied
void add_copies(const std::vector<Index>& copied, const Backends& backends, Graph& graph);

/// Whether every operation marked `fused_check` runs on the backend its layer lives on (stored in
/// `forced_home` of the caller: `layer_backend[layer]`).
bool fused_where_expected(const Graph& graph, const Schedule& schedule,
                          const std::vector<std::int16_t>& layer_backend);

}  // namespace qwenfit::engine::llamacpp
