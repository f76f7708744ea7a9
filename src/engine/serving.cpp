#include "serving.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "qwenfit/error.hpp"

namespace qwenfit::engine {

double constant_of(const Setup& setup, std::string_view name) {
  return catalog::constant(*setup.engine, name).value;
}

Bytes context_bytes(const Setup& setup, std::size_t device) {
  constexpr int kUsual = 100;  // multiprocessors of a card that does not say
  const int sms =
      device < setup.devices.size() ? setup.devices[device].device->compute_units.value_or(kUsual) : kUsual;
  double mib = constant_of(setup, "context_base_mib") + sms * constant_of(setup, "context_sm_mib");
  // A GPU that shares the machine's memory also finds the system's own processes in it.
  if (device < setup.devices.size() && setup.backend == Backend::cuda &&
      (setup.devices[device].device->device_class == catalog::DeviceClass::unified ||
       setup.devices[device].device->device_class == catalog::DeviceClass::edge)) {
    mib += constant_of(setup, "integrated_host_mib");
  }
  if (ranks_of(setup).total() > 1) mib += constant_of(setup, "communication_mib");
  return units::mib(mib);
}

void Derivation::bytes(std::string quantity, std::string formula, std::string values, Bytes result,
                       std::string_view where) const {
  text(std::move(quantity), std::move(formula), std::move(values), units::format_bytes(result), where);
}

void Derivation::text(std::string quantity, std::string formula, std::string values, std::string result,
                      std::string_view where) const {
  if (!steps_) return;
  steps_->push_back({std::move(quantity), std::move(formula), std::move(values), std::move(result),
                     fmt::format("{}: {}", engine_, where)});
}

std::string origin_of(const Setup& setup, std::string_view constant) {
  const catalog::Constant& c = catalog::constant(*setup.engine, constant);
  if (c.kind != "fitted") return fmt::format("{}: {}", c.kind, c.source);
  if (c.rows == 1) return "fitted on a single start-up log";
  return fmt::format("fitted on {} start-up logs, residual {:.0f}%", c.rows.value_or(0),
                     100 * c.residual.value_or(0));
}

namespace {

template <std::size_t N>
bool is_one_of(std::string_view value, const std::array<std::string_view, N>& of) {
  return std::find(of.begin(), of.end(), value) != of.end();
}

/// Refuses what neither engine takes, before it is calculated with.
void check_options(const Setup& setup) {
  static constexpr std::array<std::string_view, 7> kKvTypes{"bf16",    "f16", "f32",  "f8_e4m3",
                                                            "f8_e5m2", "i8",  "nvfp4"};
  static constexpr std::array<std::string_view, 3> kModes{"none", "align", "all"};
  static constexpr std::array<std::string_view, 4> kStates{"auto", "float32", "float16", "bfloat16"};
  for (const catalog::DType* type : {setup.kv_type, setup.kv_type_v}) {
    if (is_one_of(type->id, kKvTypes)) continue;
    throw Error(ErrorCode::unsupported,
                fmt::format("kv_type: {} keeps its KV cache in bf16, f16, fp8, int8 or nvfp4, not in {}",
                            setup.engine->name, type->id));
  }
  const ServingOptions& s = setup.serving;
  if (s.mamba_cache_mode && !is_one_of(*s.mamba_cache_mode, kModes)) {
    throw Error(ErrorCode::invalid_value,
                fmt::format("mamba_cache_mode: '{}' is none of none, align, all", *s.mamba_cache_mode));
  }
  if (s.mamba_ssm_dtype && !is_one_of(*s.mamba_ssm_dtype, kStates)) {
    throw Error(
        ErrorCode::invalid_value,
        fmt::format("mamba_ssm_dtype: '{}' is none of auto, float32, float16, bfloat16", *s.mamba_ssm_dtype));
  }
}

/// @throws Error(unsupported) for formats whose kernels a card is too old for: AWQ and FP8 ask for Turing at
/// least (vLLM's quantization/awq.py and fp8.py, get_min_capability: 75; SGLang's are vLLM's).
void check_hardware(const Setup& setup) {
  using catalog::Scheme;
  const Scheme scheme = setup.weights->format->scheme;
  if (scheme != Scheme::awq && scheme != Scheme::fp8_block && scheme != Scheme::fp8_tensor &&
      scheme != Scheme::fp8_channel)
    return;
  for (const DeviceSlot& slot : setup.devices) {
    const std::string had(slot.device->compute_capability);
    if (had.empty() || std::atof(had.c_str()) >= 7.5) continue;
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{} does not run {} on {}: its kernels need compute capability 7.5, the card has {}",
                    setup.engine->name, setup.weights->format->name, slot.device->name, had));
  }
}

}  // namespace

void fill_serving_defaults(Setup& setup) {
  check_hardware(setup);
  check_options(setup);
  if (setup.engine_version.empty()) {
    const auto& versions = setup.engine->versions;
    setup.engine_version = std::string(versions[versions.size() - 1].version);
  }
  if (setup.serving.mamba_ssm_dtype == "auto") setup.serving.mamba_ssm_dtype.reset();
  place_ranks(setup);
  fill_native_context(setup);
}

void fill_native_context(Setup& setup) {
  if (setup.context > 0) return;
  const catalog::Context& c = setup.model->context;
  setup.context = std::max(c.configured, c.native);
  const catalog::Variant* checkpoint = setup.variant;
  if (!checkpoint && !setup.named_repository) {
    // Base checkpoints may promise more positions than they were trained on. Who says "qwen2.5-7b" serves the
    // instruct model, whose promise is the smaller one.
    for (const catalog::Variant& v : setup.model->variants)
      if (!checkpoint && v.kind == "instruct") checkpoint = &v;
  }
  if (checkpoint && checkpoint->context_configured) setup.context = *checkpoint->context_configured;
  setup.sequence_tokens =
      std::clamp<std::int64_t>(setup.prompt_tokens + setup.output_tokens, 1, setup.context);
}

void place_layers(const Setup& setup, MemoryPlan& plan) {
  const Ranks ranks = ranks_of(setup);
  for (int s = 0; s < ranks.pipeline; ++s) {
    const Stage stage = stage_of(setup, s);
    plan.layers.insert(plan.layers.end(), static_cast<std::size_t>(stage.count),
                       {static_cast<std::int16_t>(s * ranks.tensor), false});
  }
  plan.output_device = (ranks.pipeline - 1) * ranks.tensor;
}

void add_serving_notes(const Setup& setup, MemoryPlan& plan) {
  const catalog::Geometry& g = setup.model->geometry;
  if (!setup.devices.empty() && setup.backend != Backend::cuda) {
    plan.notes.push_back(fmt::format(
        "no start-up log of {} on {} is known: activations, context and libraries are taken as on CUDA",
        setup.engine->name, backend_name(setup.backend)));
  }
  if (const auto cards = static_cast<int>(setup.devices.size()); cards > ranks_of(setup).total()) {
    const std::string why = why_indivisible(setup, cards / (setup.pipeline_parallel * setup.data_parallel));
    plan.notes.push_back(fmt::format("{} of {} devices are used: {}", ranks_of(setup).total(), cards,
                                     why.empty() ? "tensor x pipeline x data parallel" : why));
  }
  if (setup.data_parallel > 1 && g.moe) {
    plan.notes.push_back("data-parallel copies share the experts; attention and KV cache are whole in each");
  }
  if (g.audio && !setup.serving.language_model_only) {
    plan.notes.push_back("the audio encoder's share of the profile run is not modelled");
  }
  if (g.talker)
    plan.notes.push_back("only the thinker is loaded; talker and vocoder are servers of their own");
  if (g.qwen4_exp) {
    plan.notes.push_back(
        "the indexer's keys and the n-gram layer's history are not in the KV cache given here");
  }
  if (setup.speculative && !speculates_with_mtp(setup) && setup.speculative->method != "ngram") {
    plan.notes.push_back("weights and KV cache of the external drafter are not counted");
  }
}

}  // namespace qwenfit::engine
