#include "effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>

#include "catalog/fields.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::speed {
namespace {

/// Exponent of the power of two; 0 and less than nothing for what is not there.
int exponent(double value) {
  return value > 0 ? static_cast<int>(std::floor(std::log2(value) + 1e-9)) : -1;
}

/// A factor's name, put together without allocating: this happens for every estimate of a batch.
class Name {
 public:
  void start(std::string_view phase, std::string_view level) {
    size_ = 0;
    put(phase);
    put(" ");
    put(level);
    put(":");
  }
  void part(std::string_view text) {
    put(" ");
    put(text);
  }
  void part(std::integral auto value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    part(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  void put(std::string_view text) {
    const std::size_t n = std::min(text.size(), text_.size() - size_);
    std::copy_n(text.data(), n, text_.data() + size_);
    size_ += n;
  }
  std::array<char, 512> text_;
  std::size_t size_ = 0;
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
    case Share::compute: return "compute";
    case Share::latency: return "latency";
    case Share::interconnect: return "interconnect";
    case Share::host: return "host";
    case Share::shared: return "shared";
  }
  return "?";
}

void visit_effects(const engine::Setup& setup, const engine::MemoryPlan& plan, Phase phase,
                   const EffectSink& sink) {
  const catalog::Device& d = *setup.devices.front().device;
  const std::string_view p = phase == Phase::decode ? "decode" : "prefill";
  const std::string_view family = family_of(*setup.engine);
  const std::string_view backend = engine::backend_name(setup.backend);
  const std::string_view kind = class_of(*setup.model);
  const std::string_view format = setup.weights->format->id;
  const std::string_view scheme = catalog::scheme_name(setup.weights->format->scheme);
  const std::string_view model = setup.model->id;
  const std::string_view offload = offload_of(plan);
  const std::size_t n = setup.devices.size();
  Name name;
  const auto put = [&]<class... A>(Share share, double weight, std::string_view level, const A&... parts) {
    name.start(p, level);
    (name.part(parts), ...);
    sink({name.text(), name.text().substr(0, p.size() + 1 + level.size()), weight, share});
  };
  const auto add = [&](std::string_view level, const auto&... parts) { put(Share::all, 1, level, parts...); };
  // A scale of powers of two is climbed: each doubling has a factor, and the last one counts as far as it
  // goes.
  const auto climb = [&](double value, const auto& visit) {
    const double height = std::log2(std::max(1.0, value));
    for (int doubling = 0; doubling < height; ++doubling) visit(doubling, std::min(1.0, height - doubling));
  };
  add("engine", setup.engine->id);
  add("generation", family, backend, d.arch);
  // A vendor's processors say nothing of its cards.
  add("vendor", family, d.device_class == catalog::DeviceClass::cpu ? "processor" : vendor_of(d));
  add("device-kind", family, backend, catalog::enum_name(d.device_class));
  add("device", d.id);
  add("device-engine", d.id, family, backend);
  put(Share::latency, 1, "latency-generation", family, backend, d.arch);
  put(Share::latency, 1, "latency-device", d.id);
  put(Share::memory, 1, "memory-device", d.id);
  if (before_its_turn(setup)) {
    add("early", family);
    put(Share::latency, 1, "latency-early", family);
    if (n > 1) put(Share::interconnect, 1, "interconnect-early", family);
  }
  add("format", format, family);
  add("format-backend", format, family, backend);
  add("scheme-generation", scheme, d.arch, family);
  add("scheme-class", scheme, kind, family);
  add("class", kind, family);
  add("class-backend", kind, family, backend);
  add("class-device", kind, d.id, family);
  add("family", setup.model->family, family, backend);
  put(Share::latency, 1, "latency-family", setup.model->family, family, backend);
  add("model", model);
  add("model-engine", model, family, backend);
  put(Share::latency, 1, "latency-class", kind, family, backend);
  put(Share::memory, 1, "memory-class", kind, family, backend);
  put(Share::memory, 1, "memory-scheme", scheme, family, backend);
  put(Share::compute, 1, "compute-class", kind, family, backend);
  const double depth = static_cast<double>(setup.prompt_tokens) +
                       (phase == Phase::decode ? static_cast<double>(setup.output_tokens) / 2 : 0);
  climb(depth / 256, [&](int doubling, double weight) {
    put(Share::all, weight, "depth", doubling, family, backend);
    put(Share::all, weight, "depth-class", doubling, kind, family);
    put(Share::all, weight, "depth-device", doubling, d.id, family);
  });
  if (n > 1) {
    // Cards that share layers are another thing than cards that share the stack of layers.
    const auto cut = static_cast<std::size_t>(cut_of(setup));
    add("devices", n, cut, family);
    add("devices-device", n, cut, d.id, family);
    add("devices-class", n, cut, kind, family);
    put(Share::interconnect, 1, "interconnect-generation", family, d.arch);
    put(Share::interconnect, 1, "interconnect-device", family, d.id);
    put(Share::interconnect, 1, "interconnect-class", family, kind);
  }
  if (phase == Phase::decode) {
    climb(batch_of(setup, plan), [&](int doubling, double weight) {
      put(Share::shared, weight, "batch", doubling, family);
      put(Share::shared, weight, "batch-class", doubling, kind, family);
      put(Share::all, weight, "batch-device", doubling, d.id, family);
      put(Share::shared, weight, "batch-model", doubling, model, family);
    });
  }
  if (offload != "none") {
    add("offload", offload, family);
    add("offload-class", offload, kind, family);
    add("offload-device", offload, d.id);
    put(Share::host, 1, "host-class", offload, kind, family);
    put(Share::host, 1, "host-device", d.id);
  }
  if (phase == Phase::prefill) add("chunk", exponent(setup.llama.ubatch), family, backend);
  add("cache", setup.kv_type->id, family, backend);
  add("cell", d.id, n, model, format, setup.engine->id, backend, offload);
}

}  // namespace qwenfit::speed
