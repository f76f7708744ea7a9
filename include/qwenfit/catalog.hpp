// What is known about models, weight formats, devices and engines: plain facts, no formulas.
//
// The records below mirror the JSON of data/ field by field (src/catalog/fields.hpp is the one list
// of names). The build turns that JSON into constant arrays of these structs, so that a running
// qwenfit has the whole catalog without reading or parsing anything; overlays are read from the same
// JSON into the same structs at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qwenfit::catalog {

/// A read-only list of records. Like std::span, but an aggregate that constant data can hold.
template <class T>
struct List {
  const T* first = nullptr;
  std::size_t count = 0;

  constexpr const T* begin() const { return first; }
  constexpr const T* end() const { return first + count; }
  constexpr std::size_t size() const { return count; }
  constexpr bool empty() const { return count == 0; }
  constexpr const T& operator[](std::size_t i) const { return first[i]; }
};

using Text = std::string_view;
using Texts = List<Text>;

// --- Models ------------------------------------------------------------------------------------

/// The architectures whose tensors qwenfit can list; one builder each in the model room.
enum class Arch : std::uint8_t {
  unknown,      ///< published, but its geometry is not
  qwen,         ///< QWenLMHeadModel (Qwen v1)
  qwen2,        ///< Qwen2ForCausalLM (Qwen1.5, 2, 2.5, QwQ)
  qwen2_moe,    ///< Qwen2MoeForCausalLM
  qwen3,        ///< Qwen3ForCausalLM
  qwen3_moe,    ///< Qwen3MoeForCausalLM
  qwen3_next,   ///< Qwen3NextForCausalLM (hybrid, fused projections)
  qwen3_5,      ///< Qwen3_5For... (hybrid, dense; also 3.6 and 3.8)
  qwen3_5_moe,  ///< Qwen3_5MoeFor... (hybrid, MoE; also 3.6 and 3.8)
  qwen4_exp,    ///< Qwen4ExpForConditionalGeneration (Qwen3.8-Flash-Next)
};

/// Mixture of experts of one layer. Absent in dense models.
struct Moe {
  std::int32_t experts;
  std::int32_t experts_per_token;
  std::int32_t expert_width;         ///< moe_intermediate_size
  std::int32_t shared_expert_width;  ///< shared_expert_intermediate_size, 0 without one
  bool normalize_weights;            ///< norm_topk_prob
};

/// Gated DeltaNet layers of the hybrids.
struct LinearAttention {
  std::int32_t key_heads;
  std::int32_t value_heads;
  std::int32_t key_head_dim;
  std::int32_t value_head_dim;
  std::int32_t conv_kernel;
  std::int32_t full_attention_interval;  ///< every n-th layer has full attention
  bool fused_projections;                ///< in_proj_qkvz and in_proj_ba instead of four matrices
  bool state_f32;                        ///< mamba_ssm_dtype float32 in the HF config
};

/// Vision towers that occur in Qwen models.
enum class VisionKind : std::uint8_t { none, qwen_vl, qwen2_vl, qwen2_5_vl, qwen3_vl };

struct Vision {
  VisionKind kind;
  std::int32_t depth;
  std::int32_t hidden_size;
  std::int32_t intermediate_size;
  std::int32_t heads;
  std::int32_t patch_size;
  std::int32_t temporal_patch_size;
  std::int32_t merge_size;         ///< spatial merge: merge_size^2 patches make one token
  std::int32_t output_size;        ///< width handed to the language model
  std::int32_t positions;          ///< rows of the learned position table, 0 without one
  std::int32_t deepstack_mergers;  ///< extra mergers of Qwen3-VL
  std::int32_t queries;            ///< resampler queries of Qwen-VL
};

/// Audio encoders that occur in Qwen models.
enum class AudioKind : std::uint8_t { none, whisper_qwen, whisper_qwen2, qwen2_5_omni, qwen3_omni };

struct Audio {
  AudioKind kind;
  std::int32_t depth;
  std::int32_t hidden_size;
  std::int32_t intermediate_size;
  std::int32_t heads;
  std::int32_t mel_bins;
  std::int32_t positions;        ///< stored position table rows, 0 when sinusoidal
  std::int32_t downsample_size;  ///< channels of the convolutional stem (qwen3_omni)
  std::int32_t output_size;
};

/// The speech generator of the Omni models.
struct Talker {
  std::int32_t hidden_size;
  std::int32_t intermediate_size;
  std::int32_t layers;
  std::int32_t heads;
  std::int32_t kv_heads;
  std::int32_t head_dim;
  std::int32_t vocab_size;
  std::optional<Moe> moe;
  std::int32_t text_size;  ///< width of the thinker's hidden states it reads
  std::int32_t code_predictor_layers;
  std::int32_t code_groups;
  std::int64_t code2wav_parameters;  ///< vocoder, as published; its inside is not modelled
};

/// What Qwen3.8-Flash-Next adds to the hybrid architecture.
struct Qwen4Exp {
  std::int32_t hyper_connections;  ///< residual streams
  std::int32_t hyper_rank;
  std::int32_t indexer_heads;
  std::int32_t indexer_kv_heads;
  std::int32_t indexer_head_dim;
  std::int32_t indexer_budget;  ///< keys attended per query
  std::int32_t ngram_size;
  std::int32_t ngram_heads;  ///< heads per n-gram
  std::int64_t ngram_rows;   ///< padded rows of the table
  std::int32_t ple_layer;    ///< 0-based layer that reads the table
  std::int32_t ple_conv_kernel;
};

/// The shape of a model: all that the tensor inventory is built from.
struct Geometry {
  std::int32_t hidden_size;
  std::int32_t layers;
  std::int32_t heads;
  std::int32_t kv_heads;
  std::int32_t head_dim;
  std::int32_t intermediate_size;  ///< width of one MLP matrix (already halved for Qwen v1)
  std::int32_t vocab_size;
  bool tied_embeddings;
  bool stores_tied_head;       ///< the checkpoint keeps lm_head although it is tied
  bool headless;               ///< no lm_head at all (embedding models)
  std::int32_t score_outputs;  ///< reward heads: outputs of the two-layer score head, else 0
  std::int32_t mtp_layers;
  std::optional<Moe> moe;
  std::optional<LinearAttention> linear_attention;
  std::optional<Vision> vision;
  std::optional<Audio> audio;
  std::optional<Talker> talker;
  std::optional<Qwen4Exp> qwen4_exp;
};

/// Rotary positions as config.json has them, of vision models with a text_config as that has them: what
/// extends a context takes the place of all of them.
struct Rope {
  double theta;                      ///< rope_theta
  double partial_rotary_factor;      ///< share of a head that is rotated; 0 where it is not named: all
  List<std::int32_t> mrope_section;  ///< pairs for time, height and width; empty without images
  bool mrope_interleaved;
};

/// How long a context the model takes. Tokens.
struct Context {
  std::int32_t native;                   ///< trained without scaling
  std::int32_t configured;               ///< max_position_embeddings
  std::optional<std::int32_t> extended;  ///< with the method below
  Text method;                           ///< "YaRN", ...
  std::optional<Rope> rope;              ///< absent where it is not known how it would be overridden
};

/// A published count of parameters or bytes and what the geometry should give for it.
struct PublishedCount {
  Text repo;
  std::int64_t elements;  ///< tensor elements that the repository's files hold
  Text of;                ///< "checkpoint", "loaded", "fp8-checkpoint" (with scales), "<format>-unpacked"
  Text source;
  Text exception;  ///< why the geometry does not give it; empty when it must
};

/// Where the published files of some formats differ from what the format's rule makes of the geometry.
struct QuantizedFile {
  Texts formats;                   ///< ids of the weight formats this is about
  bool stores_head;                ///< lm_head is stored although it is tied
  bool linear_biases;              ///< every quantized matrix has a bias (AutoGPTQ before 0.8)
  std::int32_t intermediate_size;  ///< padded width of the MLP; 0: as in the geometry
  bool experts_only;               ///< only the routed experts are quantized
  Text source;
};

/// Another repository of the same geometry: base, instruct, thinking ...
struct Variant {
  Text name;
  Text hf_id;
  Text kind;                                   ///< "base", "chat", "instruct", "thinking", ...
  std::optional<std::int32_t> context_native;  ///< where it differs from the record's
  std::optional<std::int32_t> context_configured;
};

/// A name in a model registry whose words do not say all: "qwen3:30b" is the thinking model of July 2025,
/// "qwen3.5:2b" comes in Q8_0.
struct RegistryTag {
  Text name;
  Text variant;  ///< name of the variant it stands for; empty: the record itself
  Text format;   ///< weight format id; empty: what the name or the registry says
};

struct Model {
  Text id;    ///< "qwen3-8b"
  Text name;  ///< "Qwen3-8B"
  Text hf_id;
  Text publisher;
  Text family;        ///< "Qwen3"
  Text architecture;  ///< class name in config.json
  Arch arch;
  Text kind;  ///< as Variant::kind
  Text modality;
  Text release_date;
  Text license;
  Geometry geometry;
  Context context;
  Text parameters_label;  ///< as the publisher says: "8.2B"
  List<PublishedCount> published_counts;
  List<QuantizedFile> quantized_files;
  List<Variant> variants;
  Texts official_formats;
  Texts aliases;
  List<RegistryTag> tags;
  Text summary;   ///< one sentence: what it is
  Text improved;  ///< what this release improved
  Texts strengths;
  Texts related;    ///< ids of related models
  Text base_model;  ///< id of the model whose weights this one was trained from, where that is known
  Texts sources;
  Texts derived;
  Texts unverified;
  Texts notes;
};

/// What a model is for, as Variant::kind. @param variant null where the record itself is meant
inline Text kind_of_model(const Model& model, const Variant* variant) {
  return variant ? variant->kind : model.kind;
}

// --- Weight formats ------------------------------------------------------------------------------

/// A storage type of a single tensor: `block` elements take `bytes` bytes.
struct DType {
  Text id;  ///< "q4_k", "bf16", "f8_e4m3"
  std::int32_t block;
  std::int32_t bytes;
  Text source;
};

/// The rule by which a format gives each tensor its type; one implementation each in the format room.
enum class Scheme : std::uint8_t {
  plain,        ///< every matrix in one 16- or 32-bit type
  ggml,         ///< a llama.cpp file type
  ggml_recipe,  ///< hand-made mixes of GGUF publishers (UD-*, *_L)
  fp8_block,    ///< e4m3 with one scale per 128x128 block
  fp8_tensor,   ///< e4m3 with one scale per tensor
  fp8_channel,  ///< e4m3, one scale per output channel, activations scaled at run time
  gptq,
  awq,
  int8_channel,      ///< W8A8: int8 weights, one scale per output channel
  compressed_group,  ///< compressed-tensors packed integers with group scales (W4A16, W8A16)
  nvfp4,
  mxfp4,
  bnb_nf4,
  bnb_int8,
  mlx,
  exl2,
  exl3,
};

/// "ggml", "fp8_block" ...: the word used in data/.
std::string_view scheme_name(Scheme scheme);

/// How much larger the files of a hand-made mix are than those of the file type it starts from.
struct MixRatio {
  Text models;  ///< "dense", "moe", "hybrid-dense", "hybrid-moe"
  double ratio;
  std::int32_t rows;      ///< published files behind it
  double relative_error;  ///< median, with the model in question left out; 0: too few
};

struct WeightFormat {
  Text id;    ///< "q4_k_m", "gptq-int4"
  Text name;  ///< "Q4_K_M"
  Scheme scheme;
  Text base;                           ///< dtype id that most matrices get
  double bits;                         ///< of that dtype, per weight, scales included
  std::int32_t group_size;             ///< weights that share a scale, 0 where it does not apply
  std::optional<double> nominal_bits;  ///< what the textbook formula (--method quick) uses
  std::optional<double> retention;     ///< quality kept, 0..1, as scored by `quality_source`
  Text quality;                        ///< the sentence that goes with it
  Text quality_source;
  std::optional<std::int32_t> quality_rank;  ///< place in that source's order, 1 is the lowest quality
  bool needs_imatrix;     ///< llama-quantize refuses to make it without an importance matrix
  Text recipe;            ///< ggml_recipe: id of the file type whose mix it starts from
  Text head;              ///< ggml_recipe: dtype id of embedding and head, where the publisher sets it
  List<MixRatio> ratios;  ///< ggml_recipe: what is known of mixes that no rule gives
  Texts aliases;
  Texts sources;
  Texts unverified;
};

/// The size of a GGUF file that somebody published and that no rule gives.
struct PublishedFile {
  Text id;         ///< "unsloth.qwen3-8b.ud-q4_k_xl"
  Text publisher;  ///< "unsloth", "bartowski" ...
  Text model;      ///< id of a model; files of others with the same text part have the same size
  Text format;     ///< id of the weight format
  bool mtp;        ///< the file holds the multi-token prediction layers
  std::int64_t bytes;
  std::int64_t rounding;  ///< half the last digit that the source printed, bytes; of a derived size its error
  bool derived;           ///< no file is known: reckoned from the publisher's other files of this model
  Text source;
};

enum class Registry : std::uint8_t { hugging_face, ollama };

/// Where the files of a model can be had in some formats: a GGUF repository of Hugging Face, or the beginning
/// of the tags of Ollama's registry.
struct Download {
  Text id;  ///< "unsloth.qwen3-8b-gguf", "ollama.qwen3.8b"
  Registry registry;
  Text name;           ///< "unsloth/Qwen3-8B-GGUF"; "qwen3:8b", whose tags are "qwen3:8b-q8_0" and so on
  Text of;             ///< Hugging Face id of the model, "Qwen/Qwen3-8B"
  List<Text> formats;  ///< ids of weight formats that are known to be there
  Text source;
};

/// The score of one format in a table.
struct QualityScore {
  Text format;  ///< id of the weight format
  double value;
  Text made;  ///< how the file was made, where the source says: "imatrix", "autoround"
};

/// What a source measured of one model in several formats. Scores compare within a table only.
struct QualityTable {
  Text id;
  Text label;   ///< the model, as the source writes it
  Text model;   ///< its id, where the catalog has it
  Text metric;  ///< "MMLU", "KLD-mean"
  Text kind;    ///< "accuracy" (higher is better), "kl_divergence" (to the unquantized model), "perplexity"
  std::optional<double> baseline;  ///< of the unquantized model
  bool official;                   ///< by the model's publisher
  bool digitized;                  ///< read off a plot: good for the order, not for the figures
  List<QualityScore> scores;
  Text source;
};

// --- Devices -------------------------------------------------------------------------------------

struct Price {
  std::optional<double> low;
  std::optional<double> typical;
  Text date;
  Text source;
  Text kind;
};

/// Bandwidth seen in a measurement, against the data sheet.
struct MeasuredBandwidth {
  std::optional<double> gb_s;
  std::optional<double> ratio;           ///< of the data sheet figure, streaming
  std::optional<double> ratio_fp32_lbm;  ///< lower bound from a lattice Boltzmann kernel
  Text kind;
};

struct Interconnect {
  Text type;
  std::optional<double> gb_s_per_gpu;  ///< both directions together, GB/s
  Text note;
};

/// Memory that the GPU of a unified-memory machine may use by default. MiB, by size in GB.
struct WorkingSet {
  std::int32_t memory_gb;
  std::int32_t usable_mib_current;  ///< macOS 26
  std::int32_t usable_mib_older;    ///< macOS 15 and older
};

/// A way to slice a card (NVIDIA MIG). The last profile of a card is the whole of it.
struct MigProfile {
  Text name;  ///< "3g.40gb"
  std::int32_t compute_slices;
  std::int32_t memory_slices;
  std::optional<double> memory_gib;             ///< what `nvidia-smi mig -lgip` lists
  std::optional<std::int32_t> multiprocessors;  ///< likewise
};

enum class Vendor : std::uint8_t { generic, nvidia, amd, apple, intel, huawei };
enum class DeviceClass : std::uint8_t { consumer, laptop, workstation, datacenter, edge, unified, cpu };

struct Device {
  Text id;
  Text name;
  Texts aliases;
  Vendor vendor;
  Text arch;
  DeviceClass device_class;
  std::optional<double> memory_gb;  ///< as marketed
  List<std::int32_t> memory_options_gb;
  std::optional<std::int64_t> memory_bytes_usable;
  Text memory_bytes_usable_basis;
  std::optional<std::int32_t> memory_nvidia_smi_mib;
  std::optional<std::int32_t> memory_cuda_total_mib_linux;  ///< what cudaMemGetInfo reports
  std::optional<std::int32_t> memory_cuda_total_mib_windows;
  Text memory_type;
  std::optional<std::int32_t> memory_bus_bits;
  std::optional<double> memory_data_rate_gbps;
  std::optional<std::int32_t> memory_channels;
  std::optional<double> bandwidth_gb_s;  ///< data sheet, 10^9 bytes per second
  Text bandwidth_note;
  std::optional<MeasuredBandwidth> bandwidth_measured;
  std::optional<double> fp16_tflops;          ///< dense, highest rate
  std::optional<double> fp16_fp32acc_tflops;  ///< dense, fp32 accumulate
  std::optional<double> bf16_tflops;
  std::optional<double> fp8_tflops;
  std::optional<double> int8_tops;
  std::optional<double> fp4_tflops;
  std::optional<double> fp32_tflops;
  std::optional<double> measured_bf16_tflops;  ///< best matmul rate seen
  std::optional<double> l2_cache_mb;
  std::optional<double> l3_cache_mb;
  std::optional<std::int32_t> compute_units;  ///< SMs, CUs, GPU cores
  std::optional<std::int32_t> tensor_cores;
  std::optional<double> boost_clock_mhz;
  Text compute_capability;  ///< CUDA, "8.9"
  Text gfx_target;          ///< ROCm, "gfx1100"
  std::optional<std::int32_t> pcie_gen;
  std::optional<std::int32_t> pcie_lanes;
  Interconnect interconnect;
  List<MigProfile> mig;                       ///< smallest first
  List<WorkingSet> working_sets;              ///< Apple
  std::optional<double> gpu_memory_fraction;  ///< default share of RAM (AMD, Intel unified)
  std::optional<double> tunable_max_gib;
  Text unified_note;
  std::optional<double> host_bandwidth_gb_s;  ///< own host memory (Grace)
  std::optional<double> host_memory_gb;
  Text base_device;           ///< systems: id of the single device
  std::int32_t device_count;  ///< systems: how many of it, else 1
  std::optional<std::int32_t> tdp_w;
  std::optional<std::int32_t> release_year;
  std::optional<double> msrp_usd;
  Text msrp_note;
  std::optional<Price> cloud_usd_per_hour;
  Texts sources;
  Texts derived;
  Texts unverified;
  Texts notes;
};

// --- Engines -------------------------------------------------------------------------------------

/// A named number that an engine room uses, with its origin. Fitted ones say on how much.
struct Constant {
  Text name;
  double value;
  Text unit;
  Text kind;                         ///< "source" (read in code), "fitted", "assumed"
  std::optional<std::int32_t> rows;  ///< measurements behind a fitted value
  std::optional<double> residual;    ///< median absolute relative error left
  Text source;
};

struct EngineVersion {
  Text version;
  Text date;  ///< ISO date of the release or branch point
};

/// The first version that runs models of some classes.
struct Introduction {
  Texts architectures;  ///< class names, as in config.json
  Text version;         ///< the first release
  Text date;            ///< ISO date from which its development branch has it
  Text source;
};

/// Since when an engine has something that is no model: a value of an option.
struct Feature {
  Text name;     ///< "auto_context"
  Text version;  ///< the first release
  Text date;     ///< ISO date from which its development branch has it
  Text source;
};

struct Engine {
  Text id;
  Text name;
  Texts aliases;
  Texts backends;  ///< "cuda", "rocm", ...; first = preferred
  Texts schemes;   ///< weight format schemes it runs
  Text default_format;
  Text default_kv_type;
  List<EngineVersion> versions;  ///< oldest first
  List<Introduction> introduced;
  List<Feature> features;
  List<Constant> constants;
  Texts sources;
  Texts notes;
};

// --- The catalog ---------------------------------------------------------------------------------

/// A model that a name stands for, with what else the name said.
struct ModelMatch {
  const Model* model = nullptr;
  const Variant* variant = nullptr;      ///< null when the name means the record itself
  const WeightFormat* format = nullptr;  ///< when a tag or file name carries one
  std::string format_text;               ///< that part of the name, as written; set and `format` null: a
                                         ///< format that the catalog lacks
  bool mtp = false;                      ///< the file holds the multi-token prediction layers too
  std::string note;                      ///< what was assumed, for the user; often empty
};

/// A device that a name stands for.
struct DeviceMatch {
  const Device* device = nullptr;
  std::optional<double> memory_gb;  ///< when the name chose among memory sizes ("M3 Max 64GB")
  int count = 1;                    ///< "2x RTX 4090"
  std::string note;                 ///< what was assumed, for the user; often empty
};

/// The baked-in records with overlays applied. Immutable once built; copies share the data.
class Catalog {
 public:
  /// The catalog compiled into this binary. No allocation, no parsing.
  static const Catalog& builtin();

  /// A copy with the entries of `path` (a JSON file, or a folder of them) added. An entry whose id exists
  /// changes only the keys that it gives; its lists of texts (aliases, notes ...) grow.
  /// @throws Error(bad_input) naming file, line and key.
  Catalog with_overlay(const std::string& path) const;

  const std::vector<const Model*>& models() const;
  const std::vector<const Device*>& devices() const;
  const std::vector<const WeightFormat*>& formats() const;
  const std::vector<const DType*>& dtypes() const;
  const std::vector<const Engine*>& engines() const;
  /// Best first: the newest source of a file stands before older ones.
  const std::vector<const PublishedFile*>& published_files() const;
  /// Of one model a format stands in one GGUF repository, and in one family of Ollama's tags.
  const std::vector<const Download*>& downloads() const;
  const std::vector<const QualityTable*>& quality_tables() const;

  /// The record with this exact id, else null.
  const Model* model(std::string_view id) const;
  const Device* device(std::string_view id) const;
  const WeightFormat* format(std::string_view id) const;
  const DType* dtype(std::string_view id) const;
  const Engine* engine(std::string_view id) const;

  /// Whatever people write for a model: id, alias, Hugging Face id (also of community repositories),
  /// Ollama tag, GGUF file name; a format inside the name comes along.
  /// @throws Error(unknown_name | ambiguous) with the nearest names or the choices.
  ModelMatch find_model(std::string_view name) const;

  /// Whatever people write for a device: id, alias, marketing name, nvidia-smi name, Kubernetes label.
  /// @throws Error(unknown_device | ambiguous) likewise.
  DeviceMatch find_device(std::string_view name) const;

  /// A weight format by id or alias; case and punctuation do not matter.
  /// @throws Error(unknown_name).
  const WeightFormat& find_format(std::string_view name) const;

  /// An engine by id or alias. @throws Error(unknown_name).
  const Engine& find_engine(std::string_view name) const;

  /// The date of the data ("2026-11-20").
  static std::string_view date();

  struct Impl;
  explicit Catalog(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

/// A record that an overlay adds or changes.
struct OverlayRecord {
  std::string kind;  ///< "model", "device", "format" ...
  std::string id;
  std::string place;  ///< "my.json:4"
  bool changes;       ///< a record that the catalog has already
};

/// The records in `path` (a JSON file, or a folder of them), kind by kind, as `with_overlay` reads them.
/// @throws Error(bad_input | io) naming file, line and key; contradictions between records are told by
///         `with_overlay` alone.
std::vector<OverlayRecord> overlay_records(const Catalog& base, const std::string& path);

/// The named constant of an engine. @throws std::logic_error when data/ lacks it (a build error).
const Constant& constant(const Engine& engine, std::string_view name);

/// Letters and digits of `name` in lower case: the form in which names of devices, formats and engines
/// are compared.
std::string fold_name(std::string_view name);

/// The same for models, where a point between digits stays (Qwen2.5-7B is not Qwen2-57B; the underscore of
/// Qwen-1_8B is such a point), and a colon too: qwen:7b, a tag of Ollama, is not Qwen-7B.
std::string fold_model_name(std::string_view name);

}  // namespace qwenfit::catalog
