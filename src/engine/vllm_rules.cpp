// Which of vLLM's rules hold at a version, and the defaults it fills in.
#include "vllm_rules.hpp"

#include <algorithm>

#include "sharding.hpp"

namespace qwenfit::engine::vllm {
namespace {

/// Pooling models (embedders, rerankers, reward models) stay on the first model runner.
bool generates(const Setup& setup) {
  const catalog::Text kind = catalog::kind_of_model(*setup.model, setup.variant);
  return kind != "embedding" && kind != "reranker" && kind != "reward" && !setup.model->geometry.headless;
}

bool runs_v2(const Setup& setup, std::string_view date) {
  using catalog::Arch;
  const Arch arch = setup.model->arch;
  if (is_hybrid(setup) || !generates(setup)) return false;
  if (arch == Arch::qwen3_moe) return false;
  if (arch == Arch::qwen2_moe) return date >= "2026-06-12";                               // 78739c1946
  if (arch == Arch::qwen3 && !setup.model->geometry.vision) return date >= "2026-05-14";  // ae4f59f0ec
  return date >= "2026-07-02";                                                            // a2f713002d
}

bool asked_for(const Setup& setup, std::string_view engine) {
  return setup.engine_version.find(engine) != std::string::npos;
}

}  // namespace

int capability(const Setup& setup) {
  if (setup.devices.empty()) return 0;
  int value = 0;
  for (const char c : setup.devices.front().device->compute_capability) {
    if (c >= '0' && c <= '9') value = std::min(value * 10 + (c - '0'), 9999);
  }
  return value;
}

bool is_hybrid(const Setup& setup) {
  return setup.model->geometry.linear_attention.has_value();
}

bool uses_tower(const Setup& setup) {
  const catalog::Geometry& g = setup.model->geometry;
  return (g.vision || g.audio) && !setup.serving.language_model_only;
}

Version version_of(const Setup& setup) {
  Version r{};
  r.point = version_point(*setup.engine, setup.engine_version);
  const std::string_view date = r.point.date;
  // V1 became the default with 0.8.0; until d7fbc6ddac cards before Ampere fell back to V0.
  const int sm = capability(setup);
  r.v0 = date < "2025-03-15" || (date < "2025-09-01" && sm > 0 && sm < 80) || asked_for(setup, "V0");
  if (asked_for(setup, "V1")) r.v0 = false;
  r.runner_v2 = !r.v0 && runs_v2(setup, date);
  r.sampler = r.runner_v2                     ? Sampler::runner_v2
              : !r.v0 && date >= "2026-02-17" ? Sampler::triton
                                              : Sampler::torch_sort;
  r.utilization = date >= "2026-04-21" ? 0.92 : 0.90;
  r.graphs_in_budget = date >= "2026-04-21" && !r.runner_v2 && setup.backend == Backend::cuda;
  r.full_graphs = date >= "2025-09-24";
  r.tokens_from_concurrency = date >= "2026-04-28";
  r.checks_all_groups = date >= "2026-03-17";
  r.checks_state_blocks = date >= "2026-03-30";
  r.bucket_ratio = date >= "2026-03-12" ? 1.5 : 1.25;
  r.aligned_state = date >= "2026-01-23";
  r.hybrid_prefix_caching = date >= "2026-07-09";
  r.unsplit_blocks = date >= "2026-04-30" && setup.backend == Backend::cuda;
  return r;
}

namespace {

struct Batch {
  int tokens;
  int sequences;
};

/// max_num_batched_tokens and max_num_seqs of the API server (engine/arg_utils.py: get_batch_defaults).
Batch default_batch(const Version& version, const Setup& setup) {
  const std::string_view date = version.point.date;
  const std::int64_t context = setup.context;
  if (version.v0) {
    // Long contexts turn chunked prefill on, with small batches; else a whole prompt goes at once.
    const bool multimodal = uses_tower(setup);
    const bool chunked = context > 32768 && !multimodal && date >= "2024-07-23";
    std::int64_t tokens =
        chunked ? (date < "2024-12-17" ? 512 : 2048) : std::max<std::int64_t>(context, 2048);
    if (multimodal) tokens = std::max<std::int64_t>(tokens, 5120);
    return {static_cast<int>(std::min<std::int64_t>(tokens, 1 << 30)), 256};
  }
  if (setup.backend == Backend::cpu) return {2048 * setup.tensor_parallel, 128 * setup.tensor_parallel};
  Batch batch{2048, 256};
  if (!setup.devices.empty()) {
    const double gib = units::to_gib(device_capacity(setup.devices.front()));
    const std::string_view id = setup.devices.front().device->id;
    const bool a100 = id.starts_with("a100") && date >= "2025-05-11";  // 9112155283
    if (gib >= 160 && date >= "2026-08-11") batch = {16384, 1024};     // 4988df2eb8
    else if (gib >= 70 && !a100) batch = {8192, date >= "2025-04-07" ? 1024 : 256};
  }
  batch.tokens = static_cast<int>(std::min<std::int64_t>(batch.tokens, batch.sequences * context));
  return batch;
}

}  // namespace

void fill_batch_defaults(const Version& version, Setup& setup) {
  ServingOptions& s = setup.serving;
  if (!s.gpu_memory_utilization) s.gpu_memory_utilization = version.utilization;
  const Batch batch = default_batch(version, setup);
  if (!s.max_num_batched_tokens) s.max_num_batched_tokens = batch.tokens;
  if (!s.max_num_seqs) {
    // Whoever wants more sequences at once than the default raises the limit.
    const auto wanted = static_cast<int>(units::ceil_div(setup.concurrency, setup.data_parallel));
    s.max_num_seqs = std::max(std::min(batch.sequences, *s.max_num_batched_tokens), wanted);
  }
  if (!s.prefix_caching)
    s.prefix_caching = !version.v0 && (!is_hybrid(setup) || version.hybrid_prefix_caching);
  if (is_hybrid(setup)) {
    if (!s.mamba_cache_mode)
      s.mamba_cache_mode = *s.prefix_caching && version.aligned_state ? "align" : "none";
    if (!s.mamba_ssm_dtype)
      s.mamba_ssm_dtype = setup.model->geometry.linear_attention->state_f32 ? "float32" : "bfloat16";
  }
}

}  // namespace qwenfit::engine::vllm
