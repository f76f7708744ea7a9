// llama.cpp: what it loads where, the caches, and the buffers that its graph needs.
#include <fmt/format.h>

#include <algorithm>

#include "llamacpp_context.hpp"
#include "llamacpp_placement.hpp"
#include "qwenfit/error.hpp"
#include "rules.hpp"
#include "serving.hpp"

namespace qwenfit::engine {
namespace llamacpp {
namespace {

/// Free memory that --fit leaves on each card (common.h: fit_params_target).
constexpr Bytes kFitMargin = Bytes{1024} * units::kMiB;

/// One setup, with what does not change while layers are moved between devices.
struct Job {
  const Setup& setup;
  Version version;
  ContextShape context;
  ModelShape shape;
  Backends backends;
  int gpus;
  int layers;  ///< of the file
  std::vector<double> shares;
};

bool on_cpu(const Setup& setup) {
  return setup.backend == Backend::cpu;
}

Bytes runtime_bytes(const Setup& setup) {
  if (on_cpu(setup)) return 0;
  const std::string name = fmt::format("context_{}_mib", backend_name(setup.backend));
  return units::mib(constant_of(setup, name));
}

/// The cards, empty but for what the backend itself takes.
MemoryPlan empty_plan(const Setup& setup) {
  MemoryPlan plan;
  plan.devices.resize(std::max<std::size_t>(setup.devices.size(), 1));
  for (std::size_t i = 0; i < setup.devices.size(); ++i) {
    plan.devices[i].capacity = device_capacity(setup.devices[i]);
    plan.devices[i].usable = device_usable(setup.devices[i], setup.backend);
  }
  for (DeviceMemory& d : plan.devices) d.runtime = runtime_bytes(setup);
  return plan;
}

Backends backends_of(const Setup& setup, const Version& version, int gpus) {
  Backends b;
  b.gpus = gpus;
  const bool cuda = setup.backend == Backend::cuda || setup.backend == Backend::rocm;
  b.fusion_keeps = b.attention_scratch = cuda && version.plans_scratch;
  b.padded_rows = cuda;
  return b;
}

Job job_of(const Setup& setup) {
  const Version version = version_of(setup);
  const int gpus = on_cpu(setup) ? 0 : static_cast<int>(std::max<std::size_t>(setup.devices.size(), 1));
  Job job{setup,
          version,
          context_of(setup, version),
          shape_of(*setup.model),
          backends_of(setup, version, gpus),
          gpus,
          file_layers(*setup.weights),
          setup.llama.tensor_split};
  if (job.shares.empty()) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(gpus); ++i)
      job.shares.push_back(
          setup.devices.empty() ? 1.0 : static_cast<double>(device_usable(setup.devices[i], setup.backend)));
  }
  job.shares.resize(static_cast<std::size_t>(gpus));
  if (setup.llama.split_mode == SplitMode::none && gpus > 1)
    std::fill(job.shares.begin() + 1, job.shares.end(), 0.0);
  return job;
}

void add_compute(const Job& job, const Arrangement& a, MemoryPlan& plan) {
  ComputeJob compute{job.shape, job.context, placement_of(job.setup, a, job.gpus), job.backends,
                     GraphKind::trunk};
  const bool overrides =
      std::find(a.experts_on_host.begin(), a.experts_on_host.end(), true) != a.experts_on_host.end();
  compute.backends.pipeline = job.gpus > 1 && compute.placement.everything_offloaded && !overrides &&
                              job.setup.llama.split_mode == SplitMode::layer;
  const ComputeBuffers buffers = compute_buffers(compute);
  for (std::size_t i = 0; i < static_cast<std::size_t>(job.gpus); ++i)
    plan.devices[i].compute += buffers.bytes[i];
  plan.host.compute += buffers.bytes.back();
}

/// The plan with the layers arranged like this.
MemoryPlan plan_with(const Job& job, const Arrangement& a) {
  MemoryPlan plan = empty_plan(job.setup);
  place_weights(job.setup, a, drafts_with_mtp(job.setup), plan);
  place_caches(job.setup, job.context, a, plan);
  add_compute(job, a, plan);
  plan.host.output += job.context.sequences * std::int64_t{job.shape.vocab} * 4;
  plan.gpu_layers = a.gpu_layers;
  plan.output_device = a.output;
  const auto trunk = static_cast<std::size_t>(job.shape.layers);
  plan.layers.resize(trunk);
  for (std::size_t i = 0; i < trunk; ++i) plan.layers[i] = {a.layers[i], a.experts_on_host[i]};
  return plan;
}

/// Without a card the machine's memory is the one device.
void move_to_cpu(MemoryPlan& plan) {
  DeviceMemory& d = plan.devices.front();
  d.weights += plan.host.weights;
  d.kv_cache += plan.host.kv_cache;
  d.recurrent_state += plan.host.recurrent_state;
  d.compute += plan.host.compute;
  plan.host = {0, 0, 0, 0, plan.host.output};
  for (LayerPlace& place : plan.layers) place = {};
  plan.output_device = 0;
}

bool leaves_margin(const MemoryPlan& plan, Bytes margin) {
  return std::all_of(plan.devices.begin(), plan.devices.end(),
                     [&](const DeviceMemory& d) { return d.headroom() >= margin; });
}

class Llama : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    LlamaOptions& l = setup.llama;
    if (setup.context == 0) setup.context = std::min<std::int64_t>(setup.model->context.native, 8192);
    l.slots_follow = !l.parallel_slots && !l.kv_unified;
    const Slots slots = slots_of(setup, version_of(setup));
    if (l.slots_follow || !l.parallel_slots) l.parallel_slots = static_cast<int>(slots.count);
    l.kv_unified = slots.unified;
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>*) const override {
    const Job job = job_of(setup);
    const int all = job.layers + 1;
    const int moe = setup.llama.cpu_moe_layers;
    if (job.gpus == 0) {
      MemoryPlan plan = plan_with(job, arrange(job.layers, 0, {}, 0));
      move_to_cpu(plan);
      return plan;
    }
    const auto with = [&](int gpu_layers) {
      return plan_with(job, arrange(job.layers, gpu_layers, job.shares, moe));
    };
    if (setup.llama.gpu_layers) return with(*setup.llama.gpu_layers < 0 ? all : *setup.llama.gpu_layers);
    MemoryPlan plan = with(all);
    if (setup.devices.empty() || leaves_margin(plan, job.version.fits_layers ? kFitMargin : 0)) return plan;
    return plan;
  }
};

}  // namespace
}  // namespace llamacpp

const Rules& llamacpp_rules() {
  static const llamacpp::Llama rules;
  return rules;
}

}  // namespace qwenfit::engine
