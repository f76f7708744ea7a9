#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

#include "qwenfit/error.hpp"
#include "rules.hpp"
#include "version_point.hpp"

namespace qwenfit::engine {
namespace {

using catalog::DeviceClass;
using catalog::Vendor;

struct BackendName {
  Backend backend;
  std::string_view name;
};
constexpr std::array<BackendName, 8> kBackends{{{Backend::cuda, "cuda"},
                                                {Backend::rocm, "rocm"},
                                                {Backend::vulkan, "vulkan"},
                                                {Backend::metal, "metal"},
                                                {Backend::sycl, "sycl"},
                                                {Backend::cann, "cann"},
                                                {Backend::hpu, "hpu"},
                                                {Backend::cpu, "cpu"}}};

/// The backends that can drive a device, best first.
std::vector<Backend> backends_of(const catalog::Device& device) {
  if (device.device_class == DeviceClass::cpu) return {Backend::cpu};
  // Of Intel's accelerators Gaudi alone is not driven by SYCL.
  if (device.arch.starts_with("Gaudi")) return {Backend::hpu};
  switch (device.vendor) {
    case Vendor::nvidia: return {Backend::cuda, Backend::vulkan};
    case Vendor::amd: return {Backend::rocm, Backend::vulkan};
    case Vendor::intel: return {Backend::sycl, Backend::vulkan};
    case Vendor::apple: return {Backend::metal};
    case Vendor::huawei: return {Backend::cann};
    case Vendor::generic: return {Backend::cpu, Backend::vulkan};
  }
  return {Backend::cpu};
}

}  // namespace

std::string_view backend_name(Backend backend) {
  for (const BackendName& entry : kBackends) {
    if (entry.backend == backend) return entry.name;
  }
  return "?";
}

Backend parse_backend(std::string_view name) {
  const std::string folded = catalog::fold_name(name);
  for (const BackendName& entry : kBackends) {
    if (entry.name == folded) return entry.backend;
  }
  if (folded == "hip") return Backend::rocm;
  throw Error(
      ErrorCode::unknown_name,
      fmt::format("unknown backend '{}': it is one of cuda, rocm, vulkan, metal, sycl, cann, hpu, cpu",
                  name));
}

std::optional<Backend> best_backend(const catalog::Engine& engine, const catalog::Device& device) {
  for (const Backend backend : backends_of(device)) {
    for (const catalog::Text name : engine.backends) {
      if (name == backend_name(backend)) return backend;
    }
  }
  return std::nullopt;
}

Backend default_backend(const catalog::Engine& engine, const catalog::Device& device) {
  if (const auto best = best_backend(engine, device)) return *best;
  throw Error(ErrorCode::unsupported,
              fmt::format("{} does not run on {}: it has no backend for it", engine.name, device.name));
}

Bytes MemoryPlan::total() const {
  Bytes sum = host.total();
  for (const DeviceMemory& d : devices) sum += d.total();
  return sum;
}

DeviceMemory MemoryPlan::all_devices() const {
  DeviceMemory sum;
  for (const DeviceMemory& d : devices) {
    sum.weights += d.weights;
    sum.kv_cache += d.kv_cache;
    sum.recurrent_state += d.recurrent_state;
    sum.compute += d.compute;
    sum.graphs += d.graphs;
    sum.runtime += d.runtime;
    sum.capacity += d.capacity;
    sum.usable += d.usable;
  }
  return sum;
}

namespace {

bool takes(const catalog::Engine& engine, catalog::Scheme scheme) {
  return std::find(engine.schemes.begin(), engine.schemes.end(), catalog::scheme_name(scheme)) !=
         engine.schemes.end();
}

/// These read GGUF files too, though nobody makes their checkpoints of them.
bool reads_gguf(const catalog::Engine& engine) {
  return engine.id == "vllm" || engine.id == "sglang";
}

/// @throws Error(unsupported) naming the engines that run the format, when this one does not.
void check_format(const Setup& setup) {
  const catalog::WeightFormat& format = *setup.weights->format;
  const bool gguf = format.scheme == catalog::Scheme::ggml || format.scheme == catalog::Scheme::ggml_recipe;
  if (takes(*setup.engine, format.scheme) || (gguf && reads_gguf(*setup.engine))) return;
  std::string others;
  for (const catalog::Engine* engine : setup.catalog->engines()) {
    if (takes(*engine, format.scheme))
      others += fmt::format("{}{}", others.empty() ? "" : ", ", engine->name);
  }
  throw Error(ErrorCode::unsupported, fmt::format("{} does not run {}{}", setup.engine->name, format.name,
                                                  others.empty() ? "" : fmt::format(": {} can", others)));
}

/// @throws Error(unsupported) when the version is older than the engine's support of the model.
void check_version(Setup& setup) {
  if (setup.engine_version.empty()) return;
  const catalog::Engine& engine = *setup.engine;
  if (above_all_known(engine, setup.engine_version)) {
    setup.notes.push_back(fmt::format("{} {} is not known: the rules of {} are taken", engine.name,
                                      setup.engine_version,
                                      engine.versions[engine.versions.size() - 1].version));
  }
  for (const catalog::Introduction& first : engine.introduced) {
    const auto end = first.architectures.end();
    if (std::find(first.architectures.begin(), end, setup.model->architecture) == end) continue;
    if (!came_before(engine, setup.engine_version, first.version, first.date)) return;
    throw Error(
        ErrorCode::unsupported,
        fmt::format("engine_version: {} {} does not know {} ({}): it takes {} or newer", engine.name,
                    setup.engine_version, setup.model->family, setup.model->architecture, first.version));
  }
}

}  // namespace

void fill_defaults(Setup& setup) {
  check_format(setup);
  check_version(setup);
  const auto find = [&](std::string_view id) { return setup.catalog->dtype(id); };
  if (!setup.kv_type) setup.kv_type = find(setup.engine->default_kv_type);
  if (!setup.kv_type_v) setup.kv_type_v = setup.kv_type;
  rules_of(*setup.engine).fill_defaults(setup);
}

MemoryPlan plan_memory(const Setup& setup, std::vector<Step>* steps) {
  return rules_of(*setup.engine).plan(setup, steps);
}

namespace {

class PlanningProbe : public Probe {
 public:
  PlanningProbe(const Setup& setup, MemoryPlan (*plan_of)(const Setup&, std::vector<Step>*))
      : setup_(setup), plan_of_(plan_of) {}

  const MemoryPlan& at(std::int64_t context, std::int64_t concurrency, bool) override {
    setup_.context = context;
    setup_.concurrency = concurrency;
    return plan_ = plan_of_(setup_, nullptr);
  }
  std::int64_t most_sequences() const override { return std::numeric_limits<std::int64_t>::max(); }

 private:
  Setup setup_;
  MemoryPlan (*plan_of_)(const Setup&, std::vector<Step>*);
  MemoryPlan plan_;
};

}  // namespace

std::unique_ptr<Probe> Rules::probe(const Setup& setup, const MemoryPlan&) const {
  return make_probe(setup, plan_memory);
}

std::unique_ptr<Probe> make_probe(const Setup& setup,
                                  MemoryPlan (*plan_of)(const Setup&, std::vector<Step>*)) {
  return std::make_unique<PlanningProbe>(setup, plan_of);
}

std::unique_ptr<Probe> make_probe(const Setup& setup, const MemoryPlan& plan) {
  return rules_of(*setup.engine).probe(setup, plan);
}

const Rules& rules_of(const catalog::Engine& engine) {
  if (engine.id == "vllm") return vllm_rules();
  if (engine.id == "sglang") return sglang_rules();
  if (engine.id == "llama.cpp" || engine.id == "ollama" || engine.id == "lmstudio") return llamacpp_rules();
  if (engine.id == "transformers") return transformers_rules();
  if (engine.id == "mlx") return mlx_rules();
  if (engine.id == "tensorrt-llm") return tensorrt_llm_rules();
  if (engine.id == "exllamav3") return exllamav3_rules();
  throw std::logic_error(fmt::format("data/engines has {}, which no rules are written for", engine.id));
}

}  // namespace qwenfit::engine
