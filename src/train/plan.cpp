// What one training step holds on each device. Frameworks: PyTorch with transformers and PEFT; ZeRO and FSDP
// shard over data-parallel devices, tensor, pipeline and expert parallelism follow Megatron-LM with its
// distributed optimizer. Bytes per parameter are those of "ZeRO: Memory Optimizations" (arXiv:1910.02054,
// section 3.1) and of Megatron-LM's distrib_optimizer.md.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "optimizer.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/train.hpp"

namespace qwenfit::train {
namespace {

using format::TypedTensor;
using model::Part;
using model::Role;

constexpr double kHalf = 2;   ///< bytes of a 16-bit value
constexpr double kFloat = 4;  ///< of a 32-bit one
/// DeepSpeed's stage3_max_live_parameters: what ZeRO-3 holds gathered at most.
constexpr double kLiveParameters = 1e9;
/// Its reduce_bucket_size, in values: while the backward pass runs, stages 1 and 2 hold a 16-bit buffer of
/// it. The files that people start from are near: 5e8 once (LLaMA-Factory), 2e8 twice for overlap_comm
/// (ms-swift, transformers' guide). Stage 3 is mostly "auto", the square of the hidden size: nothing beside
/// the rest.
constexpr double kReduceBucket = 5e8;

/// How the model is cut. A share is what one device has of the whole.
struct Split {
  int devices = 1;
  bool megatron = false;
  int stage = 0;      ///< of ZeRO; 3 for FSDP
  double dense = 1;   ///< share of tensors that all tokens use
  double expert = 1;  ///< share of routed experts
  double replicas = 1;
  double expert_replicas = 1;
  double tokens = 1;      ///< share of activations: Megatron's sequence parallelism
  double vocabulary = 1;  ///< share of the logits
};

bool routed(Role role) {
  return role == Role::expert_gate || role == Role::expert_up || role == Role::expert_down;
}

/// Parts that training frameworks load.
bool loaded(const TypedTensor& t) {
  const Part part = t.tensor.part;
  return !t.stored_copy && (part == Part::text || part == Part::vision || part == Part::audio);
}

Split split_of(const engine::Setup& setup, const Train& train) {
  Split s;
  s.devices = std::max<int>(1, static_cast<int>(setup.devices.size()));
  s.stage = train.fsdp.value_or(false) ? 3 : train.zero_stage.value_or(0);
  const int cut = setup.tensor_parallel * setup.pipeline_parallel;
  s.megatron = cut > 1 || setup.expert_parallel > 1;
  if (!s.megatron) return s;
  s.dense = 1.0 / cut;
  s.expert = 1.0 / (std::max(setup.expert_parallel, 1) * setup.pipeline_parallel);
  s.replicas = std::max(1.0, s.devices * s.dense);
  s.expert_replicas = std::max(1.0, s.devices * s.expert);
  s.tokens = s.vocabulary = 1.0 / setup.tensor_parallel;
  return s;
}

/// Sums over the loaded tensors, for one device.
struct Sums {
  double stored = 0;      ///< bytes as the format has them, 16 bit where it is trained whole
  double parameters = 0;  ///< of the text part
  double width = 0;       ///< values that a layer keeps per token, all layers
  double layers = 0;
};

class Plan {
 public:
  explicit Plan(const engine::Setup& setup)
      : setup_(setup),
        train_(*setup.train),
        geometry_(setup.model->geometry),
        optimizer_(find_optimizer(train_.optimizer)),
        engine_(*setup.catalog->engine("transformers")),
        split_(split_of(setup, *setup.train)) {
    trained_ = trained_parameters(setup);
    walk();
    weights_and_states();
    activations();
    memory_.runtime = static_cast<Bytes>(constant("train_runtime_bytes"));
  }

  const TrainMemory& memory() const { return memory_; }
  const Split& split() const { return split_; }
  const Trained& trained() const { return trained_; }
  double tokens() const {
    return static_cast<double>(setup_.context) * static_cast<double>(setup_.concurrency);
  }
  double constant(std::string_view name) const { return catalog::constant(engine_, name).value; }
  /// An embedding model's loss needs none.
  double logits() const {
    const bool none = geometry_.headless || setup_.model->kind == "embedding";
    return none ? 0 : tokens() * geometry_.vocab_size * split_.vocabulary;
  }
  double layer_bytes() const { return kHalf * tokens() * split_.tokens * sums_.width / sums_.layers; }
  double kept_bytes() const { return kept_; }
  double step_bytes() const { return step_; }
  double bucket_bytes() const { return bucket_; }

 private:
  void walk() {
    const bool full = train_.method == "full";
    double experts_per_token = 0;
    if (geometry_.moe) experts_per_token = geometry_.moe->experts_per_token;
    for (const TypedTensor& t : setup_.weights->tensors) {
      if (!loaded(t)) continue;
      const bool expert = routed(t.tensor.role);
      const double share = expert ? split_.expert : split_.dense;
      const auto elements = static_cast<double>(t.tensor.elements());
      const bool quantized = t.type->bytes * 8 < 16 * t.type->block;
      double bytes = static_cast<double>(t.total());
      // PEFT's prepare_model_for_kbit_training widens what is not quantized to 32 bit, but not beside GPTQ
      // (Qwen v1's scripts); of those that load NF4, ms-swift, LLaMA-Factory and unsloth do without it.
      if (full || !quantized) bytes = elements * kHalf;
      sums_.stored += bytes * share;
      if (t.tensor.part != Part::text) continue;
      sums_.parameters += elements * share;
      if (t.tensor.layer < 0 || t.tensor.is_vector) continue;
      const double times = expert ? experts_per_token : static_cast<double>(t.tensor.count);
      const bool down = t.tensor.role == Role::ffn_down || t.tensor.role == Role::expert_down ||
                        t.tensor.role == Role::shared_expert_down || t.tensor.role == Role::attn_output ||
                        t.tensor.role == Role::linear_output;
      sums_.width += times * static_cast<double>(t.tensor.rows + (down ? t.tensor.cols : 0));
    }
    sums_.layers = geometry_.layers;
    // Two norms and two residual sums.
    sums_.width += 4.0 * geometry_.hidden_size * geometry_.layers;
    spread_if_too_large();
  }

  /// Without ZeRO every device holds a copy, unless none would: then transformers' device_map cuts between
  /// layers.
  void spread_if_too_large() {
    if (split_.megatron || split_.stage > 0 || split_.devices < 2) return;
    const Bytes usable = engine::device_usable(setup_.devices.front(), setup_.backend);
    if (sums_.stored <= static_cast<double>(usable)) return;
    spread_ = true;
    split_.dense = split_.expert = 1.0 / split_.devices;
    sums_.stored *= split_.dense;
    sums_.parameters *= split_.dense;
  }

  /// Bytes of the gradients, states and master weights of parameters that are trained whole.
  void whole(double parameters, double replicas) {
    const double state = optimizer_.eight_bit ? 1 : kFloat;
    double gradients = kHalf;
    double states = 0;
    if (split_.megatron) {
      // Gradients are summed in 32 bit; master weights and states are spread over the replicas.
      gradients = kFloat;
      states = (kFloat + optimizer_.states * state) / replicas;
    } else if (split_.stage > 0) {
      states = (kFloat + optimizer_.states * state) / split_.devices;
      if (split_.stage > 1) gradients /= split_.devices;
      if (split_.stage < 3) step_ += (kHalf + kFloat) * parameters / split_.devices;
    } else {
      // Plain transformers trains the 16-bit weights themselves.
      states = optimizer_.states * std::min(state, kHalf);
      memory_.activations += static_cast<Bytes>(constant("train_update_bytes") * parameters);
    }
    memory_.gradients += static_cast<Bytes>(gradients * parameters);
    memory_.optimizer += static_cast<Bytes>(states * parameters);
  }

  void weights_and_states() {
    double stored = sums_.stored;
    if (split_.stage == 3) {
      const double live = std::min(kLiveParameters, sums_.parameters) * kHalf;
      stored = std::min(stored, stored / split_.devices + live);
    }
    memory_.weights = static_cast<Bytes>(stored);
    if (trained_.full > 0) {
      const double dense = spread_ || split_.megatron ? split_.dense : 1.0;
      if (train_.method == "full" && split_.megatron && geometry_.moe) {
        double experts = 0;
        for (const TypedTensor& t : setup_.weights->tensors) {
          if (loaded(t) && routed(t.tensor.role)) experts += static_cast<double>(t.tensor.elements());
        }
        whole(experts * split_.expert, split_.expert_replicas);
        whole((static_cast<double>(trained_.full) - experts) * split_.dense, split_.replicas);
      } else {
        whole(static_cast<double>(trained_.full) * dense, split_.replicas);
      }
      // PEFT trains a copy of what it saves beside the adapters.
      if (train_.method != "full")
        memory_.adapters += static_cast<Bytes>(kHalf * static_cast<double>(trained_.full));
    }
    if (trained_.adapters > 0) {
      // PEFT keeps adapters in 32 bit.
      const double share = split_.stage == 3              ? 1.0 / split_.devices
                           : (split_.megatron || spread_) ? split_.dense
                                                          : 1.0;
      const double mine = static_cast<double>(trained_.adapters) * share;
      const double spread = split_.stage == 1 || split_.stage == 2 ? split_.devices : 1;
      memory_.adapters += static_cast<Bytes>(kFloat * mine);
      memory_.gradients += static_cast<Bytes>(kFloat * mine / (split_.stage == 2 ? spread : 1));
      memory_.optimizer +=
          static_cast<Bytes>(optimizer_.states * (optimizer_.eight_bit ? 1 : kFloat) * mine / spread);
    }
  }

  void activations() {
    const double layers = sums_.layers * (spread_ ? split_.dense : 1.0);
    kept_ = *train_.gradient_checkpointing ? kHalf * tokens() * split_.tokens * geometry_.hidden_size * layers
                                           : layer_bytes() * layers;
    // The loss is the fullest moment; without one it is the layer whose activations are computed again.
    const double peak = logits() > 0 ? constant("train_logit_bytes") * logits() : layer_bytes();
    // What the optimizer's step takes is taken when the activations are gone.
    if (split_.stage == 1 || split_.stage == 2) bucket_ = kHalf * kReduceBucket;
    const double bytes = std::max(kept_ + peak + bucket_, step_);
    memory_.activations += static_cast<Bytes>(std::min(bytes, 9e18));
  }

  const engine::Setup& setup_;
  const Train& train_;
  const catalog::Geometry& geometry_;
  const Optimizer& optimizer_;
  const catalog::Engine& engine_;
  Split split_;
  Trained trained_;
  Sums sums_;
  bool spread_ = false;
  double kept_ = 0;
  /// Of ZeRO 1 and 2: DeepSpeed's step (runtime/zero/stage_1_and_2.py) makes a flat 16-bit copy of a device's
  /// gradients, and of that one in 32 bit.
  double step_ = 0;
  double bucket_ = 0;
  TrainMemory memory_;
};

void derive(const Plan& p, const engine::Setup& setup, std::vector<engine::Step>& steps) {
  const TrainMemory& m = p.memory();
  const auto add = [&](std::string quantity, std::string formula, std::string values, Bytes result,
                       std::string source) {
    steps.push_back({std::move(quantity), std::move(formula), std::move(values), units::format_bytes(result),
                     std::move(source)});
  };
  add("Trained parameters' states", "gradients + optimizer states",
      fmt::format("{} trained whole, {} of adapters; {}", units::format_grouped(p.trained().full),
                  units::format_grouped(p.trained().adapters), setup.train->optimizer),
      m.gradients + m.optimizer, "arXiv:1910.02054, section 3.1; Megatron-LM docs/distrib_optimizer.md");
  const std::string kept = units::format_bytes(static_cast<Bytes>(p.kept_bytes()));
  if (p.logits() > 0) {
    add("Activations",
        "kept for backward + bytes a logit x tokens x vocabulary (+ the optimizer's temporaries)",
        fmt::format("{} + {:.3g} x {:.0f} x {}", kept, p.constant("train_logit_bytes"), p.tokens(),
                    setup.model->geometry.vocab_size),
        m.activations, "fitted: scripts/fit_finetune.py");
  } else {
    add("Activations", "kept for backward + one layer computed again",
        fmt::format("{} + {}", kept, units::format_bytes(static_cast<Bytes>(p.layer_bytes()))), m.activations,
        "");
  }
  if (p.bucket_bytes() > 0)
    add("ZeRO's bucket", "2 bytes x reduce_bucket_size, with the activations", "2 x 5e8",
        static_cast<Bytes>(p.bucket_bytes()), "DeepSpeed: runtime/zero/stage_1_and_2.py, config.py");
  if (p.step_bytes() > 0) {
    add("ZeRO's step", "(2 + 4) bytes x trained parameters of the device; no less than the activations", "",
        static_cast<Bytes>(p.step_bytes()), "DeepSpeed: runtime/zero/stage_1_and_2.py");
  }
  add("Runtime", "a fixed amount", "", m.runtime, "fitted: scripts/fit_finetune.py");
}

}  // namespace

std::vector<TrainMemory> plan(const engine::Setup& setup, std::vector<engine::Step>* steps) {
  const catalog::Scheme scheme = setup.weights->format->scheme;
  if (setup.train->method == "full" && scheme != catalog::Scheme::plain)
    throw Error(ErrorCode::unsupported,
                fmt::format("full fine-tuning trains 16-bit weights, not {}: use qlora, or the format bf16",
                            setup.weights->format->name));
  const Plan p(setup);
  std::vector<TrainMemory> out(std::max<std::size_t>(1, setup.devices.size()), p.memory());
  for (std::size_t i = 0; i < setup.devices.size(); ++i) {
    out[i].capacity = engine::device_capacity(setup.devices[i]);
    out[i].usable = engine::device_usable(setup.devices[i], setup.backend);
  }
  if (steps) derive(p, setup, *steps);
  return out;
}

engine::MemoryPlan plan_memory(const engine::Setup& setup, std::vector<engine::Step>* steps) {
  engine::MemoryPlan memory;
  for (const TrainMemory& t : plan(setup, steps)) {
    engine::DeviceMemory d;
    d.weights = t.weights + t.adapters;
    d.compute = t.gradients + t.optimizer + t.activations;
    d.runtime = t.runtime;
    d.capacity = t.capacity;
    d.usable = t.usable;
    memory.devices.push_back(d);
  }
  memory.layers.resize(static_cast<std::size_t>(setup.model->geometry.layers));
  return memory;
}

}  // namespace qwenfit::train
