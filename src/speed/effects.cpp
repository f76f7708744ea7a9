#include "effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>

#include "catalog/fields.hpp"
#include "constants.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::speed {
namespace {

/// Exponent of the power of two; 0 and less than nothing for what is not there.
int exponent(double value) {
  return value > 0 ? static_cast<int>(std::floor(std::log2(value) + 1e-9)) : -1;
}

/// A number as a part of a name.
class Number {
 public:
  explicit Number(std::integral auto value) {
    length_ = static_cast<std::size_t>(
        std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr - digits_.data());
  }
  operator std::string_view() const { return {digits_.data(), length_}; }

 private:
  std::array<char, 24> digits_{};
  std::size_t length_ = 0;
};

/// Tells a sink of the factors of a phase.
class Teller {
 public:
  Teller(Phase phase, const EffectSink& sink)
      : phase_(phase == Phase::decode ? "decode" : "prefill"), sink_(sink) {}

  template <class... Parts>
  void put(Share share, double weight, std::string_view level, const Parts&... parts) const {
    const std::string_view all[] = {std::string_view(parts)...};
    sink_({phase_, level, all, weight, share});
  }
  template <class... Parts>
  void add(std::string_view level, const Parts&... parts) const {
    put(Share::all, 1, level, parts...);
  }
  /// A scale of powers of two is climbed: each doubling has a factor, and the last one counts as far as it
  /// goes.
  template <class Visit>
  void climb(double value, const Visit& visit) const {
    const double height = std::log2(std::max(1.0, value));
    for (int doubling = 0; doubling < height; ++doubling)
      visit(Number(doubling), std::min(1.0, height - doubling));
  }

 private:
  std::string_view phase_;
  const EffectSink& sink_;
};

/// Engines whose steps became twice as fast with a version: vLLM 0.6 put scheduling beside the GPU's work
/// (its release notes), ExLlamaV3 1.0 rewrote tensor parallelism. No version said is the newest.
struct Turn {
  std::string_view engine;
  int major;
  int minor;
};
constexpr Turn kTurns[] = {{"vllm", 0, 6}, {"exllamav3", 1, 0}};

bool before_its_turn(const engine::Setup& setup) {
  const std::string& text = setup.engine_version;
  const auto begin = std::find_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (begin == text.end()) return false;
  const char* const end = text.data() + text.size();
  int major = 0;
  int minor = 0;
  const auto read = std::from_chars(&*begin, end, major);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '.') return false;
  if (std::from_chars(read.ptr + 1, end, minor).ec != std::errc()) return false;
  return std::any_of(std::begin(kTurns), std::end(kTurns), [&](const Turn& turn) {
    return turn.engine == setup.engine->id && std::pair(major, minor) < std::pair(turn.major, turn.minor);
  });
}

/// The kernels that a format's weights are read by: publishers' mixes of GGUF types have those of the types.
std::string_view kernels_of(const catalog::WeightFormat& format) {
  using catalog::Scheme;
  return catalog::scheme_name(format.scheme == Scheme::ggml_recipe ? Scheme::ggml : format.scheme);
}

}  // namespace

std::string_view class_of(const catalog::Model& model) {
  const catalog::Geometry& g = model.geometry;
  const bool hybrid = g.linear_attention.has_value();
  if (g.moe) return hybrid ? "hybrid-moe" : "moe";
  return hybrid ? "hybrid" : "dense";
}

std::string_view vendor_of(const catalog::Device& d) {
  return catalog::enum_name(d.vendor);
}

std::string_view offload_of(const engine::MemoryPlan& plan) {
  bool layers = false;
  bool experts = false;
  for (const engine::LayerPlace& place : plan.layers) {
    layers = layers || place.device < 0;
    experts = experts || place.experts_on_host;
  }
  return experts ? "experts" : layers ? "layers" : "none";
}

std::string_view kind_of(const engine::Setup& setup, const engine::MemoryPlan& plan) {
  const std::string_view family = family_of(*setup.engine);
  if (offload_of(plan) != "none") return "offload";
  if (family == "transformers") return family;
  const bool local = family == "llama.cpp" || family == "mlx";
  if (setup.concurrency > 1) return local ? "batched local" : "batched serving";
  return local ? "single local" : "single serving";
}

std::string_view family_of(const catalog::Engine& engine) {
  if (engine.id == "ollama" || engine.id == "lmstudio") return "llama.cpp";
  return engine.id;
}

std::string group_of(const engine::Setup& setup, Phase phase) {
  return fmt::format("{} {} {}", phase == Phase::decode ? "decode" : "prefill", family_of(*setup.engine),
                     engine::backend_name(setup.backend));
}

std::string_view share_name(Share share) {
  switch (share) {
    case Share::all: return "all";
    case Share::memory: return "memory";
    case Share::cache: return "cache";
    case Share::compute: return "compute";
    case Share::latency: return "latency";
    case Share::interconnect: return "interconnect";
    case Share::host: return "host";
    case Share::shared: return "shared";
  }
  return "?";
}

std::string EffectUse::name() const {
  std::string out = fmt::format("{} {}:", phase, level);
  for (const std::string_view part : parts) out.append(" ").append(part);
  return out;
}

std::uint64_t EffectUse::hash() const {
  Hash hash;
  hash.add(phase).add(" ").add(level).add(":");
  for (const std::string_view part : parts) hash.add(" ").add(part);
  return hash.value();
}

void visit_batch_effects(const engine::Setup& setup, const engine::MemoryPlan& plan, Phase phase,
                         const EffectSink& sink) {
  if (phase != Phase::decode) return;
  const Teller tell(phase, sink);
  const std::string_view family = family_of(*setup.engine);
  tell.climb(batch_of(setup, plan), [&](std::string_view doubling, double weight) {
    tell.put(Share::shared, weight, "batch", doubling, family);
    tell.put(Share::shared, weight, "batch-class", doubling, class_of(*setup.model), family);
    tell.put(Share::all, weight, "batch-device", doubling, setup.devices.front().device->id, family);
    tell.put(Share::shared, weight, "batch-model", doubling, setup.model->id, family);
  });
}

void visit_lasting_effects(const engine::Setup& setup, const engine::MemoryPlan& plan, Phase phase,
                           const EffectSink& sink) {
  const Teller tell(phase, sink);
  const catalog::Device& d = *setup.devices.front().device;
  const std::string_view family = family_of(*setup.engine);
  const std::string_view backend = engine::backend_name(setup.backend);
  const std::string_view kind = class_of(*setup.model);
  const std::string_view format = setup.weights->format->id;
  const std::string_view scheme = kernels_of(*setup.weights->format);
  const std::string_view model = setup.model->id;
  const std::string_view offload = offload_of(plan);
  const std::size_t n = setup.devices.size();
  const Number count(n);
  tell.add("engine", setup.engine->id);
  tell.add("generation", family, backend, d.arch);
  // A vendor's processors say nothing of its cards.
  tell.add("vendor", family, d.device_class == catalog::DeviceClass::cpu ? "processor" : vendor_of(d));
  tell.add("device", d.id);
  tell.add("device-engine", d.id, family, backend);
  tell.put(Share::latency, 1, "latency-generation", family, backend, d.arch);
  tell.put(Share::latency, 1, "latency-device", d.id);
  tell.put(Share::memory, 1, "memory-device", d.id);
  if (before_its_turn(setup)) {
    tell.add("early", family);
    // Kernels of quantized weights came with it as well (Marlin for GPTQ and AWQ).
    tell.add("early-scheme", scheme, family);
    tell.put(Share::latency, 1, "latency-early", family);
    if (n > 1) tell.put(Share::interconnect, 1, "interconnect-early", family);
  }
  tell.add("format", format, family);
  tell.add("format-backend", format, family, backend);
  tell.add("scheme-generation", scheme, d.arch, family);
  tell.add("scheme-class", scheme, kind, family);
  tell.add("class", kind, family);
  tell.add("class-backend", kind, family, backend);
  tell.add("class-device", kind, d.id, family);
  tell.add("family", setup.model->family, family, backend);
  tell.put(Share::latency, 1, "latency-family", setup.model->family, family, backend);
  tell.add("model", model);
  tell.add("model-engine", model, family, backend);
  tell.put(Share::latency, 1, "latency-class", kind, family, backend);
  tell.put(Share::memory, 1, "memory-class", kind, family, backend);
  tell.put(Share::memory, 1, "memory-scheme", scheme, family, backend);
  tell.put(Share::compute, 1, "compute-class", kind, family, backend);
  if (phase == Phase::decode) {
    tell.put(Share::cache, 1, "cache", setup.kv_type->id, family, backend);
    tell.put(Share::cache, 1, "cache-class", kind, family, backend);
    tell.put(Share::cache, 1, "cache-device", d.id, family, backend);
  } else {
    const auto length = static_cast<double>(setup.prompt_tokens);
    tell.climb(length / 256, [&](std::string_view doubling, double weight) {
      tell.put(Share::all, weight, "length", doubling, family, backend);
      tell.put(Share::all, weight, "length-class", doubling, kind, family);
      tell.put(Share::all, weight, "length-device", doubling, d.id, family);
    });
    tell.add("chunk", Number(exponent(setup.llama.ubatch)), family, backend);
    tell.add("cache", setup.kv_type->id, family, backend);
  }
  if (n > 1) {
    // Cards that share layers are another thing than cards that share the stack of layers.
    const Number cut(static_cast<std::size_t>(cut_of(setup)));
    tell.add("devices", count, cut, family);
    tell.add("devices-device", count, cut, d.id, family);
    tell.add("devices-class", count, cut, kind, family);
    tell.put(Share::interconnect, 1, "interconnect-generation", family, d.arch);
    tell.put(Share::interconnect, 1, "interconnect-device", family, d.id);
    tell.put(Share::interconnect, 1, "interconnect-class", family, kind);
  }
  if (offload != "none") {
    tell.add("offload", offload, family);
    tell.add("offload-class", offload, kind, family);
    tell.add("offload-device", offload, d.id);
    tell.put(Share::host, 1, "host-device", d.id);
  }
  tell.add("cell", d.id, count, model, format, setup.engine->id, backend, offload);
}

}  // namespace qwenfit::speed
