// vLLM: the share of the card it is given, what the profile run leaves of it, the KV pool made of the rest.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rules.hpp"
#include "serving.hpp"
#include "torch_allocator.hpp"
#include "vllm_rules.hpp"

namespace qwenfit::engine {
namespace {

using units::format_bytes;
using units::format_grouped;
using vllm::KvLayout;
using vllm::Version;

/// Memory of one rank, before the pool.
struct RankMemory {
  Bytes weights = 0;
  Bytes offloaded = 0;
  vllm::Peak activation;
  Bytes graphs = 0;
  Bytes inside = 0;  ///< libraries, kernels, buffers that the budget pays for
  KvLayout kv;

  /// What the utilization has to pay for beside the KV cache.
  Bytes in_budget(const Version& version) const {
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

RankMemory rank_memory(const Version& version, const Setup& setup, const Stage& stage) {
  RankMemory m;
  TorchAllocator torch(version.unsplit_blocks ? units::mib(20) : 0);
  // rotary_embedding/base.py keeps the model's dtype, mrope.py makes the table four times as long.
  for (const Bytes size : rank_tensors(setup, stage, {2, 4})) torch.allocate(size);
  m.offloaded = std::min(torch.allocated(), units::gib(setup.serving.cpu_offload_gb));
  m.weights = torch.allocated() - m.offloaded;
  m.activation = activation_peak(version, setup, stage.embeds, stage.heads);
  m.graphs = graph_memory(version, setup);
  m.inside = non_torch(setup);
  StageLayers layers = stage_layers(setup, stage);
  if (stage.heads) layers.attention += vllm::drafter_layers(setup);
  m.kv = kv_layout(version, setup, layers.attention, layers.recurrent);
  return m;
}

/// Blocks that one request of the full context takes at the start-up check.
std::int64_t checked_blocks(const Version& version, const Setup& setup, const KvLayout& kv) {
  return version.checks_all_groups ? kv.blocks_for(setup.context)
                                   : kv.attention_groups * units::ceil_div(setup.context, kv.block);
}

/// What vLLM says when it does not start, or nothing.
std::optional<std::string> refusal_of(const Version& version, const Setup& setup, const RankMemory& m,
                                      const Pool& pool, const DeviceMemory& card, Bytes requested) {
  const ServingOptions& s = setup.serving;
  const Bytes capacity = card.capacity;
  const Bytes free = capacity - (card.runtime - m.inside);
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
                       format_bytes(pool.kv_bytes), format_bytes(m.kv.block_bytes()));
  }
  if (pool.blocks <= 0) {
    return fmt::format(
        "no available memory for the cache blocks: weights, activations and libraries take {} of the {} that "
        "gpu_memory_utilization {} allows",
        format_bytes(m.in_budget(version)), format_bytes(requested), *s.gpu_memory_utilization);
  }
  const std::int64_t needed = checked_blocks(version, setup, m.kv);
  if (needed > pool.blocks) {
    return fmt::format(
        "to serve at least one request with the model's max seq len ({}), {} KV cache is needed, which is "
        "larger than the available KV cache memory ({}); the estimated maximum model length is {}",
        format_grouped(setup.context), format_bytes(needed * m.kv.block_bytes()), format_bytes(pool.kv_bytes),
        format_grouped(pool.context(1)));
  }
  if (version.checks_state_blocks && m.kv.state_groups > 0 && captured_sizes(version, setup) > 0 &&
      *s.max_num_seqs > pool.blocks) {
    return fmt::format(
        "max_num_seqs ({0}) exceeds available Mamba cache blocks ({1}): each decode sequence requires one; "
        "lower max_num_seqs to at most {1}",
        *s.max_num_seqs, pool.blocks);
  }
  return std::nullopt;
}

/// Tokens and concurrency as the log prints them at this version.
void print_pool(const Version& version, const Setup& setup, const KvLayout& kv, Pool& pool) {
  if (pool.blocks <= 0) return;
  pool.max_concurrency = static_cast<double>(pool.blocks) / static_cast<double>(kv.blocks_for(setup.context));
  pool.kv_tokens = version.tokens_from_concurrency
                       ? static_cast<std::int64_t>(pool.max_concurrency * static_cast<double>(setup.context))
                       : pool.blocks / (kv.attention_groups + kv.state_groups) * kv.block;
}

class VllmRules : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    fill_serving_defaults(setup);
    const Version version = vllm::version_of(setup);
    vllm::fill_batch_defaults(version, setup);
    // vLLM raises the block of hybrids itself, whatever was asked for.
    setup.serving.block_size =
        static_cast<int>(kv_layout(version, setup, 1, vllm::is_hybrid(setup) ? 1 : 0).block);
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const override {
    const Version version = vllm::version_of(setup);
    const ServingOptions& s = setup.serving;
    const Ranks ranks = ranks_of(setup);
    std::vector<RankMemory> stages;
    for (int i = 0; i < ranks.pipeline; ++i)
      stages.push_back(rank_memory(version, setup, stage_of(setup, i)));

    MemoryPlan plan;
    plan.devices.resize(std::max<std::size_t>(setup.devices.size(), static_cast<std::size_t>(ranks.total())));
    Pool pool;
    pool.max_sequences = *s.max_num_seqs;
    pool.copies = ranks.copies;
    std::size_t poorest = 0;
    const auto requested_of = [&](Bytes capacity) {
      return static_cast<Bytes>(std::ceil(static_cast<double>(capacity) * *s.gpu_memory_utilization));
    };
    for (int r = 0; r < ranks.total(); ++r) {
      const auto i = static_cast<std::size_t>(r);
      const RankMemory& m = stages[static_cast<std::size_t>(ranks.stage_of(r))];
      DeviceMemory& d = plan.devices[i];
      d.weights = m.weights;
      d.compute = m.activation.bytes;
      d.graphs = m.graphs;
      const Bytes context = context_bytes(setup, i);
      d.runtime = m.inside + context;
      plan.host.weights += m.offloaded;
      if (setup.devices.empty()) {
        // Without a card there is no pool: what the asked sequences need.
        d.kv_cache = m.kv.blocks_for(setup.context) * m.kv.block_bytes() * setup.concurrency;
        continue;
      }
      d.capacity = device_usable(setup.devices[i], setup.backend);
      const Bytes requested = requested_of(d.capacity);
      const Bytes available = s.kv_cache_memory_bytes.value_or(requested - m.in_budget(version));
      const std::int64_t blocks = std::max<Bytes>(available, 0) / m.kv.page / m.kv.group_size;
      // Every worker gets the blocks of the poorest.
      if (r == 0 || blocks < pool.blocks) {
        poorest = i;
        pool.blocks = blocks;
        pool.kv_bytes = std::max<Bytes>(available, 0);
        pool.block_tokens = m.kv.block;
        pool.groups = m.kv.attention_groups;
        pool.state_blocks = m.kv.state_blocks;
      }
      const Bytes beside = context + (version.graphs_in_budget ? 0 : m.graphs);
      d.usable = s.kv_cache_memory_bytes ? d.capacity : std::min(d.capacity, requested + beside);
    }
    place_layers(setup, plan);
    const Derivation derive(steps, fmt::format("vLLM {} ({})", version.point.version, version.point.date));
    const RankMemory& m = stages[static_cast<std::size_t>(ranks.stage_of(static_cast<int>(poorest)))];
    if (derive.wanted()) explain_rank(derive, setup, m, plan.devices[poorest].runtime - m.inside);
    if (setup.devices.empty()) return plan;

    for (int r = 0; r < ranks.total(); ++r) {
      const RankMemory& rank = stages[static_cast<std::size_t>(ranks.stage_of(r))];
      plan.devices[static_cast<std::size_t>(r)].kv_cache = pool.blocks * rank.kv.block_bytes();
    }
    if (version.v0) {
      // Blocks that preempted sequences are swapped to: swap_space, 4 GiB per card by default.
      const Bytes block = m.kv.block_bytes();
      plan.host.kv_cache = 4 * units::kGiB / block * block * ranks.total();
    }
    const DeviceMemory& card = plan.devices[poorest];
    print_pool(version, setup, m.kv, pool);
    plan.refusal = refusal_of(version, setup, m, pool, card, requested_of(card.capacity));
    plan.pool = pool;
    if (derive.wanted())
      explain_pool(derive, version, setup, m, pool, card.capacity, requested_of(card.capacity));
    add_serving_notes(setup, plan);
    if (m.kv.state_groups > 0)
      plan.notes.push_back("recurrent state lies in the same pool as the KV cache: a sequence takes " +
                           format_grouped(m.kv.state_blocks) + " blocks for it");
    if (!m.activation.constant.empty())
      plan.notes.push_back("the activation peak is " + origin_of(setup, m.activation.constant));
    if (on_consumer_blackwell(setup) && ranks.total() == 1)
      plan.notes.push_back("what libraries take on consumer Blackwell is " +
                           origin_of(setup, "non_torch_sm120_mib"));
    return plan;
  }

 private:
  static void explain_rank(const Derivation& derive, const Setup& setup, const RankMemory& m, Bytes context) {
    derive.bytes("weights per card", "tensors of one rank as torch's allocator counts them",
                 fmt::format("TP {}, PP {}, EP {}", setup.tensor_parallel, setup.pipeline_parallel,
                             setup.expert_parallel),
                 m.weights, "model_executor/layers, c10/cuda/CUDACachingAllocator.cpp");
    derive.bytes("activation peak", m.activation.formula, m.activation.values, m.activation.bytes,
                 m.activation.constant.empty() ? "v1/worker/gpu_model_runner.py: profile_run"
                                               : origin_of(setup, m.activation.constant));
    derive.bytes("CUDA graphs", "base + sizes x modes x each", "", m.graphs,
                 origin_of(setup, "graphs_base_mib"));
    derive.bytes("libraries inside the budget", "what CUDA, cuBLAS and kernels take after start-up", "",
                 m.inside, origin_of(setup, "non_torch_mib"));
    derive.bytes("context outside the budget", "base + multiprocessors x each + communication", "", context,
                 origin_of(setup, "context_sm_mib"));
  }

  static void explain_pool(const Derivation& derive, const Version& version, const Setup& setup,
                           const RankMemory& m, const Pool& pool, Bytes capacity, Bytes requested) {
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
                fmt::format("{} x {} x {}", m.kv.block, kv_bytes_per_token(setup), m.kv.group_size),
                format_bytes(m.kv.block_bytes()), kCache);
    if (m.kv.state_groups > 0) {
      derive.text("recurrent page", "a layer's state, padded to the attention page",
                  fmt::format("padding {:.2f}%", m.kv.padding * 100), format_bytes(m.kv.page),
                  "platforms/interface.py: _align_hybrid_block_size");
      derive.text("state blocks of a sequence", "groups of recurrent layers x blocks each",
                  fmt::format("{} groups, mode {}", m.kv.state_groups, *setup.serving.mamba_cache_mode),
                  format_grouped(m.kv.state_blocks), "v1/kv_cache_interface.py: MambaSpec");
    }
    derive.text("KV blocks", "floor(available / block)", "", format_grouped(pool.blocks), kCache);
    derive.text("maximum concurrency", "blocks / (ceil(context / block) + state blocks)",
                fmt::format("{} / {}", pool.blocks, m.kv.blocks_for(setup.context)),
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
