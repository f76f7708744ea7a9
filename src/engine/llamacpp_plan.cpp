#include "llamacpp_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qwenfit::engine::llamacpp {
namespace {

Bytes runtime_of(const Setup& setup) {
  if (setup.backend == Backend::cpu) return 0;
  const std::string name = fmt::format("context_{}_mib", backend_name(setup.backend));
  return units::mib(catalog::constant(*setup.catalog->engine("llama.cpp"), name).value);
}

Backends backends_of(const Setup& setup, const Version& version, int gpus) {
  Backends b;
  b.gpus = gpus;
  const bool cuda = setup.backend == Backend::cuda || setup.backend == Backend::rocm;
  b.attention_scratch = cuda && version.plans_scratch;
  b.fusion_keeps = cuda && version.keeps_fused;
  b.padded_rows = cuda;
  return b;
}

std::vector<double> shares_of(const Setup& setup, std::size_t gpus) {
  std::vector<double> shares = setup.llama.tensor_split;
  shares.resize(gpus);
  // Shares that are all zero are none (llama-model.cpp: load_tensors): by free memory; of cards that are not
  // known, evenly.
  const auto nothing = [](double share) { return share <= 0; };
  if (std::all_of(shares.begin(), shares.end(), nothing)) {
    for (std::size_t i = 0; i < std::min(gpus, setup.devices.size()); ++i)
      shares[i] = static_cast<double>(device_usable(setup.devices[i], setup.backend));
    if (std::any_of(shares.begin(), shares.end(), nothing)) shares.assign(gpus, 1.0);
  }
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

/// The MTP block as the only layer of a second context: it has a cache, a graph and logits of its own.
/// Nothing where llama.cpp leaves the block out.
std::optional<ComputeJob> draft_job(const Job& job, const Arrangement& a) {
  const auto layer = static_cast<std::size_t>(job.shape.layers);
  if (!drafts_with_mtp(job.setup) || layer >= a.layers.size() || job.shape.streams > 0) return std::nullopt;
  ComputeJob draft = compute_job(job, a);
  draft.kind = GraphKind::mtp;
  const int device = a.layers[layer];
  draft.placement.layers = {{static_cast<std::int16_t>(device == kHost ? job.gpus : device),
                             a.experts_on_host[layer], job.weights->type_set[layer]}};
  return draft;
}

/// The multimodal projector: towers in 16 bit, vectors and position embeddings in 32, on the first card
/// (conversion/qwenvl.py: tensor_force_quant; a BF16 file has its patch embeddings in 32 bit too).
void add_projector(const Setup& setup, MemoryPlan& plan) {
  Bytes sum = 0;
  for (const model::Tensor& t : model::build_inventory(*setup.model, model::Layout::gguf).tensors) {
    const bool tower = t.part == model::Part::vision || t.part == model::Part::audio;
    if (tower) sum += t.elements() * (t.is_vector ? 4 : 2);
  }
  if (const auto& vision = setup.model->geometry.vision)
    sum += Bytes{4 - 2} * vision->positions * vision->hidden_size;
  plan.devices.front().weights += sum;
  if (sum > 0) plan.notes.emplace_back("the projector's own compute buffer, for its images, is not counted");
}

/// Without a card the machine's memory is the one device.
void move_to_cpu(MemoryPlan& plan) {
  DeviceMemory& d = plan.devices.front();
  d.weights += plan.host.weights;
  d.kv_cache += plan.host.kv_cache;
  d.recurrent_state += plan.host.recurrent_state;
  d.compute += plan.host.compute;
  plan.host = {0, 0, 0, 0, plan.host.output};
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

Arranged::Arranged(const Job& job, Arrangement arrangement)
    : job_(job),
      a_(std::move(arrangement)),
      cached_(cached_layers(job.shape, a_)),
      trunk_(compute_job(job, a_)) {
  if (std::optional<ComputeJob> draft = draft_job(job, a_)) draft_.emplace(std::move(*draft));
  place_fixed();
}

void Arranged::place_fixed() {
  plan_ = empty_plan(job_);
  place_weights(*job_.weights, job_.shape.layers, a_, drafts_with_mtp(job_.setup), plan_);
  if (job_.setup.llama.mmproj) add_projector(job_.setup, plan_);
  for (const DeviceMemory& d : plan_.devices) weights_.push_back(d.weights);
  weights_.push_back(plan_.host.weights);
  plan_.gpu_layers = a_.gpu_layers;
  plan_.layers.resize(static_cast<std::size_t>(job_.shape.layers));
  if (job_.gpus == 0) return;  // all on the one device there is
  plan_.output_device = a_.output;
  for (std::size_t i = 0; i < plan_.layers.size(); ++i)
    plan_.layers[i] = {a_.layers[i], a_.experts_on_host[i]};
}

void Arranged::reset() {
  for (std::size_t i = 0; i < plan_.devices.size(); ++i) {
    DeviceMemory& d = plan_.devices[i];
    d.weights = weights_[i];
    d.kv_cache = d.recurrent_state = d.compute = 0;
  }
  plan_.host = {};
  plan_.host.weights = weights_.back();
  plan_.refusal.reset();
}

void Arranged::add_compute(ComputePlanner& planner, const ContextShape& context) {
  const std::vector<Bytes>& bytes = planner.at(context).bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) compute_[i] += bytes[i];
}

void Arranged::plan_compute(const ContextShape& context) {
  compute_.assign(static_cast<std::size_t>(job_.gpus) + 1, 0);
  if (context.sequences > kMostSequences) return;
  add_compute(trunk_, context);
  if (draft_) add_compute(*draft_, context);
}

void Arranged::place(const ContextShape& context) {
  reset();
  place_caches(job_.shape, context, cached_, plan_);
  const Bytes logits = context.sequences * std::int64_t{job_.shape.vocab} * 4;
  plan_.host.output += logits;
  if (context.sequences > kMostSequences) {
    plan_.refusal = fmt::format("llama.cpp takes at most {} sequences at once, not {}", kMostSequences,
                                units::format_grouped(context.sequences));
  } else if (draft_) {
    const int device = a_.layers[static_cast<std::size_t>(job_.shape.layers)];
    const Bytes cache = layer_cache_bytes(job_.shape, context, device != kHost);
    (device == kHost ? plan_.host.kv_cache : plan_.devices[static_cast<std::size_t>(device)].kv_cache) +=
        cache;
    plan_.host.output += logits;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(job_.gpus); ++i)
    plan_.devices[i].compute = compute_[i];
  plan_.host.compute = compute_.back();
  if (job_.gpus == 0) move_to_cpu(plan_);
}

const MemoryPlan& Arranged::at(const ContextShape& context) {
  plan_compute(context);
  place(context);
  return plan_;
}

const MemoryPlan& Arranged::about(const ContextShape& context) {
  if (compute_.empty()) plan_compute(job_.context);
  place(context);
  return plan_;
}

const MemoryPlan& Arranged::without_compute(const ContextShape& context) {
  compute_.assign(static_cast<std::size_t>(job_.gpus) + 1, 0);
  place(context);
  compute_.clear();
  return plan_;
}

MemoryPlan plan_with(const Job& job, const Arrangement& a) {
  return Arranged(job, a).at(job.context);
}

Arrangement asked_arrangement(const Job& job) {
  const LlamaOptions& l = job.setup.llama;
  if (job.gpus == 0) return arrange(job.layers, 0, {}, 0);
  const int all = job.layers + 1;
  const int gpu_layers = l.gpu_layers && *l.gpu_layers >= 0 ? std::min(*l.gpu_layers, all) : all;
  return arrange(job.layers, gpu_layers, job.shares, l.cpu_moe_layers);
}

Arrangement arrangement_of(const Job& job, const MemoryPlan& plan) {
  // MTP blocks follow the last layer of the trunk.
  Arrangement a = arrange(job.layers, plan.gpu_layers, job.shares, 0);
  if (job.gpus == 0) return a;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    a.layers[i] = plan.layers[i].device;
    a.experts_on_host[i] = plan.layers[i].experts_on_host;
  }
  return a;
}

bool leaves_free(const MemoryPlan& plan, Bytes margin) {
  return std::all_of(plan.devices.begin(), plan.devices.end(),
                     [&](const DeviceMemory& d) { return d.headroom() >= margin; });
}

}  // namespace qwenfit::engine::llamacpp
