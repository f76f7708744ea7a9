// vLLM: the share of the card it is given, what the profile run leaves of it, the KV pool made of the rest.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rules.hpp"
#include "serving.hpp"
#include "vllm_rules.hpp"

namespace qwenfit::engine {
namespace {

using units::format_bytes;
using units::format_grouped;
using vllm::KvLayout;

/// Memory of one rank, before the pool.
struct VllmRank {
  Bytes weights = 0;
  Bytes offloaded = 0;
  vllm::Peak activation;
  Bytes graphs = 0;
  Bytes inside = 0;  ///< libraries, kernels, buffers that the budget pays for
  KvLayout kv;

  /// What the utilization has to pay for beside the KV cache.
  Bytes in_budget(const vllm::Version& version) const {
    return weights + activation.bytes + inside + (version.graphs_in_budget ? graphs : 0);
  }
};

bool on_consumer_blackwell(const Setup& setup) {
  return vllm::capability(setup) / 10 == 12;
}

Bytes non_torch(const Setup& setup) {
  const bool parallel = setup.tensor_parallel * setup.pipeline_parallel > 1;
  double mib = constant_of(setup, parallel ? "non_torch_parallel_mib" : "non_torch_mib");
  if (on_consumer_blackwell(setup) && !parallel) mib += constant_of(setup, "non_torch_sm120_mib");
  return units::mib(mib);
}

VllmRank rank_memory(const vllm::Version& version, const Setup& setup, const Stage& stage) {
  VllmRank m;
  // rotary_embedding/base.py keeps the model's dtype, mrope.py makes the table four times as long.
  const Bytes allocated =
      load_rank(setup, stage, {2, 4}, version.unsplit_blocks ? units::mib(20) : 0).allocated;
  m.offloaded = std::min(allocated, units::gib(setup.serving.cpu_offload_gb));
  m.weights = allocated - m.offloaded;
  m.activation = activation_peak(version, setup, stage.embeds, stage.heads);
  m.graphs = graph_memory(version, setup);
  m.inside = non_torch(setup);
  StageLayers layers = stage_layers(setup, stage);
  if (stage.heads) layers.attention += vllm::drafter_layers(setup);
  m.kv = kv_layout(version, setup, layers.attention, layers.recurrent);
  return m;
}

/// The share of the card that vLLM may take.
Bytes requested_of(const Setup& setup, Bytes capacity) {
  return static_cast<Bytes>(std::ceil(static_cast<double>(capacity) * *setup.serving.gpu_memory_utilization));
}

/// Blocks that one request of the full context takes at the start-up check.
std::int64_t checked_blocks(const vllm::Version& version, const Setup& setup, const KvLayout& kv) {
  return version.checks_all_groups ? kv.blocks_for(setup.context)
                                   : kv.attention_groups * units::ceil_div(setup.context, kv.block);
}

/// What vLLM says when it does not start, or nothing.
/// @param others what other programs hold of the card
std::optional<std::string> refusal_of(const vllm::Version& version, const Setup& setup, const VllmRank& m,
                                      const KvLayout& kv, const Pool& pool, const DeviceMemory& card,
                                      Bytes others) {
  const ServingOptions& s = setup.serving;
  const Bytes capacity = card.capacity;
  const Bytes requested = requested_of(setup, capacity);
  const Bytes free = capacity - others - (card.runtime - m.inside);
  if (m.weights > free) {
    return fmt::format("CUDA out of memory while loading: {} of weights per card, {} free",
                       format_bytes(m.weights), format_bytes(free));
  }
  if (!s.kv_cache_memory_bytes && free < requested) {
    return fmt::format(
        "free memory on device on startup ({} of {}) is less than desired GPU memory utilization ({}, {})",
        format_bytes(free), format_bytes(capacity), *s.gpu_memory_utilization, format_bytes(requested));
  }
  if (pool.blocks <= 0 && s.kv_cache_memory_bytes) {
    return fmt::format("no available memory for the cache blocks: {} hold none of {}",
                       format_bytes(pool.kv_bytes), format_bytes(kv.block_bytes()));
  }
  if (pool.blocks <= 0) {
    return fmt::format(
        "no available memory for the cache blocks: weights, activations and libraries take {} of the {} that "
        "gpu_memory_utilization {} allows",
        format_bytes(m.in_budget(version)), format_bytes(requested), *s.gpu_memory_utilization);
  }
  const std::int64_t needed = checked_blocks(version, setup, kv);
  if (needed > pool.blocks) {
    return fmt::format(
        "to serve at least one request with the model's max seq len ({}), {} KV cache is needed, which is "
        "larger than the available KV cache memory ({}); the estimated maximum model length is {}",
        format_grouped(setup.context), format_bytes(needed * kv.block_bytes()), format_bytes(pool.kv_bytes),
        format_grouped(pool.context(1)));
  }
  if (version.checks_state_blocks && kv.state_groups > 0 && captured_sizes(version, setup) > 0 &&
      *s.max_num_seqs > pool.blocks) {
    return fmt::format(
        "max_num_seqs ({0}) exceeds available Mamba cache blocks ({1}): each decode sequence requires one; "
        "lower max_num_seqs to at most {1}",
        *s.max_num_seqs, pool.blocks);
  }
  return std::nullopt;
}

/// Tokens and concurrency as the log prints them at this version.
void print_pool(const vllm::Version& version, const Setup& setup, const KvLayout& kv, Pool& pool) {
  if (pool.blocks <= 0) return;
  pool.max_concurrency = static_cast<double>(pool.blocks) / static_cast<double>(kv.blocks_for(setup.context));
  pool.kv_tokens = version.tokens_from_concurrency
                       ? static_cast<std::int64_t>(pool.max_concurrency * static_cast<double>(setup.context))
                       : pool.blocks / (kv.attention_groups + kv.state_groups) * kv.block;
}

/// The plan while it is made: one memory per pipeline stage, one device per rank.
struct Draft {
  const vllm::Version& version;
  const Setup& setup;
  Ranks ranks;
  std::vector<VllmRank> stages;
  MemoryPlan plan;
  Pool pool;
  std::size_t poorest = 0;   ///< rank whose KV memory decides for all
  bool little_room = false;  ///< CUDA graphs usually take more than is free beside the budget

  const VllmRank& memory_of(std::size_t rank) const {
    return stages[static_cast<std::size_t>(ranks.stage_of(static_cast<int>(rank)))];
  }
  /// The layout that is counted in: of a stage with attention, the one that a request takes the most blocks
  /// of.
  const KvLayout& counted() const {
    const auto weight = [&](const VllmRank& m) {
      return std::pair(m.kv.attention_groups > 0, m.kv.blocks_for(setup.context));
    };
    return std::max_element(stages.begin(), stages.end(),
                            [&](const auto& a, const auto& b) { return weight(a) < weight(b); })
        ->kv;
  }
};

/// Everything of a rank but its KV cache.
void place_rank(Draft& draft, std::size_t rank) {
  const VllmRank& m = draft.memory_of(rank);
  DeviceMemory& d = draft.plan.devices[rank];
  d.weights = m.weights;
  d.compute = m.activation.bytes;
  d.graphs = m.graphs;
  d.runtime = m.inside + context_bytes(draft.setup, rank);
  draft.plan.host.weights += m.offloaded;
}

/// Blocks from what the utilization leaves; every worker gets those of the poorest.
void size_pool(Draft& draft) {
  const Setup& setup = draft.setup;
  for (std::size_t rank = 0; rank < static_cast<std::size_t>(draft.ranks.total()); ++rank) {
    const VllmRank& m = draft.memory_of(rank);
    DeviceMemory& d = draft.plan.devices[rank];
    d.capacity = device_reach(setup.devices[rank], setup.backend);
    const Bytes requested = requested_of(setup, d.capacity);
    const Bytes available =
        setup.serving.kv_cache_memory_bytes.value_or(requested - m.in_budget(draft.version));
    const std::int64_t blocks = std::max<Bytes>(available, 0) / m.kv.block_bytes();
    if (rank == 0 || blocks < draft.pool.blocks) {
      draft.poorest = rank;
      draft.pool.blocks = blocks;
      draft.pool.kv_bytes = std::max<Bytes>(available, 0);
    }
    const Bytes free = device_usable(setup.devices[rank], setup.backend);
    // Boots with less room than these usually take do start: they get by with what there is.
    const Bytes room = std::max<Bytes>(0, free - requested - (d.runtime - m.inside));
    if (!draft.version.graphs_in_budget && !setup.serving.kv_cache_memory_bytes && m.graphs > room) {
      d.graphs = room;
      draft.little_room = true;
    }
    const Bytes beside = d.runtime - m.inside + (draft.version.graphs_in_budget ? 0 : d.graphs);
    d.usable = setup.serving.kv_cache_memory_bytes ? free : std::min(free, requested + beside);
  }
  for (std::size_t rank = 0; rank < static_cast<std::size_t>(draft.ranks.total()); ++rank)
    draft.plan.devices[rank].kv_cache = draft.pool.blocks * draft.memory_of(rank).kv.block_bytes();

  const KvLayout& kv = draft.counted();
  draft.pool.block_tokens = kv.block;
  draft.pool.groups = kv.attention_groups;
  draft.pool.state_blocks = kv.state_blocks;
  draft.pool.max_sequences = *setup.serving.max_num_seqs;
  draft.pool.copies = draft.ranks.copies;
  print_pool(draft.version, setup, kv, draft.pool);
}

void add_notes(Draft& draft) {
  std::vector<std::string>& notes = draft.plan.notes;
  add_serving_notes(draft.setup, draft.plan);
  const KvLayout& kv = draft.counted();
  if (kv.state_groups > 0) {
    notes.push_back(fmt::format(
        "recurrent state lies in the same pool as the KV cache: a sequence takes {} blocks for it",
        format_grouped(kv.state_blocks)));
  }
  if (draft.little_room && !draft.plan.refusal) {
    notes.push_back(fmt::format(
        "CUDA graphs usually take {}, more than gpu_memory_utilization {} leaves free: vLLM may run out "
        "of memory while it captures them",
        format_bytes(draft.memory_of(draft.poorest).graphs), *draft.setup.serving.gpu_memory_utilization));
  }
  const std::string_view constant = draft.memory_of(draft.poorest).activation.constant;
  if (!constant.empty())
    notes.push_back(fmt::format("the activation peak is {}", origin_of(draft.setup, constant)));
  if (on_consumer_blackwell(draft.setup) && draft.ranks.total() == 1) {
    notes.push_back(fmt::format("what libraries take on consumer Blackwell is {}",
                                origin_of(draft.setup, "non_torch_sm120_mib")));
  }
}

class VllmRules : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    fill_serving_defaults(setup);
    const vllm::Version version = vllm::version_of(setup);
    vllm::fill_batch_defaults(version, setup);
    // vLLM raises the block of hybrids itself, whatever was asked for.
    setup.serving.block_size =
        static_cast<int>(kv_layout(version, setup, 1, vllm::is_hybrid(setup) ? 1 : 0).block);
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const override {
    const vllm::Version version = vllm::version_of(setup);
    Draft draft{version, setup, ranks_of(setup), {}, {}, {}};
    for (int i = 0; i < draft.ranks.pipeline; ++i)
      draft.stages.push_back(rank_memory(version, setup, stage_of(setup, i)));
    const auto ranks = static_cast<std::size_t>(draft.ranks.total());
    draft.plan.devices.resize(std::max(setup.devices.size(), ranks));
    for (std::size_t rank = 0; rank < ranks; ++rank) place_rank(draft, rank);
    place_layers(setup, draft.plan);

    const Derivation derive(steps, fmt::format("vLLM {} ({})", version.point.version, version.point.date));
    if (setup.devices.empty()) {
      // Without a card there is no pool: what the asked sequences need.
      for (std::size_t rank = 0; rank < ranks; ++rank) {
        const KvLayout& kv = draft.memory_of(rank).kv;
        draft.plan.devices[rank].kv_cache =
            draft.counted().blocks_for(setup.context) * kv.block_bytes() * setup.concurrency;
      }
      explain_rank(derive, draft);
      return std::move(draft.plan);
    }
    size_pool(draft);
    const VllmRank& m = draft.memory_of(draft.poorest);
    const DeviceMemory& card = draft.plan.devices[draft.poorest];
    if (version.v0) {
      // Blocks that preempted sequences are swapped to: swap_space, 4 GiB per card by default.
      const Bytes block = m.kv.block_bytes();
      draft.plan.host.kv_cache = 4 * units::kGiB / block * block * draft.ranks.total();
    }
    const Bytes others = card.capacity - device_usable(setup.devices[draft.poorest], setup.backend);
    draft.plan.refusal = refusal_of(version, setup, m, draft.counted(), draft.pool, card, others);
    draft.plan.pool = draft.pool;
    explain_rank(derive, draft);
    explain_pool(derive, draft);
    add_notes(draft);
    return std::move(draft.plan);
  }

 private:
  static void explain_rank(const Derivation& derive, const Draft& draft) {
    if (!derive.wanted()) return;
    const Setup& setup = draft.setup;
    const VllmRank& m = draft.memory_of(draft.poorest);
    derive.bytes("weights per card", "tensors of one rank as torch's allocator counts them",
                 fmt::format("TP {}, PP {}, EP {}", setup.tensor_parallel, setup.pipeline_parallel,
                             setup.expert_parallel),
                 m.weights, "model_executor/layers, c10/cuda/CUDACachingAllocator.cpp");
    derive.bytes("activation peak", m.activation.formula, m.activation.values, m.activation.bytes,
                 m.activation.constant.empty() ? "v1/worker/gpu_model_runner.py: profile_run"
                                               : origin_of(setup, m.activation.constant));
    derive.bytes("CUDA graphs", "base + sizes x modes x each", "", draft.plan.devices[draft.poorest].graphs,
                 origin_of(setup, "graphs_base_mib"));
    derive.bytes("libraries inside the budget", "what CUDA, cuBLAS and kernels take after start-up", "",
                 m.inside, origin_of(setup, "non_torch_mib"));
    derive.bytes("context outside the budget", "base + multiprocessors x each + communication", "",
                 draft.plan.devices[draft.poorest].runtime - m.inside, origin_of(setup, "context_sm_mib"));
  }

  static void explain_pool(const Derivation& derive, const Draft& draft) {
    if (!derive.wanted()) return;
    const vllm::Version& version = draft.version;
    const Setup& setup = draft.setup;
    const Pool& pool = draft.pool;
    const KvLayout& kv = draft.counted();
    const Bytes capacity = draft.plan.devices[draft.poorest].capacity;
    const Bytes requested = requested_of(setup, capacity);
    constexpr std::string_view kWorker = "v1/worker/gpu_worker.py: determine_available_memory";
    constexpr std::string_view kCache = "v1/core/kv_cache_utils.py";
    derive.bytes("budget", "CUDA's total x gpu_memory_utilization",
                 fmt::format("{} x {}", format_bytes(capacity), *setup.serving.gpu_memory_utilization),
                 requested, kWorker);
    derive.bytes("available KV cache memory",
                 version.graphs_in_budget ? "budget - weights - activation peak - libraries - CUDA graphs"
                                          : "budget - weights - activation peak - libraries",
                 "", pool.kv_bytes, kWorker);
    derive.text("KV block", "block tokens x bytes per token and layer x layers of a group",
                fmt::format("{} x {} x {}", kv.block, kv_bytes_per_token(setup), kv.group_size),
                format_bytes(kv.block_bytes()), kCache);
    if (kv.state_groups > 0) {
      derive.text("recurrent page", "a layer's state, padded to the attention page",
                  fmt::format("padding {:.2f}%", kv.padding * 100), format_bytes(kv.page),
                  "platforms/interface.py: _align_hybrid_block_size");
      derive.text("state blocks of a sequence", "groups of recurrent layers x blocks each",
                  fmt::format("{} groups, mode {}", kv.state_groups, *setup.serving.mamba_cache_mode),
                  format_grouped(kv.state_blocks), "v1/kv_cache_interface.py: MambaSpec");
    }
    derive.text("KV blocks", "floor(available / block)", "", format_grouped(pool.blocks), kCache);
    derive.text("maximum concurrency", "blocks / (ceil(context / block) + state blocks)",
                fmt::format("{} / {}", pool.blocks, kv.blocks_for(setup.context)),
                fmt::format("{:.2f}", pool.max_concurrency), kCache);
    derive.text("KV cache tokens",
                version.tokens_from_concurrency ? "floor(concurrency x context)" : "blocks // groups x block",
                "", format_grouped(pool.kv_tokens), kCache);
  }
};

}  // namespace

const Rules& vllm_rules() {
  static const VllmRules rules;
  return rules;
}

}  // namespace qwenfit::engine
