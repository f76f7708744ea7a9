// Scenario -> Setup: names looked up, defaults filled in.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "answers.hpp"
#include "catalog/nearest.hpp"
#include "estimator_impl.hpp"
#include "quick.hpp"
#include "qwenfit/error.hpp"
#include "setup_devices.hpp"

namespace qwenfit {
namespace {

using engine::Setup;

int to_int(const std::optional<std::int64_t>& value, int otherwise) {
  return value ? static_cast<int>(*value) : otherwise;
}

std::optional<int> to_int(const std::optional<std::int64_t>& value) {
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

engine::SplitMode parse_split_mode(const std::string& text) {
  if (text == "layer") return engine::SplitMode::layer;
  if (text == "row") return engine::SplitMode::row;
  if (text == "tensor") return engine::SplitMode::tensor;
  if (text == "none") return engine::SplitMode::none;
  throw Error(ErrorCode::invalid_value,
              fmt::format("split_mode: '{}' is none of layer, row, tensor, none", text));
}

/// KV types go by many names; the catalog knows the stored ones.
const catalog::DType* kv_dtype(const catalog::Catalog& catalog, std::string_view key,
                               const std::string& text) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"fp16", "f16"},    {"float16", "f16"}, {"bfloat16", "bf16"},   {"fp32", "f32"},
      {"float32", "f32"}, {"fp8", "f8_e4m3"}, {"fp8e4m3", "f8_e4m3"}, {"fp8e5m2", "f8_e5m2"},
      {"int8", "i8"},     {"q8", "q8_0"},     {"q4", "q4_0"},         {"int8pertokenhead", "i8"}};
  const std::string folded = catalog::fold_name(text);
  std::vector<catalog::KnownName> known;
  for (const auto& [name, id] : kNames) {
    if (folded == name) return catalog.dtype(id);
    known.push_back({name, id});
  }
  for (const catalog::DType* type : catalog.dtypes()) {
    if (catalog::fold_name(type->id) == folded) return type;
    known.push_back({type->id, type->id});
  }
  const std::string meant = catalog::did_you_mean_name(text, known);
  throw Error(ErrorCode::unknown_name,
              fmt::format("{}: unknown KV cache type '{}'{}", key, text,
                          meant.empty() ? ": f16, bf16, q8_0, q4_0 and fp8 are usual" : meant));
}

/// The engine that a format is made for, when none is named.
const catalog::Engine& engine_for(const catalog::Catalog& catalog, const catalog::WeightFormat* format,
                                  const Setup& setup) {
  const auto runs = [&](std::string_view id) {
    const catalog::Engine* engine = catalog.engine(id);
    return engine && std::find(engine->schemes.begin(), engine->schemes.end(),
                               catalog::scheme_name(format->scheme)) != engine->schemes.end();
  };
  if (!format) {
    // Accelerators that llama.cpp has no backend for are servers'.
    const catalog::Engine& usual = catalog.find_engine("llama.cpp");
    const bool drives =
        setup.devices.empty() || engine::best_backend(usual, *setup.devices.front().device).has_value();
    return drives ? usual : catalog.find_engine("vllm");
  }
  const bool apple = !setup.devices.empty() && setup.devices.front().device->vendor == catalog::Vendor::apple;
  // 16-bit weights are a server's food on cards, llama.cpp's elsewhere.
  if (format->scheme == catalog::Scheme::plain) return catalog.find_engine(apple ? "mlx" : "vllm");
  for (const std::string_view id : {"llama.cpp", "mlx", "vllm", "sglang", "exllamav3", "transformers"}) {
    if (runs(id)) return *catalog.engine(id);
  }
  return catalog.find_engine("transformers");
}

/// LM Studio and Ollama have Apple's MLX beside llama.cpp, for files of its kinds.
bool runs_with_mlx(const catalog::WeightFormat& format, const Setup& setup) {
  if (setup.engine->id != "lmstudio" && setup.engine->id != "ollama") return false;
  const bool apple = setup.devices.empty() || setup.devices.front().device->vendor == catalog::Vendor::apple;
  return apple && (format.scheme == catalog::Scheme::mlx ||
                   setup.catalog->format(fmt::format("mlx-{}", format.id)) != nullptr);
}

bool is_gguf(const catalog::WeightFormat& format) {
  return format.scheme == catalog::Scheme::ggml || format.scheme == catalog::Scheme::ggml_recipe;
}

/// Whether gradients go through weights of this kind: what transformers/quantizers says in is_trainable. GGUF
/// files are dequantized as they are loaded, and go with no quantization beside.
bool trains(const catalog::WeightFormat& format) {
  return !is_gguf(format) && format.scheme != catalog::Scheme::fp8_block &&
         format.scheme != catalog::Scheme::mxfp4;
}

/// The weights that training starts from: 16 bit, which bitsandbytes quantizes as it loads them for QLoRA.
/// @param named whether the format was asked for, and does not only follow from the model's name
const catalog::WeightFormat* format_to_train(const catalog::Catalog& catalog, const Train& asked,
                                             const catalog::WeightFormat* format, bool named, Setup& setup) {
  if (format && !named && !trains(*format)) {
    add_note(setup, fmt::format("fine-tuning starts from 16-bit weights, not from {}", format->name));
    format = nullptr;
  }
  if (format && !trains(*format))
    throw Error(ErrorCode::unsupported,
                fmt::format("train: Transformers does not train on {} weights, but on bf16{}", format->name,
                            asked.method == "full"    ? ""
                            : asked.method == "qlora" ? " (which QLoRA loads as NF4), gptq-int4 or awq-int4"
                                                      : ", gptq-int4 or awq-int4"));
  if (asked.method != "qlora") return format ? format : &catalog.find_format("bf16");
  if (format && format->scheme != catalog::Scheme::plain) return format;
  if (format) add_note(setup, fmt::format("QLoRA loads {} weights as NF4", format->name));
  return &catalog.find_format("nf4");
}

/// A training step works on so many sequences of so many tokens.
void set_training(const Scenario& scenario, Setup& setup) {
  if (setup.engine->id != "transformers")
    throw Error(ErrorCode::unsupported,
                fmt::format("engine: {} does not train; fine-tuning is estimated for transformers",
                            setup.engine->name));
  if (scenario.method == Method::quick)
    throw Error(ErrorCode::unsupported, "method: the textbook formula knows no fine-tuning");
  setup.train = train::with_defaults(*scenario.train, *setup.model);
  setup.context = *setup.train->sequence;
  setup.concurrency = *setup.train->batch;
}

void copy_settings(const Scenario& s, Setup& setup) {
  setup.tensor_parallel = to_int(s.tensor_parallel, 0);  // the engine's rules decide
  setup.pipeline_parallel = to_int(s.pipeline_parallel, 1);
  setup.expert_parallel = to_int(s.expert_parallel, 1);
  setup.data_parallel = to_int(s.data_parallel, 1);
  setup.context = s.context.value_or(0);
  setup.concurrency = s.concurrency.value_or(1);
  setup.prompt_tokens = s.prompt_tokens.value_or(512);
  setup.output_tokens = s.output_tokens.value_or(128);
  setup.prompt_given = s.prompt_tokens.has_value();
  setup.speculative = s.speculative;
  engine::LlamaOptions& l = setup.llama;
  l.gpu_layers = to_int(s.gpu_layers);
  l.cpu_moe_layers = to_int(s.cpu_moe_layers, 0);
  l.tensor_split = s.tensor_split;
  if (s.split_mode) l.split_mode = parse_split_mode(*s.split_mode);
  l.ubatch = to_int(s.ubatch, l.ubatch);
  l.batch = to_int(s.batch, l.batch);
  l.flash_attention = s.flash_attention;
  l.parallel_slots = to_int(s.parallel_slots);
  l.kv_unified = s.kv_unified;
  l.mmproj = s.mmproj.value_or(false);
  l.server = s.program.value_or("server") == "server";
  engine::ServingOptions& v = setup.serving;
  v.gpu_memory_utilization = s.gpu_memory_utilization;
  v.max_num_seqs = to_int(s.max_num_seqs);
  v.max_num_batched_tokens = to_int(s.max_num_batched_tokens);
  v.enforce_eager = s.enforce_eager.value_or(false);
  v.language_model_only = s.language_model_only.value_or(false);
  v.cpu_offload_gb = s.cpu_offload_gb.value_or(0);
  v.kv_cache_memory_bytes = s.kv_cache_memory_bytes;
  v.block_size = to_int(s.block_size);
  v.prefix_caching = s.enable_prefix_caching;
  v.mamba_cache_mode = s.mamba_cache_mode;
  v.mamba_ssm_dtype = s.mamba_ssm_dtype;
  v.mem_fraction_static = s.mem_fraction_static;
  v.chunked_prefill_size = to_int(s.chunked_prefill_size);
  v.max_running_requests = to_int(s.max_running_requests);
  v.max_total_tokens = s.max_total_tokens;
  v.max_mamba_cache_size = to_int(s.max_mamba_cache_size);
  v.mamba_full_memory_ratio = s.mamba_full_memory_ratio;
  v.cuda_graph_max_bs = to_int(s.cuda_graph_max_bs);
  v.page_size = to_int(s.page_size);
  v.disable_radix_cache = s.disable_radix_cache.value_or(false);
}

/// The owner of a repository of GGUF or MLX files ("unsloth" of "unsloth/Qwen3-8B-GGUF"), in lower case;
/// empty for other names: "Qwen/Qwen3-8B" is the model itself.
std::string publisher_of(std::string name) {
  for (const std::string_view site : {"https://", "huggingface.co/", "hf.co/"}) {
    if (name.starts_with(site)) name.erase(0, site.size());
  }
  const std::size_t slash = name.find('/');
  const std::string folded = catalog::fold_name(name);
  const bool files = folded.find("gguf") != std::string::npos || folded.find("mlx") != std::string::npos;
  if (!files || slash == std::string::npos || name.find('/', slash + 1) != std::string::npos) return "";
  std::string owner = name.substr(0, slash);
  for (char& c : owner) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return owner;
}

/// "i1-Q4_K_M", "Qwen3-8B.i1-Q4_K_M.gguf", "mradermacher/Qwen3-8B-i1-GGUF".
bool marked_imatrix(std::string_view name) {
  for (std::size_t at = name.find("i1-"); at != std::string_view::npos; at = name.find("i1-", at + 1)) {
    if (at == 0 || std::isalnum(static_cast<unsigned char>(name[at - 1])) == 0) return true;
  }
  return false;
}

/// What the file of this scenario depends on beside model and format.
format::RecipeOptions recipe_options(const Scenario& scenario, const Setup& setup, bool names_mtp) {
  const auto takes = [&](std::string_view scheme) {
    const auto& schemes = setup.engine->schemes;
    return std::find(schemes.begin(), schemes.end(), scheme) != schemes.end();
  };
  format::RecipeOptions recipe;
  recipe.with_mtp = names_mtp || (setup.speculative && setup.speculative->method == "mtp");
  recipe.gguf = takes("ggml");
  recipe.mlx = takes("mlx");
  recipe.imatrix = marked_imatrix(scenario.model) || marked_imatrix(scenario.format.value_or(""));
  recipe.publisher = setup.engine->id == "ollama" ? "ollama" : publisher_of(scenario.model);
  if (recipe.publisher.empty()) return recipe;
  // Files are made when a model appears. Fused projections had a rule of their own until spring 2026; the
  // converter writes the MTP block since summer.
  constexpr std::string_view kOneRule = "2026-04";
  constexpr std::string_view kMtpInFiles = "2026-06";
  recipe.legacy_qkv = setup.model->release_date < kOneRule;
  if (setup.model->release_date >= kMtpInFiles) recipe.with_mtp = true;
  return recipe;
}

catalog::ModelMatch match_of(const input::LocalModel& local) {
  catalog::ModelMatch match;
  match.model = &local.model;
  match.variant = local.variant;
  if (!local.format.id.empty()) match.format = &local.format;
  return match;
}

/// The catalog's format, or the file's own where it is of that format.
const catalog::WeightFormat& format_asked(const catalog::Catalog& catalog, const std::string& name,
                                          const input::LocalModel* local) {
  const catalog::WeightFormat& format = catalog.find_format(name);
  return local && format.id == local->format.id ? local->format : format;
}

/// A path names no publisher, and its model has the MTP blocks that the file has.
void adapt(const input::LocalModel& local, const catalog::WeightFormat& format,
           format::RecipeOptions& recipe) {
  recipe.publisher.clear();
  recipe.legacy_qkv = false;
  if (format::layout_of(format, recipe) == model::Layout::gguf && local.model.geometry.mtp_layers > 0)
    recipe.with_mtp = true;
}

/// Whether the engine loads the files' tensors as they are, not what a conversion would make of them.
bool holds(const input::LocalModel& local, const catalog::WeightFormat& format,
           const format::RecipeOptions& recipe) {
  // MLX converts plain checkpoints; its own files are as they are.
  const bool converted = recipe.mlx && format.scheme == catalog::Scheme::plain;
  return local.weights && &format == &local.format && !converted &&
         local.weights->layout == format::layout_of(format, recipe);
}

/// How near a tensor is to what an adapter adds: its own matrix, then its layer (GGUF files cut or fuse
/// some), its part, and the end of the model.
int nearness(const model::Tensor& t, const input::AddedBytes& a) {
  if (t.part != a.part) return t.role == model::Role::output_norm ? 1 : 0;
  if (t.layer != a.layer) return 2;
  return t.role == a.role ? 4 : 3;
}

/// The weights with what an adapter adds to them, tensor by tensor.
std::shared_ptr<const format::Weights> with_adapter(const catalog::Catalog& catalog,
                                                    const format::Weights& weights,
                                                    const input::LocalModel& local) {
  auto all = std::make_shared<format::Weights>(weights);
  const catalog::Geometry& g = local.model.geometry;
  const Bytes head = Bytes{g.vocab_size} * g.hidden_size;
  for (const input::AddedBytes& a : local.added) {
    // A whole head beside an embedding that was one: they are tied no more.
    if (a.role == model::Role::output && g.tied_embeddings && a.bytes > head) {
      std::erase_if(all->tensors, [](const format::TypedTensor& t) { return t.stored_copy; });
      all->tensors.push_back(
          {{model::Role::output, model::Part::text, -1, false, g.vocab_size, g.hidden_size, 1},
           catalog.dtype(a.bytes > 3 * head ? "f32" : "bf16"),
           a.bytes,
           0});
      continue;
    }
    format::TypedTensor* nearest = nullptr;
    int best = 0;
    for (format::TypedTensor& t : all->tensors) {
      const int near = t.stored_copy ? 0 : nearness(t.tensor, a);
      if (near > best) {
        best = near;
        nearest = &t;
      }
    }
    if (nearest) nearest->extra += a.bytes;
  }
  return all;
}

void add_file_notes(const input::LocalModel& local, Setup& setup) {
  if (local.weights && local.added.empty() && setup.weights != local.weights)
    add_note(setup, fmt::format("the weights are those of {} after a conversion to {}", local.path,
                                setup.weights->format->name));
  else
    for (const std::string& note : local.notes) add_note(setup, note);
}

/// The textbook formula knows no engine: 16-bit cache and a context of its own.
void fill_quick_defaults(Setup& setup) {
  if (setup.context == 0) setup.context = quick::kContext;
  if (!setup.kv_type) setup.kv_type = setup.catalog->dtype("f16");
  if (!setup.kv_type_v) setup.kv_type_v = setup.kv_type;
}

/// Products of large counts are refused here, so that nothing behind can overflow.
void check_limits(const Setup& setup) {
  if (setup.context > kMostTokens / setup.concurrency) {
    throw Error(ErrorCode::invalid_value,
                fmt::format("context x concurrency = {} x {} tokens: more than any machine holds",
                            units::format_grouped(setup.context), units::format_grouped(setup.concurrency)));
  }
}

}  // namespace

engine::Setup Estimator::resolve(const Scenario& scenario) {
  const catalog::Catalog& catalog = impl_->catalog;
  if (scenario.model.empty()) throw Error(ErrorCode::usage, "no model is named");
  const input::LocalModel* local = impl_->local_model(scenario.model);
  const catalog::ModelMatch match = local ? match_of(*local) : impl_->find_model(scenario.model);
  Setup setup;
  setup.catalog = &catalog;
  setup.model = match.model;
  setup.variant = match.variant;
  setup.named_repository = local || scenario.model.find('/') != std::string::npos;
  add_note(setup, match.note);
  add_devices(scenario, *impl_, setup);

  if (local && !scenario.format && !scenario.train && !local->unknown_format.empty())
    throw Error(ErrorCode::unsupported, local->unknown_format);
  const catalog::WeightFormat* format = match.format;
  if (scenario.format) format = &format_asked(catalog, *scenario.format, local);
  else if (!format && !match.format_text.empty())
    format = &catalog.find_format(match.format_text);  // names a format that is not known
  if (scenario.train)
    format = format_to_train(catalog, *scenario.train, format, scenario.format.has_value(), setup);
  if (scenario.engine) setup.engine = &catalog.find_engine(*scenario.engine);
  else if (scenario.train) setup.engine = catalog.engine("transformers");
  else if (local && format == &local->format && local->weights &&
           local->weights->layout == model::Layout::gguf)
    setup.engine = catalog.engine("llama.cpp");
  else setup.engine = &engine_for(catalog, format, setup);
  const bool inner_mlx = format && runs_with_mlx(*format, setup);
  if (inner_mlx) {
    add_note(setup,
             fmt::format("{} runs {} with Apple's MLX: estimated as that", setup.engine->name, format->name));
    setup.engine = catalog.engine("mlx");
  }
  // "nvfp4" is another layout in MLX's files.
  if (format && setup.engine->id == "mlx") {
    if (const catalog::WeightFormat* own = catalog.format(fmt::format("mlx-{}", format->id))) format = own;
  }
  if (format && setup.engine->id == "transformers" && scenario.method != Method::quick && is_gguf(*format)) {
    add_note(setup, fmt::format("Transformers dequantizes {} as it loads it: 16-bit weights", format->name));
    format = nullptr;
  }
  if (!format) format = &catalog.find_format(setup.engine->default_format);
  if (!inner_mlx) setup.engine_version = scenario.engine_version.value_or("");
  if (scenario.backend) setup.backend = engine::parse_backend(*scenario.backend);
  else if (!setup.devices.empty())
    setup.backend = engine::default_backend(*setup.engine, *setup.devices.front().device);
  if (scenario.kv_type) setup.kv_type = kv_dtype(catalog, "kv_type", *scenario.kv_type);
  if (scenario.kv_type_v) setup.kv_type_v = kv_dtype(catalog, "kv_type_v", *scenario.kv_type_v);
  copy_settings(scenario, setup);
  if (setup.speculative && setup.speculative->method == "mtp" && setup.model->geometry.mtp_layers == 0)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("speculative: {} has no MTP layers to draft with: its methods are draft and ngram",
                    setup.model->name));
  if (scenario.train) set_training(scenario, setup);
  setup.host = host_of(scenario, *impl_, setup);

  if (scenario.method == Method::quick) {
    setup.weights = impl_->quick_weights(*setup.model, *format);
    fill_quick_defaults(setup);
  } else {
    format::RecipeOptions recipe = recipe_options(scenario, setup, match.mtp);
    // Under an adapter lies a model of the catalog as it is published.
    const bool named = local && local->file.kind == "adapter" && !local->base;
    if (local && !named) adapt(*local, *format, recipe);
    if (local && holds(*local, *format, recipe)) setup.weights = local->weights;
    else setup.weights = impl_->weights(*setup.model, *format, recipe);
    if (local && !local->added.empty()) {
      auto& adapted = impl_->adapted[{setup.weights, local}];
      if (!adapted) adapted = with_adapter(catalog, *setup.weights, *local);
      setup.weights = adapted;
    }
    if (local) add_file_notes(*local, setup);
    engine::fill_defaults(setup);
  }
  if (setup.tensor_parallel == 0) setup.tensor_parallel = 1;  // left to the engine, which did not decide
  check_limits(setup);
  return setup;
}

}  // namespace qwenfit
