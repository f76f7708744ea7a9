#include "llamacpp_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qwenfit::engine::llamacpp {
namespace {

constexpr std::int64_t kMostSequences = 256;  // llama-cparams.h: LLAMA_MAX_SEQ

Bytes runtime_of(const Setup& setup) {
  if (setup.backend == Backend::cpu) return 0;
  const std::string name = fmt::format("context_{}_mib", backend_name(setup.backend));
  return units::mib(catalog::constant(*setup.catalog->engine("llama.cpp"), name).value);
}

Backends backends_of(const Setup& setup, const Version& version, int gpus) {
  Backends b;
  b.gpus = gpus;
  const bool cuda = setup.backend == Backend::cuda || setup.backend == Backend::rocm;
  b.fusion_keeps = b.attention_scratch = cuda && version.plans_scratch;
  b.padded_rows = cuda;
  return b;
}

std::vector<double> shares_of(const Setup& setup, std::size_t gpus) {
  std::vector<double> shares = setup.llama.tensor_split;
  if (shares.empty()) {
    // By free memory; of cards that are not known, evenly.
    for (const DeviceSlot& slot : setup.devices)
      shares.push_back(static_cast<double>(device_usable(slot, setup.backend)));
    if (std::find(shares.begin(), shares.end(), 0.0) != shares.end() || shares.empty())
      shares.assign(gpus, 1.0);
  }
  shares.resize(gpus);
  if (setup.llama.split_mode == SplitMode::none && gpus > 1) std::fill(shares.begin() + 1, shares.end(), 0.0);
  return shares;
}

MemoryPlan empty_plan(const Job& job) {
  MemoryPlan plan;
  plan.devices.resize(std::max<std::size_t>(job.setup.devices.size(), 1));
  for (std::size_t i = 0; i < job.setup.devices.size(); ++i) {
    plan.devices[i].capacity = device_capacity(job.setup.devices[i]);
    plan.devices[i].usable = device_usable(job.setup.devices[i], job.setup.backend);
  }
  for (DeviceMemory& d : plan.devices) d.runtime = job.runtime;
  return plan;
}

ComputeJob compute_job(const Job& job, const Arrangement& a) {
  ComputeJob out{job.shape, job.context, placement_of(*job.weights, job.shape, a, job.gpus), job.backends,
                 GraphKind::trunk};
  out.backends.pipeline = job.gpus > 1 && a.everything_on_cards() && !a.moves_experts() &&
                          job.setup.llama.split_mode == SplitMode::layer;
  return out;
}

void add_compute(const Job& job, ComputeJob compute, MemoryPlan& plan) {
  const ComputeBuffers buffers = compute_buffers(std::move(compute));
  for (std::size_t i = 0; i < static_cast<std::size_t>(job.gpus); ++i)
    plan.devices[i].compute += buffers.bytes[i];
  plan.host.compute += buffers.bytes.back();
}

/// A second context, with the MTP block as its only layer: it has a cache, a graph and logits of its own.
void add_draft_context(const Job& job, const Arrangement& a, MemoryPlan& plan) {
  const auto layer = static_cast<std::size_t>(job.shape.layers);
  if (layer >= a.layers.size() || job.shape.streams > 0) return;  // llama.cpp leaves Qwen4Exp's block out
  const int device = a.layers[layer];
  const Bytes cache = layer_cache_bytes(job.shape, job.context, device != kHost);
  (device == kHost ? plan.host.kv_cache : plan.devices[static_cast<std::size_t>(device)].kv_cache) += cache;
  ComputeJob draft = compute_job(job, a);
  draft.kind = GraphKind::mtp;
  draft.placement.layers = {
      {static_cast<std::int16_t>(device == kHost ? job.gpus : device), a.experts_on_host[layer], 0}};
  add_compute(job, std::move(draft), plan);
  plan.host.output += job.context.sequences * std::int64_t{job.shape.vocab} * 4;
}

/// The multimodal projector: towers in 16 bit, vectors in 32, on the first card.
void add_projector(const Setup& setup, MemoryPlan& plan) {
  Bytes sum = 0;
  for (const model::Tensor& t : model::build_inventory(*setup.model, model::Layout::gguf).tensors) {
    const bool tower = t.part == model::Part::vision || t.part == model::Part::audio;
    if (tower) sum += t.elements() * (t.is_vector ? 4 : 2);
  }
  plan.devices.front().weights += sum;
  if (sum > 0) plan.notes.emplace_back("the projector's own compute buffer, for its images, is not counted");
}

/// Setup::llama.keep_layers and gpu_layers. MTP blocks follow the last layer of the trunk.
Arrangement kept_arrangement(const Job& job) {
  const std::vector<LayerPlace>& kept = job.setup.llama.keep_layers;
  Arrangement a = arrange(job.layers, *job.setup.llama.gpu_layers, job.shares, 0);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    a.layers[i] = kept[i].device;
    a.experts_on_host[i] = kept[i].experts_on_host;
  }
  return a;
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

}  // namespace

Job job_of(const Setup& setup) {
  const Version version = version_of(setup);
  const std::size_t gpus = setup.backend == Backend::cpu ? 0 : std::max<std::size_t>(setup.devices.size(), 1);
  Job job{setup,
          version,
          context_of(setup, version),
          shape_of(*setup.model),
          backends_of(setup, version, static_cast<int>(gpus)),
          weight_table(setup.weights),
          static_cast<int>(gpus),
          0,
          shares_of(setup, gpus),
          runtime_of(setup)};
  job.layers = static_cast<int>(job.weights->layers.size());
  return job;
}

MemoryPlan plan_with(const Job& job, const Arrangement& a, bool rough) {
  MemoryPlan plan = empty_plan(job);
  place_weights(*job.weights, job.shape.layers, a, drafts_with_mtp(job.setup), plan);
  place_caches(job.shape, job.context, a, plan);
  if (job.context.sequences > kMostSequences) {
    plan.refusal = fmt::format("llama.cpp takes at most {} sequences at once, not {}", kMostSequences,
                               units::format_grouped(job.context.sequences));
  } else {
    ComputeJob compute = compute_job(job, a);
    compute.rough = rough;
    add_compute(job, std::move(compute), plan);
    if (drafts_with_mtp(job.setup)) add_draft_context(job, a, plan);
  }
  if (job.setup.llama.mmproj) add_projector(job.setup, plan);
  plan.host.output += job.context.sequences * std::int64_t{job.shape.vocab} * 4;
  plan.gpu_layers = a.gpu_layers;
  plan.output_device = a.output;
  const auto trunk = static_cast<std::size_t>(job.shape.layers);
  plan.layers.resize(trunk);
  for (std::size_t i = 0; i < trunk; ++i) plan.layers[i] = {a.layers[i], a.experts_on_host[i]};
  if (job.gpus == 0) move_to_cpu(plan);
  return plan;
}

Arrangement asked_arrangement(const Job& job) {
  const LlamaOptions& l = job.setup.llama;
  if (job.gpus == 0) return arrange(job.layers, 0, {}, 0);
  const int all = job.layers + 1;
  if (!l.keep_layers.empty()) return kept_arrangement(job);
  const int gpu_layers = l.gpu_layers && *l.gpu_layers >= 0 ? std::min(*l.gpu_layers, all) : all;
  return arrange(job.layers, gpu_layers, job.shares, l.cpu_moe_layers);
}

bool leaves_free(const MemoryPlan& plan, Bytes margin) {
  return std::all_of(plan.devices.begin(), plan.devices.end(),
                     [&](const DeviceMemory& d) { return d.headroom() >= margin; });
}

}  // namespace qwenfit::engine::llamacpp
