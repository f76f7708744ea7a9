// SGLang: a share of the memory that is free before loading; weights, recurrent state and KV pool live in it,
// activations and CUDA graphs in the rest.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rules.hpp"
#include "serving.hpp"
#include "sglang_rules.hpp"

namespace qwenfit::engine {
namespace {

using sglang::StateRule;
using units::format_bytes;
using units::format_grouped;

/// Memory of one rank, and the pools that fit beside the weights.
struct RankPool {
  Bytes weights = 0;       ///< target and draft, as segments taken from the driver
  Bytes draft = 0;         ///< of these, the draft's
  Bytes rest = 0;          ///< for recurrent state and KV cache
  Bytes slot = 0;          ///< recurrent state of one request
  std::int64_t slots = 0;  ///< max_mamba_cache_size
  Bytes state = 0;         ///< allocated for recurrent state, drafts' copies included
  Bytes cell = 0;          ///< of one token, drafter's layers included
  std::int64_t tokens = 0;
};

Bytes reserved_by(const Setup& setup, const Stage& stage) {
  return load_rank(setup, stage, {4, 1}, 0).reserved;
}

/// KV layers of the drafter on the last stage.
int drafter_layers(const Setup& setup) {
  return speculates_with_mtp(setup) ? std::max(1, setup.model->geometry.mtp_layers) : 0;
}

/// Slots of recurrent state, and what is left for the KV cache.
void size_state(const sglang::Version& version, const Setup& setup, int layers, RankPool& r) {
  const ServingOptions& s = setup.serving;
  const Bytes value = s.mamba_ssm_dtype == "float32" ? 4 : 2;
  r.slot = layers * layer_state(setup, 0, value).total();
  const double slot = static_cast<double>(r.slot);
  const double ratio = *s.mamba_full_memory_ratio;
  const double share = std::max(0.0, static_cast<double>(r.rest)) * ratio / (1 + ratio);
  const int drafts = sglang::draft_tokens(setup);
  const int per_request = version.slots_per_request;
  const std::int64_t running = s.max_running_requests.value_or(512);
  const bool given =
      s.max_mamba_cache_size ||
      (s.disable_radix_cache && (s.max_running_requests || version.state <= StateRule::shared));
  Bytes copies = 0;  // states after each drafted token, until they are accepted

  if (given) r.slots = s.max_mamba_cache_size.value_or(static_cast<int>(running));
  switch (version.state) {
    case StateRule::given:
    case StateRule::shared:
      if (!given) r.slots = static_cast<std::int64_t>(share / slot) / (1 + drafts);
      copies = r.slots * drafts * r.slot;
      break;
    case StateRule::reserved:
      copies = drafts > 0 ? running * drafts * r.slot : 0;
      if (!given) {
        const double left = std::max(0.0, static_cast<double>(r.rest - copies)) * ratio / (1 + ratio);
        r.slots = static_cast<std::int64_t>(left / slot);
      }
      break;
    case StateRule::joint: {
      if (!given) {
        const double padding = version.padding_slot ? slot * (1 + drafts) : 0;
        r.slots = static_cast<std::int64_t>(std::max(0.0, share - padding) /
                                            (slot * (1 + static_cast<double>(drafts) / per_request)));
      }
      const std::int64_t requests = std::min(running, r.slots / per_request);
      copies = drafts > 0 ? (requests + 1) * drafts * r.slot : 0;
      break;
    }
  }
  // One slot more than asked for is allocated; until 0.5.13 it was not accounted for.
  r.state = (r.slots + 1) * r.slot + copies;
  r.rest -= r.state - (version.state == StateRule::joint ? 0 : r.slot);
}

RankPool rank_pool(const sglang::Version& version, const Setup& setup, const Stage& stage, Bytes before) {
  RankPool r;
  Setup target = setup;
  target.speculative.reset();
  r.weights = reserved_by(setup, stage);
  r.draft = r.weights - reserved_by(target, stage);
  const StageLayers layers = stage_layers(setup, stage);
  const int drafter = stage.heads ? drafter_layers(setup) : 0;
  r.cell = kv_bytes_per_token(setup) * (layers.attention + drafter);
  const Bytes sized_by = version.drafts_before_pool ? r.cell : kv_bytes_per_token(setup) * layers.attention;
  const double slack = static_cast<double>(before) * (1 - *setup.serving.mem_fraction_static);
  r.rest = before - (r.weights - (version.drafts_before_pool ? 0 : r.draft)) - static_cast<Bytes>(slack);
  const bool multimodal = setup.model->geometry.vision || setup.model->geometry.audio;
  if (multimodal && version.multimodal_reserve) r.rest -= units::mib(100);
  if (layers.recurrent > 0) size_state(version, setup, layers.recurrent, r);
  // A stage without attention holds any number of tokens.
  r.tokens = sized_by > 0 ? std::max<Bytes>(0, r.rest) / sized_by : r.rest > 0 ? units::kMaxCount : 0;
  const std::int64_t page = *setup.serving.page_size;
  if (setup.serving.max_total_tokens) r.tokens = std::min(r.tokens, *setup.serving.max_total_tokens);
  r.tokens = r.tokens / page * page;
  return r;
}

/// Requests admitted at once (resolve_max_num_reqs).
std::int64_t most_requests(const sglang::Version& version, const Setup& setup, const RankPool& r) {
  const std::int64_t estimated = std::clamp<std::int64_t>(
      static_cast<std::int64_t>(static_cast<double>(r.tokens) / static_cast<double>(setup.context) * 512),
      2048, 4096);
  std::int64_t n = setup.serving.max_running_requests.value_or(static_cast<int>(estimated));
  n = std::min(n, r.tokens / 2);
  if (r.slot > 0) n = std::min(n, r.slots / version.slots_per_request);
  return n;
}

std::optional<std::string> refusal_of(const Setup& setup, const RankPool& r, std::int64_t requests,
                                      Bytes before) {
  const double fraction = *setup.serving.mem_fraction_static;
  if (r.weights > before) {
    return fmt::format("CUDA out of memory while loading: {} of weights per card, {} free",
                       format_bytes(r.weights), format_bytes(before));
  }
  if (r.tokens <= 0) {
    return fmt::format(
        "not enough memory: weights of {} leave nothing for the KV cache under mem_fraction_static {:.3f} of "
        "{}; try "
        "to increase it",
        format_bytes(r.weights), fraction, format_bytes(before));
  }
  if (requests <= 0) {
    return fmt::format("the recurrent-state cache of {} slots is too small to serve any request", r.slots);
  }
  return std::nullopt;
}

class SglangRules : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    fill_serving_defaults(setup);
    sglang::fill_batch_defaults(sglang::version_of(setup), setup);
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const override {
    const sglang::Version version = sglang::version_of(setup);
    const ServingOptions& s = setup.serving;
    const Ranks ranks = ranks_of(setup);
    const int sizes = sglang::captured_sizes(setup);
    const Bytes graphs = sizes == 0 ? 0
                                    : units::mib(constant_of(setup, "graphs_base_mib") +
                                                 sizes * constant_of(setup, "graphs_each_mib"));
    MemoryPlan plan;
    plan.devices.resize(std::max<std::size_t>(setup.devices.size(), static_cast<std::size_t>(ranks.total())));
    place_layers(setup, plan);
    add_serving_notes(setup, plan);

    // What is free before loading is that of the poorest rank.
    Bytes before = 0;
    for (int i = 0; i < ranks.total() && !setup.devices.empty(); ++i) {
      const Bytes free = device_usable(setup.devices[static_cast<std::size_t>(i)], setup.backend) -
                         context_bytes(setup, static_cast<std::size_t>(i));
      before = i == 0 ? free : std::min(before, free);
    }
    std::vector<RankPool> stages;
    for (int i = 0; i < ranks.pipeline; ++i)
      stages.push_back(rank_pool(version, setup, stage_of(setup, i), before));
    const RankPool& poorest =
        *std::min_element(stages.begin(), stages.end(), [](const auto& a, const auto& b) {
          return a.tokens < b.tokens || (a.tokens == b.tokens && a.weights > b.weights);
        });
    const std::int64_t tokens = setup.devices.empty() ? setup.context * setup.concurrency : poorest.tokens;
    const std::int64_t requests =
        setup.devices.empty() ? setup.concurrency : most_requests(version, setup, poorest);

    for (int i = 0; i < ranks.total(); ++i) {
      DeviceMemory& d = plan.devices[static_cast<std::size_t>(i)];
      const Stage stage = stage_of(setup, ranks.stage_of(i));
      const RankPool& r = stages[static_cast<std::size_t>(ranks.stage_of(i))];
      d.weights = r.weights;
      d.kv_cache = tokens > 0 ? (tokens + *s.page_size) * r.cell : 0;
      d.recurrent_state = setup.devices.empty() ? r.slot * requests : r.state;
      d.compute = working_memory(setup, stage, requests);
      d.graphs = graphs;
      d.runtime = context_bytes(setup, static_cast<std::size_t>(i));
      if (setup.devices.empty()) continue;
      d.capacity = device_usable(setup.devices[static_cast<std::size_t>(i)], setup.backend);
      d.usable = d.capacity;
    }
    const Derivation derive(steps, fmt::format("SGLang {} ({})", version.point.version, version.point.date));
    if (setup.devices.empty()) return plan;

    Pool pool;
    pool.kv_bytes = plan.devices.front().kv_cache;
    pool.kv_tokens = tokens;
    pool.blocks = tokens / *s.page_size;
    pool.block_tokens = *s.page_size;
    pool.max_sequences = requests;
    pool.copies = ranks.copies;
    pool.max_concurrency = std::min(static_cast<double>(tokens) / static_cast<double>(setup.context),
                                    static_cast<double>(requests));
    plan.pool = pool;
    plan.refusal = refusal_of(setup, poorest, requests, before);
    if (derive.wanted()) explain(derive, setup, poorest, before, pool);
    return plan;
  }

 private:
  /// Table of the requests' tokens, and the activations of a prefill chunk (three MLP-wide and four
  /// hidden-wide tensors of 16 bit, as in vLLM's profile run; SGLang only reserves room for them).
  static Bytes working_memory(const Setup& setup, const Stage&, std::int64_t requests) {
    const catalog::Geometry& g = setup.model->geometry;
    const double wide =
        g.moe ? 3.0 * g.moe->expert_width * g.moe->experts_per_token : 3.0 * g.intermediate_size;
    const double chunk = *setup.serving.chunked_prefill_size;
    const auto activations =
        static_cast<Bytes>(chunk * 2 * (wide / setup.tensor_parallel + 4.0 * g.hidden_size));
    return activations + (std::max<std::int64_t>(requests, 0) + 1) * (setup.context + 4) * 4;
  }

  static void explain(const Derivation& derive, const Setup& setup, const RankPool& r, Bytes before,
                      const Pool& pool) {
    const double fraction = *setup.serving.mem_fraction_static;
    constexpr std::string_view kPool = "mem_cache/kv_cache_configurator.py";
    derive.bytes("free before loading", "CUDA's total - context", "", before,
                 origin_of(setup, "context_sm_mib"));
    derive.bytes("weights per card", "segments that torch takes from the driver",
                 fmt::format("TP {}, PP {}, EP {}", setup.tensor_parallel, setup.pipeline_parallel,
                             setup.expert_parallel),
                 r.weights, "c10/cuda/CUDACachingAllocator.cpp");
    if (r.slot > 0) {
      derive.bytes("recurrent state", "(slots + 1) x state of a request + drafts",
                   fmt::format("{} slots x {}", r.slots, format_bytes(r.slot)), r.state, kPool);
    }
    derive.bytes("for the KV cache",
                 "free - weights - free before loading x (1 - mem_fraction_static) - state",
                 fmt::format("mem_fraction_static {:.3f}", fraction), r.rest, kPool);
    derive.text("KV cache tokens", "rest / bytes per token, in whole pages",
                fmt::format("{} B per token", r.cell), format_grouped(pool.kv_tokens), kPool);
  }
};

}  // namespace

const Rules& sglang_rules() {
  static const SglangRules rules;
  return rules;
}

}  // namespace qwenfit::engine
