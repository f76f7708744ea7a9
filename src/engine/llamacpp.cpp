// llama.cpp's programs: defaults, what they choose by themselves, notes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "llamacpp_plan.hpp"
#include "qwenfit/error.hpp"
#include "rules.hpp"
#include "serving.hpp"

namespace qwenfit::engine {
namespace llamacpp {
namespace {

/// Free memory that --fit leaves on each card (common.h: fit_params_target).
constexpr Bytes kFitMargin = Bytes{1024} * units::kMiB;
constexpr int kAppBatch = 512;  // n_batch of Ollama and LM Studio
/// common/arg.cpp: kv_cache_types
constexpr std::string_view kCacheTypes[] = {"f32",  "f16",    "bf16", "q8_0", "q4_0",
                                            "q4_1", "iq4_nl", "q5_0", "q5_1"};

std::string cells_of(const ContextShape& c) {
  return c.streams == 1 ? fmt::format("{} cells", units::format_grouped(c.cells))
                        : fmt::format("{} x {} cells", c.streams, units::format_grouped(c.cells));
}

void explain(const Job& job, const MemoryPlan& plan, std::vector<engine::Step>& steps) {
  const Derivation derivation(&steps, std::string(job.setup.engine->name));
  const DeviceMemory cards = plan.all_devices();
  derivation.bytes("Weights on cards", "tensors of the layers there, whole steps of 128 B each",
                   fmt::format("-ngl {} of {}", plan.gpu_layers, job.layers + 1), cards.weights,
                   "llama-model.cpp: load_tensors");
  derivation.bytes("Weights on the host", "token embedding, layers and experts that are not on a card", "",
                   plan.host.weights, "llama-model.cpp: load_tensors");
  derivation.bytes("KV cache", "rows of K and V x cells x layers with attention",
                   fmt::format("{}, padded to 256", cells_of(job.context)),
                   cards.kv_cache + plan.host.kv_cache, "llama-kv-cache.cpp: llama_kv_cache");
  if (job.shape.hybrid()) {
    derivation.bytes("Recurrent state", "convolution and delta-rule states in 32 bit x sequences",
                     fmt::format("{} sequences", job.context.sequences * job.context.snapshots),
                     cards.recurrent_state + plan.host.recurrent_state,
                     "llama-memory-recurrent.cpp: llama_memory_recurrent");
  }
  derivation.bytes("Compute buffers", "highest address in the plan of the graph of one full batch",
                   fmt::format("{} tokens, {} with logits", job.context.tokens, job.context.outputs),
                   cards.compute + plan.host.compute,
                   "ggml-alloc.c, ggml-backend.cpp; docs/llamacpp-memory.md");
  derivation.bytes("Output buffer", "sequences x vocabulary x 4 B, on the host",
                   fmt::format("{} x {} x 4", job.context.sequences, units::format_grouped(job.shape.vocab)),
                   plan.host.output, "llama-context.cpp: output_reserve");
}

void say_what_moved(const Job& job, const MemoryPlan& plan, MemoryPlan& out) {
  const auto on_host =
      std::count_if(plan.layers.begin(), plan.layers.end(), [](LayerPlace p) { return p.device < 0; });
  const auto experts = std::count_if(plan.layers.begin(), plan.layers.end(),
                                     [](LayerPlace p) { return p.device >= 0 && p.experts_on_host; });
  if (on_host > 0) {
    out.notes.push_back(fmt::format("{} of {} layers are computed on the host: -ngl {}", on_host,
                                    job.shape.layers, plan.gpu_layers));
  }
  if (experts > 0) out.notes.push_back(fmt::format("the experts of {} layers are in host memory", experts));
}

/// Why this build would not load the model in this split mode (llama-model.cpp: make_gpu_buft_list and
/// llm_arch_supports_sm_tensor; ggml-cuda.cu has no split buffers since #24216).
std::optional<std::string> split_refusal(const Job& job) {
  const SplitMode mode = job.setup.llama.split_mode;
  if (mode == SplitMode::row && job.gpus > 0 && job.setup.backend != Backend::sycl &&
      !job.version.splits_rows)
    return "llama.cpp would not start: its cards have no buffers split by rows since July 2026: --split-mode "
           "layer or tensor does";
  if (mode == SplitMode::tensor && job.setup.model->arch == catalog::Arch::qwen4_exp)
    return fmt::format("llama.cpp would not start: --split-mode tensor is not implemented for {}",
                       job.setup.model->family);
  return std::nullopt;
}

/// Options that change nothing here, which llama.cpp takes without a word.
void add_option_notes(const Job& job, MemoryPlan& plan) {
  const LlamaOptions& l = job.setup.llama;
  const catalog::Model& model = *job.setup.model;
  if (const auto cards = job.setup.devices.size(); cards > 0 && l.tensor_split.size() > cards) {
    plan.notes.push_back(fmt::format("tensor_split: {} shares for {} {}: the first {} taken",
                                     l.tensor_split.size(), cards, cards == 1 ? "card" : "cards",
                                     cards == 1 ? "is" : fmt::format("{} are", cards)));
  }
  if (!job.version.offloads_all && !l.gpu_layers && job.gpus > 0 && job.setup.backend != Backend::metal) {
    plan.notes.emplace_back(
        "builds before 2025-08-30 keep every layer on the host without -ngl: all that fit are taken to be on "
        "the card, as with -ngl 999");
  }
  if (l.cpu_moe_layers > 0 && !model.geometry.moe)
    plan.notes.push_back(fmt::format("cpu_moe_layers: {} has no experts", model.name));
  if (l.mmproj && !model.geometry.vision && !model.geometry.audio)
    plan.notes.push_back(fmt::format("mmproj: {} reads text only, there is no projector", model.name));
  if ((job.setup.kv_type->id == "iq4_nl" || job.setup.kv_type_v->id == "iq4_nl") && *l.flash_attention &&
      job.backends.fusion_keeps) {
    plan.notes.emplace_back(
        "CUDA's flash attention reads no iq4_nl cache: attention would run on the processor, which is not "
        "counted");
  }
}

class LlamaProbe : public Probe {
 public:
  LlamaProbe(const Setup& setup, const MemoryPlan& plan)
      : setup_(setup), job_(job_of(setup_)), arranged_(job_, arrangement_of(job_, plan)) {}

  const MemoryPlan& at(std::int64_t context, std::int64_t concurrency, bool rough) override {
    setup_.context = context;
    setup_.concurrency = concurrency;
    const ContextShape shape = context_of(setup_, job_.version);
    const MemoryPlan& about = arranged_.about(shape);
    // What does not fit even without compute buffers needs no plan of them: it does not fit.
    return rough || !leaves_free_without_compute(about) ? about : arranged_.at(shape);
  }
  std::int64_t most_sequences() const override { return kMostSequences; }

 private:
  static bool leaves_free_without_compute(const MemoryPlan& plan) {
    return std::all_of(plan.devices.begin(), plan.devices.end(),
                       [](const DeviceMemory& d) { return d.headroom() + d.compute >= 0; });
  }

  Setup setup_;
  Job job_;
  Arranged arranged_;
};

class Llama : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    LlamaOptions& l = setup.llama;
    if (setup.context == 0) setup.context = std::min<std::int64_t>(setup.model->context.native, 8192);
    if (setup.engine->id != "llama.cpp" && l.batch == LlamaOptions{}.batch) l.batch = kAppBatch;
    l.slots_follow = !l.parallel_slots && !l.kv_unified;
    const Version version = version_of(setup);
    const bool attention_asked = l.flash_attention.has_value();
    if (!attention_asked) l.flash_attention = version.offloads_all;
    const Slots slots = slots_of(setup, version);
    if (l.slots_follow || !l.parallel_slots) l.parallel_slots = static_cast<int>(slots.count);
    l.kv_unified = slots.unified;
    check(setup, attention_asked);
  }

  MemoryPlan plan(const Setup& setup, std::vector<engine::Step>* steps) const override {
    const Job job = job_of(setup);
    const bool chooses =
        !setup.llama.gpu_layers && setup.llama.cpu_moe_layers == 0 && job.gpus > 0 && !setup.devices.empty();
    Arranged asked(job, asked_arrangement(job));
    // What does not fit even without compute buffers needs no plan of them.
    bool too_large = chooses && !leaves_free(asked.without_compute(job.context), 0);
    MemoryPlan plan;
    if (!too_large) {
      plan = asked.at(job.context);
      too_large = chooses && !leaves_free(plan, 0);
    }
    if (too_large) {
      const bool fits = job.version.fits_layers;
      plan = plan_with(job, fitted_arrangement(job, fits ? kFitMargin : 0, fits));
      say_what_moved(job, MemoryPlan(plan), plan);
    } else if (chooses && job.version.fits_layers && !leaves_free(plan, kFitMargin)) {
      plan.notes.emplace_back(
          "less than 1 GiB stays free: llama.cpp's --fit would put a layer or more on the host; -ngl 999 "
          "keeps all "
          "on the card");
    }
    if (!plan.refusal) plan.refusal = split_refusal(job);
    if (setup.llama.split_mode == SplitMode::row || setup.llama.split_mode == SplitMode::tensor) {
      plan.notes.emplace_back(
          "split modes row and tensor are counted as layer: the cards' shares are about right");
    }
    add_option_notes(job, plan);
    if (steps) explain(job, plan, *steps);
    return plan;
  }

  std::unique_ptr<Probe> probe(const Setup& setup, const MemoryPlan& plan) const override {
    return std::make_unique<LlamaProbe>(setup, plan);
  }

 private:
  static void check(const Setup& setup, bool attention_asked) {
    // Single precision, as the engine keeps them.
    constexpr double kMostShare = 1e30;
    for (const double share : setup.llama.tensor_split) {
      if (share > kMostShare)
        throw Error(ErrorCode::invalid_value,
                    fmt::format("tensor_split: '{}' is not a number from 0 to 1e30", share));
    }
    if (!*setup.llama.flash_attention && setup.kv_type_v->block > 1) {
      throw Error(
          ErrorCode::unsupported,
          fmt::format("a KV cache with {} values needs flash attention: llama.cpp refuses it without{}",
                      setup.kv_type_v->id,
                      attention_asked ? "" : ", and builds before 2025-08-30 need -fa to have it"));
    }
    const std::string_view k = setup.kv_type->id;
    const std::string_view v = setup.kv_type_v->id;
    for (const std::string_view type : {k, v}) {
      if (std::find(std::begin(kCacheTypes), std::end(kCacheTypes), type) == std::end(kCacheTypes)) {
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} has no KV cache of type {}: it is one of {}", setup.engine->name, type,
                                fmt::join(kCacheTypes, ", ")));
      }
    }
  }
};

}  // namespace
}  // namespace llamacpp

const Rules& llamacpp_rules() {
  static const llamacpp::Llama rules;
  return rules;
}

}  // namespace qwenfit::engine
