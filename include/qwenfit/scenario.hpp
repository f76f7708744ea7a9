// A question to qwenfit, as a person, a script or a plan file puts it: names and optional settings,
// nothing looked up yet. The keys of the JSON contract (data/schema/scenario.schema.json) are listed once,
// in src/estimate/scenario_fields.cpp, for JSON, command line, plans and sweeps alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/engine.hpp"
#include "qwenfit/train.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit {

struct DeviceRequest {
  std::string name;
  int count = 1;
  std::optional<double> free_gib = std::nullopt;  ///< what others leave of each one's memory
};

struct HostRequest {
  std::string name;  ///< catalog id; empty when the figures are given
  std::optional<double> bandwidth_gb_s;
  std::optional<double> memory_gib;
};

/// What the answer has to meet.
struct Require {
  std::optional<bool> fits;
  std::optional<double> headroom_fraction;  ///< of usable memory
  std::optional<double> decode_tok_s;
  std::optional<double> ttft_ms;
  std::optional<std::int64_t> context;
  std::optional<std::int64_t> concurrency;
  std::optional<double> usd_per_million_tokens;

  bool any() const {
    return fits || headroom_fraction || decode_tok_s || ttft_ms || context || concurrency ||
           usd_per_million_tokens;
  }
};

enum class Method : std::uint8_t { exact, quick };

struct Scenario {
  std::string id;
  bool id_is_number = false;  ///< the id was a whole number: it is echoed as one
  std::string model;
  std::optional<std::string> format;
  std::optional<std::string> engine;
  std::optional<std::string> engine_version;
  std::optional<std::string> backend;
  std::vector<DeviceRequest> devices;
  std::optional<std::int64_t> device_count;
  std::optional<HostRequest> host;
  std::optional<std::int64_t> tensor_parallel, pipeline_parallel, expert_parallel, data_parallel;
  std::optional<std::string> split_mode;
  std::optional<std::int64_t> context, concurrency, prompt_tokens, output_tokens;
  std::optional<std::string> kv_type, kv_type_v;
  // llama.cpp
  std::optional<std::int64_t> gpu_layers, cpu_moe_layers, ubatch, batch, parallel_slots;
  std::vector<double> tensor_split;
  std::optional<bool> flash_attention, kv_unified, mmproj;
  std::optional<std::string> program;
  // vLLM and SGLang
  std::optional<double> gpu_memory_utilization, mem_fraction_static, cpu_offload_gb, mamba_full_memory_ratio;
  std::optional<std::int64_t> max_num_seqs, max_num_batched_tokens, chunked_prefill_size,
      max_running_requests, max_total_tokens, max_mamba_cache_size, cuda_graph_max_bs, page_size, block_size,
      kv_cache_memory_bytes;
  std::optional<bool> enforce_eager, language_model_only, enable_prefix_caching, disable_radix_cache;
  std::optional<std::string> mamba_cache_mode, mamba_ssm_dtype;
  std::optional<engine::Speculative> speculative;
  std::optional<Train> train;
  Method method = Method::exact;
  Require require;
  std::optional<double> usd_per_hour;
  std::optional<double> usd_per_kwh;  ///< electricity of owned hardware
  std::optional<double> utilization;  ///< share of the hour that is sold, for cost
  bool explain = false;
};

/// Reads a scenario from JSON text (one object).
/// @throws Error(bad_input | unknown_key | invalid_value) naming the key and the nearest known one.
Scenario parse_scenario(std::string_view json);

}  // namespace qwenfit
