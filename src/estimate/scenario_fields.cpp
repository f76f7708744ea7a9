#include "scenario_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "catalog/nearest.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit {
namespace {

using S = Scenario;
constexpr std::int64_t kTokens = std::int64_t{1} << 40;  // more than any machine holds
constexpr std::int64_t kCards = 65536;

const std::array kFields{
    Field{"id", "", "", "a name of your own, echoed back", Group::what, Shape::id},
    Field{"model", "", "MODEL", "catalog id, Hugging Face id, Ollama tag, GGUF file name or a path",
          Group::what, Member<S>{&S::model}},
    Field{"format", "-f,--format", "FORMAT", "weight format: q4_k_m, ud-q4_k_xl, fp8, awq-int4, mlx-4bit ...",
          Group::what, Member<S>{&S::format}},
    Field{"engine", "-e,--engine", "ENGINE",
          "llama.cpp, ollama, lmstudio, vllm, sglang, transformers, mlx, tensorrt-llm, exllamav3",
          Group::what, Member<S>{&S::engine}},
    Field{"engine_version", "--engine-version", "VERSION", "where a rule changed between versions",
          Group::what, Member<S>{&S::engine_version}},
    Field{"method", "--method", "exact|quick", "exact, or the textbook formula of bandwidth / size",
          Group::what, Shape::method},

    Field{"device", "-d,--device", "DEVICE",
          "card or machine, as people write it: 4090, 'M3 Max 64GB', 2x h100; auto is this machine",
          Group::device, Shape::devices},
    Field{"device_count", "-n,--device-count,--count", "N", "how many of it", Group::device,
          Member<S>{&S::device_count}, 1, kCards},
    Field{"backend", "--backend", "BACKEND", "cuda, rocm, vulkan, metal, sycl, cann, hpu, cpu", Group::device,
          Member<S>{&S::backend}},
    Field{"host", "--host", "HOST", "host memory for offload: catalog id, or '89.6GB/s,64GiB'", Group::device,
          Shape::host},
    Field{"tensor_parallel", "--tensor-parallel,--tp", "N", "cards that share each layer", Group::device,
          Member<S>{&S::tensor_parallel}, 1, kCards},
    Field{"pipeline_parallel", "--pipeline-parallel,--pp", "N", "cards that share the stack of layers",
          Group::device, Member<S>{&S::pipeline_parallel}, 1, kCards},
    Field{"expert_parallel", "--expert-parallel,--ep", "N", "cards that share the experts", Group::device,
          Member<S>{&S::expert_parallel}, 1, kCards},
    Field{"data_parallel", "--data-parallel,--dp", "N", "copies of the model", Group::device,
          Member<S>{&S::data_parallel}, 1, kCards},
    Field{"split_mode", "--split-mode", "layer|row|tensor|none", "llama.cpp: how cards share the model",
          Group::device, Member<S>{&S::split_mode}},

    Field{"context", "-c,--context", "TOKENS", "tokens allocated per sequence", Group::work,
          Member<S>{&S::context}, 1, kTokens},
    Field{"concurrency", "-u,--concurrency", "N", "sequences decoding at once", Group::work,
          Member<S>{&S::concurrency}, 1, 1 << 20},
    Field{"prompt_tokens", "--prompt-tokens,--prompt", "TOKENS", "prompt whose speed is asked", Group::work,
          Member<S>{&S::prompt_tokens}, 0, kTokens},
    Field{"output_tokens", "--output-tokens,--output", "TOKENS", "output whose speed is asked", Group::work,
          Member<S>{&S::output_tokens}, 1, kTokens},
    Field{"kv_type", "--kv-type,--kv", "TYPE", "KV cache type: f16, q8_0, q4_0, fp8 ...", Group::work,
          Member<S>{&S::kv_type}},
    Field{"kv_type_v", "--kv-type-v", "TYPE", "type of the V cache alone", Group::work,
          Member<S>{&S::kv_type_v}},
    Field{"speculative", "--speculative", "METHOD[:TOKENS[:ACCEPTANCE]]", "speculative decoding: mtp:2:0.7",
          Group::work, Shape::speculative},

    Field{"gpu_layers", "--gpu-layers,--ngl", "N", "layers on the card (-ngl)", Group::llama,
          Member<S>{&S::gpu_layers}, 0, 1 << 20},
    Field{"cpu_moe_layers", "--cpu-moe-layers,--n-cpu-moe", "N", "layers whose experts stay on the host",
          Group::llama, Member<S>{&S::cpu_moe_layers}, 0, 1 << 20},
    Field{"tensor_split", "--tensor-split", "A,B,...", "shares of unlike cards", Group::llama,
          Member<S>{&S::tensor_split}},
    Field{"ubatch", "--ubatch", "TOKENS", "physical batch", Group::llama, Member<S>{&S::ubatch}, 1, 1 << 24},
    Field{"batch", "--batch", "TOKENS", "logical batch", Group::llama, Member<S>{&S::batch}, 1, 1 << 24},
    Field{"flash_attention", "--flash-attention,!--no-flash-attention", "",
          "flash attention (on by default; llama.cpp before 2025-08-30: off)", Group::llama,
          Member<S>{&S::flash_attention}},
    Field{"parallel_slots", "--parallel-slots", "N", "server slots (-np)", Group::llama,
          Member<S>{&S::parallel_slots}, 1, 1 << 16},
    Field{"kv_unified", "--kv-unified,!--no-kv-unified", "", "one KV buffer for all slots", Group::llama,
          Member<S>{&S::kv_unified}},
    Field{"mmproj", "--mmproj,!--no-mmproj", "", "load the vision projector too", Group::llama,
          Member<S>{&S::mmproj}},
    Field{"program", "--program", "server|cli",
          "what runs llama.cpp: logits for its slots, or for the whole batch", Group::llama,
          Member<S>{&S::program}},

    Field{"gpu_memory_utilization", "--gpu-memory-utilization", "SHARE",
          "vLLM: share of the card it may take", Group::serving, Member<S>{&S::gpu_memory_utilization}},
    Field{"max_num_seqs", "--max-num-seqs", "N", "vLLM: sequences in a batch", Group::serving,
          Member<S>{&S::max_num_seqs}, 1, 1 << 20},
    Field{"max_num_batched_tokens", "--max-num-batched-tokens", "N", "vLLM: tokens in a step", Group::serving,
          Member<S>{&S::max_num_batched_tokens}, 1, 1 << 30},
    Field{"enforce_eager", "--enforce-eager,!--no-enforce-eager", "", "vLLM: no CUDA graphs", Group::serving,
          Member<S>{&S::enforce_eager}},
    Field{"language_model_only", "--language-model-only,!--no-language-model-only", "",
          "leave the vision tower out", Group::serving, Member<S>{&S::language_model_only}},
    Field{"cpu_offload_gb", "--cpu-offload-gb", "GIB", "vLLM: weights kept in host memory, GiB per card",
          Group::serving, Member<S>{&S::cpu_offload_gb}},
    Field{"kv_cache_memory_bytes", "--kv-cache-memory-bytes", "BYTES", "vLLM: size of the KV pool",
          Group::serving, Member<S>{&S::kv_cache_memory_bytes}, 1},
    Field{"block_size", "--block-size", "TOKENS", "vLLM: KV block", Group::serving, Member<S>{&S::block_size},
          1, 1 << 20},
    Field{"enable_prefix_caching", "--enable-prefix-caching,!--no-enable-prefix-caching", "",
          "vLLM: keep prefixes of finished requests", Group::serving, Member<S>{&S::enable_prefix_caching}},
    Field{"mamba_cache_mode", "--mamba-cache-mode", "none|align|all",
          "vLLM: recurrent state under prefix caching", Group::serving, Member<S>{&S::mamba_cache_mode}},
    Field{"mamba_ssm_dtype", "--mamba-ssm-dtype", "TYPE", "type of the recurrent state: float32, bfloat16",
          Group::serving, Member<S>{&S::mamba_ssm_dtype}},
    Field{"mem_fraction_static", "--mem-fraction-static", "SHARE",
          "SGLang: share of free memory for weights and KV pool", Group::serving,
          Member<S>{&S::mem_fraction_static}},
    Field{"chunked_prefill_size", "--chunked-prefill-size", "N", "SGLang: tokens in a prefill step",
          Group::serving, Member<S>{&S::chunked_prefill_size}, 1, 1 << 30},
    Field{"max_running_requests", "--max-running-requests", "N", "SGLang: sequences in a batch",
          Group::serving, Member<S>{&S::max_running_requests}, 1, 1 << 20},
    Field{"max_total_tokens", "--max-total-tokens", "N", "SGLang: tokens of the KV pool", Group::serving,
          Member<S>{&S::max_total_tokens}, 1, kTokens},
    Field{"max_mamba_cache_size", "--max-mamba-cache-size", "N", "SGLang: slots of recurrent state",
          Group::serving, Member<S>{&S::max_mamba_cache_size}, 1, 1 << 20},
    Field{"mamba_full_memory_ratio", "--mamba-full-memory-ratio", "RATIO",
          "SGLang: recurrent state against KV memory", Group::serving,
          Member<S>{&S::mamba_full_memory_ratio}},
    Field{"cuda_graph_max_bs", "--cuda-graph-max-bs", "N", "SGLang: largest captured batch", Group::serving,
          Member<S>{&S::cuda_graph_max_bs}, 0, 1 << 20},
    Field{"page_size", "--page-size", "TOKENS", "SGLang: KV page", Group::serving, Member<S>{&S::page_size},
          1, 1 << 20},
    Field{"disable_radix_cache", "--disable-radix-cache,!--no-disable-radix-cache", "",
          "SGLang: no prefix reuse", Group::serving, Member<S>{&S::disable_radix_cache}},

    Field{"train", "--train", "METHOD[,key=value...]", "fine-tuning instead of inference: qlora,rank=16",
          Group::answer, Shape::train},
    Field{
        "require", "--require", "LIST",
        "what must hold, joined by commas: fits, decode=25, ttft=1500, context=32k, concurrency=16, cost=2, "
        "headroom=0.1",
        Group::answer, Shape::require},
    Field{"usd_per_hour", "--usd-per-hour", "USD", "price of the devices together", Group::answer,
          Member<S>{&S::usd_per_hour}},
    Field{"usd_per_kwh", "--usd-per-kwh", "USD", "electricity of owned devices, at their data sheets' power",
          Group::answer, Member<S>{&S::usd_per_kwh}},
    Field{"utilization", "--utilization", "SHARE", "share of the time that is used, for cost", Group::answer,
          Member<S>{&S::utilization}},
    Field{"explain", "--explain,!--no-explain", "", "derive every figure", Group::answer,
          Member<S>{&S::explain}},
};

using H = HostRequest;
constexpr std::array kHost{SubField<H>{"name", &H::name}, SubField<H>{"bandwidth_gb_s", &H::bandwidth_gb_s},
                           SubField<H>{"memory_gib", &H::memory_gib}};
using P = engine::Speculative;
constexpr std::array kSpeculative{SubField<P>{"method", &P::method}, SubField<P>{"tokens", &P::tokens},
                                  SubField<P>{"acceptance", &P::acceptance},
                                  SubField<P>{"draft_model", &P::draft_model}};
using T = Train;
constexpr std::array kTrain{SubField<T>{"method", &T::method},
                            SubField<T>{"rank", &T::rank},
                            SubField<T>{"targets", &T::targets},
                            SubField<T>{"sequence", &T::sequence},
                            SubField<T>{"batch", &T::batch},
                            SubField<T>{"optimizer", &T::optimizer},
                            SubField<T>{"gradient_checkpointing", &T::gradient_checkpointing},
                            SubField<T>{"zero_stage", &T::zero_stage},
                            SubField<T>{"fsdp", &T::fsdp}};
using R = Require;
constexpr std::array kRequire{SubField<R>{"fits", &R::fits},
                              SubField<R>{"headroom_fraction", &R::headroom_fraction},
                              SubField<R>{"decode_tok_s", &R::decode_tok_s},
                              SubField<R>{"ttft_ms", &R::ttft_ms},
                              SubField<R>{"context", &R::context},
                              SubField<R>{"concurrency", &R::concurrency},
                              SubField<R>{"usd_per_million_tokens", &R::usd_per_million_tokens}};

}  // namespace

std::span<const Field> scenario_fields() {
  return kFields;
}
std::span<const SubField<HostRequest>> host_fields() {
  return kHost;
}
std::span<const SubField<engine::Speculative>> speculative_fields() {
  return kSpeculative;
}
std::span<const SubField<Train>> train_fields() {
  return kTrain;
}
std::span<const SubField<Require>> require_fields() {
  return kRequire;
}

const Field& scenario_field(std::string_view key) {
  const auto* const it =
      std::find_if(kFields.begin(), kFields.end(), [&](const Field& f) { return f.key == key; });
  if (it != kFields.end()) return *it;
  std::vector<std::string_view> known;
  for (const Field& field : kFields) known.push_back(field.key);
  throw Error(ErrorCode::unknown_key,
              fmt::format("unknown key '{}'{}", key, catalog::did_you_mean(key, known)));
}

}  // namespace qwenfit
