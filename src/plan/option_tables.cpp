// The options of the engines with few, and whose options are whose.
#include <array>

#include "options.hpp"

namespace qwenfit::plan {
namespace {

using enum Takes;

constexpr std::array kTrtllm{
    OptionRule{"model", value, true},
    OptionRule{"tp_size tp-size tensor_parallel_size", value, true, "tensor_parallel"},
    OptionRule{"pp_size pp-size pipeline_parallel_size", value, true, "pipeline_parallel"},
    OptionRule{"ep_size ep-size moe_expert_parallel_size", value, true, "expert_parallel"},
    OptionRule{"max_batch_size max-batch-size", value, true, "max_num_seqs"},
    OptionRule{"max_num_tokens max-num-tokens", value, true, "max_num_batched_tokens"},
    OptionRule{"max_seq_len max-seq-len", value, true, "context"},
    OptionRule{"max_beam_width max-beam-width", value},
    OptionRule{"kv_cache_free_gpu_memory_fraction kv-cache-free-gpu-memory-fraction free_gpu_memory_fraction",
               value, true, "gpu_memory_utilization"},
    OptionRule{"kv_cache_dtype kv-cache-dtype", value, true, "kv_type"},
    OptionRule{"gpus_per_node gpus-per-node", value},
    OptionRule{"cluster_size cluster-size", value},
    OptionRule{"num_postprocess_workers num-postprocess-workers", value},
    OptionRule{"backend", value},
    OptionRule{"tokenizer", value},
    OptionRule{"trust_remote_code trust-remote-code", nothing},
    OptionRule{"extra_llm_api_options extra-llm-api-options config", value, true},
    OptionRule{"reasoning_parser reasoning-parser", value},
    OptionRule{"tool_parser tool-parser", value},
    OptionRule{"host", value},
    OptionRule{"port", value},
    OptionRule{"log_level log-level", value},
};

constexpr std::array kTgi{
    OptionRule{"model-id", value, true},
    OptionRule{"num-shard", value, true, "tensor_parallel"},
    OptionRule{"sharded", value, true},
    OptionRule{"quantize", value, true},
    OptionRule{"dtype", value, true},
    OptionRule{"kv-cache-dtype", value, true},
    OptionRule{"max-input-tokens max-input-length", value, true},
    OptionRule{"max-total-tokens", value, true, "context"},
    OptionRule{"max-batch-prefill-tokens", value, true},
    OptionRule{"max-batch-total-tokens", value, true},
    OptionRule{"max-batch-size", value, true},
    OptionRule{"max-concurrent-requests", value, true, "max_num_seqs"},
    OptionRule{"cuda-memory-fraction", value, true},
    OptionRule{"cuda-graphs", value, true},
    OptionRule{"speculate", value, true},
    OptionRule{"rope-scaling", value, true},
    OptionRule{"rope-factor", value, true},
    OptionRule{"revision", value},
    OptionRule{"trust-remote-code", nothing},
    OptionRule{"port -p", value},
    OptionRule{"hostname", value},
    OptionRule{"huggingface-hub-cache", value},
    OptionRule{"json-output", nothing},
    OptionRule{"waiting-served-ratio", value},
    OptionRule{"tokenizer-config-path", value},
};

constexpr std::array kMlx{
    OptionRule{"model", value, true},
    OptionRule{"max-tokens", value},
    OptionRule{"adapter-path", value},
    OptionRule{"draft-model", value, true},
    OptionRule{"num-draft-tokens", value, true},
    OptionRule{"host", value},
    OptionRule{"port", value},
    OptionRule{"trust-remote-code", nothing},
    OptionRule{"decode-concurrency", value, true},
    OptionRule{"prompt-concurrency", value, true},
    OptionRule{"prompt-cache-size", value},
    OptionRule{"prompt-cache-bytes", value, true},
    OptionRule{"log-level", value},
    OptionRule{"chat-template", value},
    OptionRule{"chat-template-args", value},
    OptionRule{"kv-bits", value, true},
};

constexpr std::array kOllama{
    OptionRule{"num_ctx", value, true, "context"},
    OptionRule{"num_gpu", value, true, "gpu_layers"},
    OptionRule{"keepalive", value},
    OptionRule{"verbose", nothing},
    OptionRule{"file -f", value, true},
    OptionRule{"quantize -q", value, true},
    OptionRule{"format", value},
    OptionRule{"think", maybe},
    OptionRule{"hidethinking", nothing},
    OptionRule{"nowordwrap", nothing},
    OptionRule{"insecure", nothing},
};

constexpr std::array kOther{
    OptionRule{"model -m", value, true},
    OptionRule{"model-path", value, true},
    OptionRule{"model-id", value, true},
    OptionRule{"tp tensor-parallel-size -tp", value, true},
    OptionRule{"max-model-len session-len contextsize", value, true},
};

}  // namespace

const EngineOptions& options_of(EngineKind engine) {
  static const EngineOptions kVllmOptions{vllm_options(), true, true};
  static const EngineOptions kSglangOptions{sglang_options(), true, true};
  static const EngineOptions kLlamaOptions{llama_options(), false, false};
  static constexpr EngineOptions kTrtllmOptions{kTrtllm, false, false};
  static constexpr EngineOptions kTgiOptions{kTgi, false, true};
  static constexpr EngineOptions kMlxOptions{kMlx, true, false};
  static constexpr EngineOptions kOllamaOptions{kOllama, false, false};
  static constexpr EngineOptions kOtherOptions{kOther, false, true};
  switch (engine) {
    case EngineKind::vllm:
    case EngineKind::huggingface: return kVllmOptions;
    case EngineKind::sglang: return kSglangOptions;
    case EngineKind::llama_cpp: return kLlamaOptions;
    case EngineKind::ollama: return kOllamaOptions;
    case EngineKind::tensorrt_llm: return kTrtllmOptions;
    case EngineKind::tgi: return kTgiOptions;
    case EngineKind::mlx: return kMlxOptions;
    case EngineKind::other: break;
  }
  return kOtherOptions;
}

}  // namespace qwenfit::plan
