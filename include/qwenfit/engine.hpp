// Inference engines: where they put weights and caches, what else they allocate, what they refuse.
//
// A Setup is a scenario with every name looked up and every default filled in. One file per engine in
// src/engine/ turns it into a MemoryPlan.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "qwenfit/format.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit::engine {

enum class Backend : std::uint8_t { cuda, rocm, vulkan, metal, sycl, cann, hpu, cpu };

/// "cuda" ... ; parse_backend throws Error(unknown_name).
std::string_view backend_name(Backend backend);
Backend parse_backend(std::string_view name);

/// The backend an engine uses on a device when none is asked for; none where it has none for it.
std::optional<Backend> best_backend(const catalog::Engine& engine, const catalog::Device& device);

/// The same.
/// @throws Error(unsupported) when the engine has none for it (vLLM on Apple).
Backend default_backend(const catalog::Engine& engine, const catalog::Device& device);

/// One card (or unified-memory machine, or CPU) of the setup.
struct DeviceSlot {
  const catalog::Device* device;
  std::optional<double> memory_gb;               ///< chosen among the sizes the device comes in
  std::optional<Bytes> capacity = std::nullopt;  ///< where the driver reports something else than the catalog
  std::optional<Bytes> free = std::nullopt;      ///< what others leave of it; absent: all of it
};

/// The memory beside the cards. Unknown size counts as unlimited.
struct Host {
  std::string name;
  double bandwidth_gb_s = 89.6;  ///< dual-channel DDR5-5600
  std::optional<Bytes> memory;
};

enum class SplitMode : std::uint8_t { layer, row, tensor, none };

/// Where a decoder layer runs.
struct LayerPlace {
  std::int16_t device = 0;  ///< index into Setup::devices; -1: host
  bool experts_on_host = false;
};

/// llama.cpp's own settings, with its names and defaults.
struct LlamaOptions {
  std::optional<int> gpu_layers;     ///< -ngl; absent: as many as fit
  int cpu_moe_layers = 0;            ///< --n-cpu-moe
  std::vector<double> tensor_split;  ///< -ts; empty: by free memory
  SplitMode split_mode = SplitMode::layer;
  int ubatch = 512;
  int batch = 2048;
  std::optional<bool> flash_attention;  ///< -fa; absent: as the version has it
  std::optional<int> parallel_slots;    ///< -np
  std::optional<bool> kv_unified;
  bool slots_follow = false;  ///< neither was asked for: both follow the concurrency
  bool mmproj = false;
  bool server = true;  ///< logits reserved for slots only; false: for the whole batch
};

/// Settings of the serving engines, under vLLM's names; SGLang's are mapped onto them where they mean
/// the same and stand beside them where they do not. Absent: the engine's default for the device.
struct ServingOptions {
  std::optional<double> gpu_memory_utilization;
  std::optional<int> max_num_seqs;
  std::optional<int> max_num_batched_tokens;
  bool enforce_eager = false;
  bool language_model_only = false;
  double cpu_offload_gb = 0;
  std::optional<Bytes> kv_cache_memory_bytes;
  std::optional<int> block_size;
  std::optional<bool> prefix_caching;
  std::optional<std::string> mamba_cache_mode;
  std::optional<std::string> mamba_ssm_dtype;
  // SGLang
  std::optional<double> mem_fraction_static;
  std::optional<int> chunked_prefill_size;
  std::optional<int> max_running_requests;
  std::optional<std::int64_t> max_total_tokens;
  std::optional<int> max_mamba_cache_size;
  std::optional<double> mamba_full_memory_ratio;
  std::optional<int> cuda_graph_max_bs;
  std::optional<int> page_size;
  bool disable_radix_cache = false;
};

/// Speculative decoding.
struct Speculative {
  std::string method;                ///< "mtp", "draft", "ngram", "eagle3", "dflash"
  int tokens = 1;                    ///< drafted per step
  std::optional<double> acceptance;  ///< share of drafted tokens kept
  std::string draft_model;           ///< method "draft"
};

/// A fine-tuning question.
struct Train {
  std::string method;  ///< "full", "lora", "qlora"
  std::optional<int> rank;
  /// "all-linear", "attention", "mlp", "embeddings", or names of modules, joined by commas or plus signs.
  std::string targets;
  std::optional<std::int64_t> sequence;  ///< tokens
  std::optional<int> batch;              ///< sequences per device
  std::string optimizer;
  std::optional<bool> gradient_checkpointing;
  std::optional<int> zero_stage;
  std::optional<bool> fsdp;
};

struct Setup {
  const catalog::Catalog* catalog = nullptr;
  const catalog::Model* model = nullptr;
  const catalog::Variant* variant = nullptr;
  bool named_repository = false;  ///< a repository or file is named: its own config.json counts
  const catalog::Engine* engine = nullptr;
  std::string engine_version;  ///< empty: newest known
  std::shared_ptr<const format::Weights> weights;
  Backend backend = Backend::cuda;
  std::vector<DeviceSlot> devices;  ///< one entry per card; empty: no fit, no speed
  Host host;
  int tensor_parallel = 1;  ///< 0 until fill_defaults: not asked for
  int pipeline_parallel = 1;
  int expert_parallel = 1;
  int data_parallel = 1;
  std::int64_t context = 0;      ///< tokens allocated per sequence; 0: the engine's default
  std::int64_t concurrency = 1;  ///< sequences decoding at once
  /// Tokens that each of these sequences holds, where the engine shares one pool among them: `context` when
  /// it was asked for, else the prompt and output of the work. 0: `context`.
  std::int64_t sequence_tokens = 0;
  std::int64_t prompt_tokens = 512;
  std::int64_t output_tokens = 128;
  bool prompt_given = false;  ///< the prompt's length was asked for; else prompts may fill the context
  const catalog::DType* kv_type = nullptr;  ///< of K (and of V, unless kv_type_v); null: the default
  const catalog::DType* kv_type_v = nullptr;
  std::optional<Speculative> speculative;
  std::optional<Train> train;  ///< fine-tuning: `context` tokens in each of `concurrency` sequences a device
  LlamaOptions llama;
  ServingOptions serving;
  std::vector<std::string> notes;  ///< what was assumed when names were looked up

  /// Tokens that each of the sequences holds.
  std::int64_t held_tokens() const { return sequence_tokens > 0 ? sequence_tokens : context; }
};

/// Bytes on one device.
struct DeviceMemory {
  Bytes weights = 0;
  Bytes kv_cache = 0;
  Bytes recurrent_state = 0;
  Bytes compute = 0;   ///< activations, scratch, logits
  Bytes graphs = 0;    ///< captured CUDA graphs
  Bytes runtime = 0;   ///< context, libraries, communication buffers
  Bytes capacity = 0;  ///< what the device has, as its driver reports it; 0 when no device is given
  Bytes usable = 0;    ///< what the engine can really have of it

  Bytes total() const { return weights + kv_cache + recurrent_state + compute + graphs + runtime; }
  Bytes headroom() const { return usable - total(); }
};

struct HostMemory {
  Bytes weights = 0;
  Bytes kv_cache = 0;
  Bytes recurrent_state = 0;
  Bytes compute = 0;
  Bytes output = 0;

  Bytes total() const { return weights + kv_cache + recurrent_state + compute + output; }
};

/// KV memory of engines that fill what is left of the card, and how sequences draw from it. Figures are those
/// of one data-parallel copy.
struct Pool {
  Bytes kv_bytes = 0;          ///< per device: what the engine calls available KV cache memory
  std::int64_t kv_tokens = 0;  ///< as the engine prints it
  double max_concurrency = 0;  ///< sequences of `context` tokens, as the engine prints it
  std::int64_t blocks = 0;     ///< of all groups together
  std::int64_t block_tokens = 1;
  std::int64_t groups = 1;         ///< groups of attention layers, each with blocks of its own
  std::int64_t state_blocks = 0;   ///< blocks a sequence takes whatever its length
  std::int64_t max_sequences = 0;  ///< admitted at once: max_num_seqs, recurrent-state slots
  int copies = 1;                  ///< data-parallel copies that share the sequences

  /// Sequences of this length that fit at once, over all copies.
  std::int64_t sequences(std::int64_t tokens) const;
  /// Longest context of so many sequences at once; 0 when they don't fit at all.
  std::int64_t context(std::int64_t sequences) const;
};

struct MemoryPlan {
  std::vector<DeviceMemory> devices;
  HostMemory host;
  std::optional<Pool> pool;
  std::vector<LayerPlace> layers;      ///< one per trunk layer (pipeline stage under tensor parallel)
  int output_device = 0;               ///< where the head runs, -1: host
  int gpu_layers = 0;                  ///< llama.cpp: what -ngl came to
  std::optional<std::string> refusal;  ///< why the engine would not start, in one sentence
  std::vector<std::string> notes;

  Bytes total() const;
  /// All devices together; the host is not among them.
  DeviceMemory all_devices() const;
};

/// One step of a derivation, for --explain.
struct Step {
  std::string quantity;
  std::string formula;
  std::string values;  ///< the formula with the numbers put in
  std::string result;
  std::string source;
};

/// The plan for this setup.
/// @param steps when given, receives how each figure came about.
/// @throws Error(unsupported) when the engine can't run this combination at all.
MemoryPlan plan_memory(const Setup& setup, std::vector<Step>* steps = nullptr);

/// Plans of one setup at other contexts and concurrencies, for a search: cheaper than a plan_memory each.
class Probe {
 public:
  virtual ~Probe() = default;
  /// @param context in tokens per sequence
  /// @param rough whether compute buffers may be a little off, where that saves time
  /// The result has no notes, and is valid until the next call.
  virtual const MemoryPlan& at(std::int64_t context, std::int64_t concurrency, bool rough) = 0;
  /// Sequences beyond which the engine refuses whatever the memory.
  virtual std::int64_t most_sequences() const = 0;
};

/// @param plan of `setup`: its layers stay where they are, nothing moves to the host that is not there now.
/// Both must outlive the probe.
std::unique_ptr<Probe> make_probe(const Setup& setup, const MemoryPlan& plan);

/// A probe that calls `plan_of` each time.
std::unique_ptr<Probe> make_probe(const Setup& setup,
                                  MemoryPlan (*plan_of)(const Setup&, std::vector<Step>*));

/// Fills what the scenario left open with the engine's own defaults: a context of 0, null KV types, absent
/// batch sizes ...
/// @throws Error(unsupported) when the engine can't run this model, format or backend at all.
void fill_defaults(Setup& setup);

/// Memory of the device as its driver reports it; what of it an engine can have when nobody else is there
/// (`reach`); what it really can have (`usable`). Bytes.
Bytes device_capacity(const DeviceSlot& slot);
Bytes device_reach(const DeviceSlot& slot, Backend backend);
Bytes device_usable(const DeviceSlot& slot, Backend backend);

/// What macOS lets the GPU of a unified-memory machine wire (recommendedMaxWorkingSetSize). Bytes.
enum class MacOs : std::uint8_t { to_15, from_26 };
Bytes apple_working_set(const DeviceSlot& slot, MacOs system);

}  // namespace qwenfit::engine
