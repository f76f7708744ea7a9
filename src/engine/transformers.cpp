// Hugging Face transformers: the peak of torch.cuda.max_memory_allocated while it generates, per card. What
// the process takes beside it (CUDA context, the allocator's rests) is taken off the usable memory.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "layer_split.hpp"
#include "rules.hpp"
#include "serving.hpp"
#include "version_point.hpp"

namespace qwenfit::engine {
namespace {

using units::format_bytes;

/// What changed between versions (modeling_qwen2.py, cache_utils.py, generation/utils.py).
struct ReleaseRules {
  VersionPoint point;
  bool all_logits;       ///< the head runs over the whole prompt, in fp32: until 4.45 (num_logits_to_keep)
  bool legacy_cache;     ///< a step's cache is a new tuple beside the old one: until 4.43
  bool rotary_tables;    ///< every layer has its table of sines and cosines: until 4.45
  bool prefill_counted;  ///< the official tables of 4.51 hold no prefill peak; all others do
};

ReleaseRules version_of(const Setup& setup) {
  ReleaseRules v{version_point(*setup.engine, setup.engine_version), false, false, false, false};
  const std::string_view date = v.point.date;
  v.all_logits = date < "2024-09-25";
  v.rotary_tables = date < "2024-09-25";
  v.legacy_cache = date < "2024-07-23";
  v.prefill_counted = !v.point.version.starts_with("4.51");
  return v;
}

Bytes bytes_of(double value) {
  return std::llround(value);
}

Bytes values_bytes(const catalog::DType& type, std::int64_t values) {
  return format::tensor_bytes(type, 1, values);
}

/// The kernels of GPTQ unpack one matrix at a time into 16 bit (exllama's temp_dq).
Bytes unpacked_matrix(const Setup& setup) {
  if (setup.weights->format->scheme != catalog::Scheme::gptq) return 0;
  std::int64_t largest = 0;
  for (const format::TypedTensor& t : setup.weights->tensors) {
    if (t.type->bytes * 8 < 16 * t.type->block) largest = std::max(largest, t.tensor.rows * t.tensor.cols);
  }
  return 2 * largest;
}

/// A moment of the generation on one card: what is there beside weights, rotary tables and state.
struct Moment {
  std::string name;
  Bytes bytes;
};

class Transformers : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    setup.engine_version = version_point(*setup.engine, setup.engine_version).version;
    fill_growing_context(setup);
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>* steps) const override {
    const ReleaseRules version = version_of(setup);
    // FP8 checkpoints with a stored head load it beside the embedding; the others tie it again.
    const LayerSplit split(setup, {true, setup.weights->format->scheme == catalog::Scheme::fp8_block});
    MemoryPlan plan;
    split.place(plan);
    const Bytes layer_token = kv_layer_bytes(setup, values_bytes);
    const Derivation derive(steps, fmt::format("transformers {}", version.point.version));
    for (std::size_t i = 0; i < split.devices(); ++i) {
      DeviceMemory& d = split.fill(plan, i, layer_token, setup.context * setup.concurrency);
      const Bytes kv_token = layer_token * split.layers(i, model::LayerKind::full_attention);
      const Moment peak = widest_moment(version, setup, split, i, kv_token);
      const Bytes fixed = rotary(version, setup, split, i) + unpacked_matrix(setup) + bookkeeping(setup);
      d.compute = std::max<Bytes>(0, peak.bytes - d.kv_cache) + fixed;
      if (!setup.devices.empty()) d.usable -= std::min(d.usable, context_bytes(setup, i));
      if (i > 0) continue;
      derive.bytes("weights", "tensors of the checkpoint, a tied head once", "", d.weights,
                   "from_pretrained");
      derive.bytes("KV cache", "layers x K and V of a token x tokens x sequences",
                   fmt::format("{} x {} x {}", format_bytes(kv_token), setup.context, setup.concurrency),
                   d.kv_cache, "cache_utils.py: DynamicCache");
      derive.bytes("compute", "widest moment less the cache held at the end, and buffers",
                   fmt::format("{}: {}", peak.name, format_bytes(peak.bytes)), d.compute,
                   "fitted on the official speed tables (scripts/fit_engine_memory.py)");
    }
    plan.notes.push_back(
        "the peak of torch's allocations; the CUDA context is not in it but off the usable memory");
    return plan;
  }

 private:
  static Moment widest_moment(const ReleaseRules& version, const Setup& setup, const LayerSplit& split,
                              std::size_t device, Bytes kv_token) {
    const catalog::Geometry& g = setup.model->geometry;
    const auto sequences = static_cast<double>(setup.concurrency);
    const double prompt = static_cast<double>(prefill_tokens(setup)) * sequences;
    const double whole = static_cast<double>(setup.context) * sequences;
    const auto kv = static_cast<double>(kv_token);
    const double hidden = 4.0 * g.hidden_size;  // two tensors of 16 bit
    const double vocabulary = g.headless ? 0 : g.vocab_size;
    const double copies = version.legacy_cache ? 2 : 1;

    std::vector<Moment> moments;
    if (version.prefill_counted)
      moments.push_back({"a layer over the prompt", bytes_of(prompt * (kv + 2 * widest_layer(g)))});
    if (version.all_logits && split.is_last(device)) {
      // 16-bit logits and their fp32 copy; the copy is still there when the first step copies the cache.
      moments.push_back({"logits of the prompt", bytes_of(prompt * (kv + 6 * vocabulary + hidden))});
      moments.push_back({"first step after it", bytes_of(prompt * (copies * kv + 4 * vocabulary + hidden))});
    } else if (version.all_logits && device == 0) {
      // accelerate moves the outputs to the card of the inputs (AlignDevicesHook: io_same_device).
      moments.push_back(
          {"logits moved to the first card", bytes_of(prompt * (copies * kv + 4 * vocabulary))});
    }
    moments.push_back({"last step", bytes_of(whole * copies * kv)});
    Moment widest = moments.front();
    for (const Moment& m : moments) {
      if (m.bytes > widest.bytes) widest = m;
    }
    if (setup.weights->format->scheme == catalog::Scheme::awq && !version.prefill_counted)
      widest.bytes += bytes_of(whole * kv * constant_of(setup, "awq_cache_share"));
    return widest;
  }

  /// Tables of sines and cosines, 16 bit, of every layer.
  static Bytes rotary(const ReleaseRules& version, const Setup& setup, const LayerSplit& split,
                      std::size_t device) {
    if (!version.rotary_tables || setup.model->arch == catalog::Arch::qwen) return 0;
    const std::int64_t positions = setup.model->context.native;
    return split.layers(device, model::LayerKind::full_attention) * positions *
           setup.model->geometry.head_dim * 2 * 2;
  }

  static Bytes bookkeeping(const Setup& setup) {
    const bool remote = setup.model->arch == catalog::Arch::qwen;  // Qwen v1 brings its own modeling code
    return units::mib(constant_of(setup, remote ? "remote_code_mib" : "workspace_mib"));
  }
};

}  // namespace

const Rules& transformers_rules() {
  static const Transformers rules;
  return rules;
}

}  // namespace qwenfit::engine
