#include "effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>

#include "qwenfit/model.hpp"

namespace qwenfit::speed {
namespace {

/// Powers of two: 1, 2, 4 ...; a bin is named by its exponent.
int bin(double value) {
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

}  // namespace

std::string_view class_of(const catalog::Model& model) {
  const catalog::Geometry& g = model.geometry;
  const bool hybrid = g.linear_attention.has_value();
  if (g.moe) return hybrid ? "hybrid-moe" : "moe";
  return hybrid ? "hybrid" : "dense";
}

std::string_view vendor_of(const catalog::Device& d) {
  using catalog::Vendor;
  switch (d.vendor) {
    case Vendor::nvidia: return "nvidia";
    case Vendor::amd: return "amd";
    case Vendor::apple: return "apple";
    case Vendor::intel: return "intel";
    case Vendor::huawei: return "huawei";
    case Vendor::generic: return "generic";
  }
  return "?";
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

std::string_view family_of(const catalog::Engine& engine) {
  if (engine.id == "ollama" || engine.id == "lmstudio") return "llama.cpp";
  return engine.id;
}

std::string group_of(const engine::Setup& setup, Phase phase) {
  return fmt::format("{} {} {}", phase == Phase::decode ? "decode" : "prefill", family_of(*setup.engine),
                     engine::backend_name(setup.backend));
}

void visit_effects(const engine::Setup& setup, const engine::MemoryPlan& plan, const Work& work, Phase phase,
                   const EffectSink& sink) {
  const catalog::Device& d = *setup.devices.front().device;
  const std::string_view p = phase == Phase::decode ? "decode" : "prefill";
  const std::string_view family = family_of(*setup.engine);
  const std::string_view kind = class_of(*setup.model);
  const std::string_view format = setup.weights->format->id;
  const std::string_view scheme = catalog::scheme_name(setup.weights->format->scheme);
  const std::string_view model = setup.model->id;
  const std::string_view offload = offload_of(plan);
  const std::size_t n = setup.devices.size();
  const int batch = bin(batch_of(setup));
  const double depth =
      static_cast<double>(setup.prompt_tokens) + static_cast<double>(setup.output_tokens) / 2;
  const int far =
      std::max(0, bin(phase == Phase::decode ? depth : static_cast<double>(setup.prompt_tokens)) - 8);
  // How long a step takes by the data sheet: fixed costs show on short ones.
  const double sheet = work.weights_s + work.host_s + (phase == Phase::prefill ? work.compute_s : 0);
  const int length = bin(sheet * 1e6) / 2;
  Name name;
  const auto add = [&]<class... A>(std::string_view level, const A&... parts) {
    name.start(p, level);
    (name.part(parts), ...);
    sink(name.text(), p.size() + 1 + level.size());
  };
  const std::string_view backend = engine::backend_name(setup.backend);
  add("engine", setup.engine->id);
  add("generation", family, backend, d.arch);
  add("vendor", family, vendor_of(d));
  add("device", d.id);
  add("device-engine", d.id, family, backend);
  add("format", format, family);
  add("format-backend", format, family, backend);
  add("scheme-generation", scheme, d.arch, family);
  add("scheme-class", scheme, kind, family);
  add("class", kind, family);
  add("class-backend", kind, family, backend);
  add("class-device", kind, d.id, family);
  add("model", model);
  add("model-engine", model, family, backend);
  add("model-device", model, d.id);
  add("format-device", format, d.id, family);
  add("length", length, family, backend);
  add("length-class", length, kind, family);
  add("depth", far, family, backend);
  add("depth-class", far, kind, family);
  add("depth-device", far, d.id, family);
  if (n > 1) {
    add("devices", n, family);
    add("devices-device", n, d.id, family);
    add("devices-class", n, kind, family);
  }
  if (batch > 0 && phase == Phase::decode) {
    add("batch", batch, family);
    add("batch-class", batch, kind, family);
    add("batch-device", batch, d.id, family);
    add("batch-model", batch, model, family);
  }
  if (offload != "none") {
    add("offload", offload, family);
    add("offload-class", offload, kind, family);
    add("offload-device", offload, d.id);
  }
  if (phase == Phase::prefill) add("chunk", bin(setup.llama.ubatch), family, backend);
  add("cache", setup.kv_type->id, family, backend);
  add("cell", d.id, n, model, format, setup.engine->id, backend, offload);
}

}  // namespace qwenfit::speed
