// Which of SGLang's rules hold at a version, and the defaults it fills in (server_args.py).
#include "sglang_rules.hpp"

#include <algorithm>
#include <cmath>

#include "sharding.hpp"

namespace qwenfit::engine::sglang {
namespace {

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

/// Up to 0.4.7: a fixed share by the number of cards.
double fraction_by_ranks(std::string_view date, double mib, int ranks, int tp) {
  const bool first = date < "2024-12-03";
  const int n = date < "2025-04-30" ? tp : ranks;
  const double share = n >= 16 ? 0.79 : n >= 8 ? (first ? 0.83 : 0.81) : n >= 4 ? 0.85 : n >= 2 ? 0.87 : 0.88;
  if (date >= "2025-04-30") {  // 0.4.6.post2
    if (mib <= 96 * 1024) return mib <= 81920 ? share : 0.88;
    return std::min(0.88 + 48 * 1024 * 0.12 / mib, (mib - 18 * 1024) / mib);
  }
  if (date >= "2025-04-21" && mib > 81920) return (mib - 13 * 1024) / mib;  // 0.4.5.post3
  return share;
}

/// 0.4.7.post1 to 0.5.2: reserves by size of card.
double fraction_by_bands(const Setup& setup, double mib, int ranks) {
  double reserve = mib < 35 * 1024    ? 2.8 + ranks / 10.0
                   : mib < 90 * 1024  ? 9.5 + ranks / 2.0
                   : mib < 160 * 1024 ? 12 + ranks / 2.0
                                      : 32;
  if (setup.speculative) reserve += setup.speculative->method == "draft" ? 6 : 2;
  return rounded((mib - reserve * 1024) / mib);
}

/// Sizes that prefill graphs are captured for, up to `most` tokens.
int prefill_sizes(int most) {
  int n = 0;
  const auto steps = [&](int first, int last, int step) {
    for (int size = first; size <= std::min(last, most); size += step) ++n;
  };
  steps(4, 32, 4);
  steps(48, 256, 16);
  steps(288, 512, 32);
  steps(576, 1024, 64);
  steps(1280, 4096, 256);
  steps(4608, most, 512);
  return n;
}

/// From 0.5.3: activations by chunk, graphs by batch size.
double fraction_by_work(std::string_view date, const Setup& setup, double mib, int ranks) {
  const ServingOptions& s = setup.serving;
  const bool multimodal = setup.model->geometry.vision || setup.model->geometry.audio;
  double reserve = 512 + 1.5 * std::max(*s.chunked_prefill_size, 2048) + 128.0 * ranks;
  if (!s.enforce_eager) reserve += 2.0 * *s.cuda_graph_max_bs;
  // Prefill graphs: default since 0.5.10, never for multimodal models, pipelines and other vendors' cards.
  const bool prefill_graphs = date >= "2026-04-05" && !s.enforce_eager && !multimodal &&
                              setup.pipeline_parallel == 1 && setup.backend == Backend::cuda;
  if (prefill_graphs) reserve += 8.0 * prefill_sizes(*s.chunked_prefill_size);
  if (mib > 60 * 1024) reserve = std::max(reserve, 10.0 * 1024);
  if (setup.speculative && setup.speculative->method != "ngram" && date < "2026-06-25") {
    reserve += setup.speculative->method == "draft" ? 6144 : date >= "2026-04-05" ? 4096 : 2048;
  }
  return rounded((mib - reserve) / mib);
}

/// Room for the vision encoder (adjust_mem_fraction_for_vlm). Qwen's configs name the depth so that the rule
/// does not see it and takes 24 layers; Qwen2-VL's hidden_size is the width handed to the language model.
double multimodal_factor(std::string_view date, const Setup& setup) {
  const catalog::Geometry& g = setup.model->geometry;
  if (!g.vision && !g.audio) return 1;
  if (setup.serving.language_model_only && date >= "2026-06-25") return 1;
  if (date < "2025-04-01") return 0.95;
  if (date < "2025-07-22") return 0.90;
  double width = 1024;
  if (g.vision)
    width = g.vision->kind == catalog::VisionKind::qwen2_vl ? g.vision->output_size : g.vision->hidden_size;
  const double factor = std::clamp(1.1 - 0.1 * (width * width) / (1024.0 * 1024.0), 0.8, 1.05);
  return 0.95 * factor;
}

}  // namespace

Version version_of(const Setup& setup) {
  Version v{};
  v.point = version_point(*setup.engine, setup.engine_version);
  const std::string_view date = v.point.date;
  v.state = date < "2025-10-06"   ? StateRule::given
            : date < "2026-01-01" ? StateRule::shared
            : date < "2026-06-11" ? StateRule::reserved
                                  : StateRule::joint;
  v.padding_slot = date >= "2026-08-07";
  v.drafts_before_pool = date >= "2026-06-25";
  v.multimodal_reserve = date >= "2026-08-07";
  // Three, and two more for the extra buffer that is the default with overlapped scheduling.
  v.slots_per_request = setup.serving.disable_radix_cache ? 1 : date >= "2026-06-11" ? 5 : 3;
  return v;
}

double tool_reported_mib(const Setup& setup) {
  const catalog::Device& d = *setup.devices.front().device;
  if (d.memory_nvidia_smi_mib) return *d.memory_nvidia_smi_mib;
  return setup.devices.front().memory_gb.value_or(d.memory_gb.value_or(0)) * 1024;
}

int draft_tokens(const Setup& setup) {
  return setup.speculative ? setup.speculative->tokens + 1 : 0;
}

double default_fraction(const Version& version, const Setup& setup) {
  const std::string_view date = version.point.date;
  if (setup.devices.empty()) return 0.88;
  const double mib = tool_reported_mib(setup);
  if (!(mib > 0)) return 0.88;
  const int ranks = setup.tensor_parallel * setup.pipeline_parallel;
  double f = date < "2025-06-16"   ? fraction_by_ranks(date, mib, ranks, setup.tensor_parallel)
             : date < "2025-10-06" ? fraction_by_bands(setup, mib, ranks)
                                   : fraction_by_work(date, setup, mib, ranks);
  f *= multimodal_factor(date, setup);
  if (setup.backend == Backend::rocm && setup.context > 8192 && date >= "2025-10-06") f *= 0.85;
  return std::max(f, 0.0);
}

void fill_batch_defaults(const Version& version, Setup& setup) {
  ServingOptions& s = setup.serving;
  const std::string_view date = version.point.date;
  const double mib = setup.devices.empty() ? 81920 : tool_reported_mib(setup);
  const bool many = setup.tensor_parallel >= 4;
  int chunk = 8192;
  int graphs = 256;
  if (date >= "2025-10-06") {
    chunk = mib < 35840 ? 2048 : mib < 61440 ? 4096 : mib < 163840 ? 8192 : 16384;
    graphs = mib < 20480    ? 8
             : mib < 35840  ? (many ? 80 : 24)
             : mib < 61440  ? (many ? 160 : 32)
             : mib < 163840 ? (many ? 512 : 256)
                            : 512;
  } else {
    const bool small = date >= "2025-06-10" ? mib < 35840 : mib < 25000;
    chunk = small ? 2048 : date >= "2025-06-10" && mib >= 163840 ? 16384 : 8192;
    graphs = small                                  ? (many ? 80 : 8)
             : date >= "2025-06-10" && mib >= 92160 ? (mib < 163840 ? 256 : 512)
                                                    : 160;
  }
  if (!s.chunked_prefill_size) s.chunked_prefill_size = s.max_num_batched_tokens.value_or(chunk);
  if (!s.cuda_graph_max_bs) s.cuda_graph_max_bs = graphs;
  if (!s.page_size) s.page_size = 1;
  if (setup.model->geometry.linear_attention) {
    if (!s.mamba_full_memory_ratio) s.mamba_full_memory_ratio = 0.9;
    if (!s.mamba_ssm_dtype) s.mamba_ssm_dtype = "float32";
  }
  if (version.state == StateRule::given && setup.model->geometry.linear_attention)
    s.disable_radix_cache = true;
  if (!s.max_running_requests && s.max_num_seqs) s.max_running_requests = s.max_num_seqs;
  if (!s.max_running_requests && setup.speculative) s.max_running_requests = 48;
  if (!s.mem_fraction_static)
    s.mem_fraction_static = s.gpu_memory_utilization.value_or(default_fraction(version, setup));
}

int captured_sizes(const Setup& setup) {
  const int most = *setup.serving.cuda_graph_max_bs;
  if (setup.serving.enforce_eager || most == 0 || setup.backend == Backend::cpu) return 0;
  int n = 0;
  for (const int size : {1, 2, 4, 8, 12}) n += size <= most ? 1 : 0;
  if (most >= 16) n += (std::min(most, 256) - 16) / 8 + 1;
  if (most >= 272) n += (std::min(most, 496) - 272) / 16 + 1;
  if (most >= 512) n += (most - 512) / 32 + 1;
  return n;
}

}  // namespace qwenfit::engine::sglang
