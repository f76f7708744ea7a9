// Which type llama-quantize gives to which tensor: its walk over a file, with the rules of ggml_rules.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <tuple>

#include "ggml.hpp"
#include "ggml_rules.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::format {
namespace {

using catalog::DType;
using model::Role;
using model::Tensor;
using namespace ggml_rules;

/// llama-quantize's walk over the tensors of one file.
class Mix {
 public:
  Mix(const Job& job, bool imatrix)
      : job_(job),
        file_(file_type(job.format)),
        base_(dtype(job.catalog, job.format.base)),
        bf16_(dtype(job.catalog, "bf16")),
        f16_(dtype(job.catalog, "f16")),
        f32_(dtype(job.catalog, "f32")) {
    const catalog::Geometry& g = job.inventory.model->geometry;
    experts_ = g.moe ? g.moe->experts : 0;
    if (g.kv_heads > 0 && g.heads / g.kv_heads >= 4) facts_ |= gqa_4;
    if (experts_ >= 4) facts_ |= experts_4;
    if (experts_ == 8) facts_ |= experts_8;
    facts_ |= imatrix ? with_imatrix : no_imatrix;
    for (const Rule& rule : rules()) {
      if (rule.files & file_)
        rules_.push_back({rule, rule.type.empty() ? &base_ : &dtype(job.catalog, rule.type)});
    }
  }

  std::vector<const DType*> types(const std::vector<Tensor>& tensors) {
    int last_layer = -1;
    for (const Tensor& t : tensors) {
      tied_ = tied_ && t.role != Role::output;
      values_ += is_value(t) ? 1 : 0;
      last_layer = std::max(last_layer, int{t.layer});
    }
    layers_ = last_layer + 1;
    std::vector<const DType*> out(tensors.size());
    for (const std::size_t i : walk(tensors)) out[i] = &type(tensors[i]);
    return out;
  }

 private:
  struct Applied {
    Rule rule;
    const DType* type;
  };

  static bool is_value(const Tensor& t) {
    return t.role == Role::attn_v || t.role == Role::attn_qkv || t.role == Role::linear_qkv;
  }

  /// Whether the type depends on how many such tensors came before.
  bool counted(const Tensor& t) const {
    const Category what = category(t);
    return what == Category::attn_v || what == Category::ffn_down;
  }

  /// llama.cpp visits tensors by layer, then by name: its counters advance in this order. What is not counted
  /// comes in any.
  std::vector<std::size_t> walk(const std::vector<Tensor>& tensors) const {
    std::vector<std::size_t> order(tensors.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto others =
        std::stable_partition(order.begin(), order.end(), [&](std::size_t i) { return counted(tensors[i]); });
    // Names of one layer begin alike ("blk.7."), ahead of what has no such beginning.
    std::vector<std::tuple<int, bool, std::string_view, std::size_t>> keys;
    for (auto it = order.begin(); it != others; ++it) {
      const Tensor& t = tensors[*it];
      keys.emplace_back(t.layer, !gguf_in_block(t), gguf_stem(*job_.inventory.model, t), *it);
    }
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 0; i < keys.size(); ++i) order[i] = std::get<3>(keys[i]);
    return order;
  }

  Category category(const Tensor& t) const {
    if (t.is_vector) return Category::kept;
    switch (t.role) {
      case Role::router:
      case Role::linear_conv:
      case Role::indexer_q:
      case Role::indexer_k: return Category::kept;
      case Role::output: return Category::output;
      case Role::token_embedding:
      case Role::ngram_table: return tied_ ? Category::output : Category::embedding;
      case Role::attn_q: return Category::attn_q;
      case Role::attn_k: return Category::attn_k;
      case Role::attn_v: return Category::attn_v;
      case Role::attn_qkv:
      case Role::linear_qkv: return job_.options.legacy_qkv ? Category::fused_qkv : Category::attn_v;
      case Role::attn_output: return Category::attn_output;
      case Role::ffn_gate:
      case Role::ffn_up:
      case Role::expert_gate:
      case Role::expert_up:
      case Role::shared_expert_gate:
      case Role::shared_expert_up:
      case Role::hyper_ffn_up: return Category::ffn_gate_up;  // llama.cpp looks for "ffn_up" in the name
      case Role::ffn_down:
      case Role::expert_down:
      case Role::shared_expert_down:
      case Role::hyper_ffn_down: return Category::ffn_down;
      default: return Category::other;
    }
  }

  const DType& type(const Tensor& t) {
    const Category what = category(t);
    // The converter writes these in 32 bit; only the indexer's projections stay as published.
    if (what == Category::kept) return t.role == Role::indexer_q || t.role == Role::indexer_k ? bf16_ : f32_;
    if (base_.block == 1) return base_;
    if (what == Category::attn_v && keeps_values()) return f16_;
    const bool head = what == Category::output || (what == Category::embedding && !job_.format.head.empty());
    const DType* chosen = head ? &output_type(t) : &layer_type(t, what);
    return fit(*chosen, t);
  }

  /// Ollama's own quantizer left the value matrices of Qwen3 alone when the model appeared, not of what came
  /// from June 2025 on: its files of 0.6B to 14B are larger by just that, to some kB.
  bool keeps_values() const {
    const catalog::Model& m = *job_.inventory.model;
    const bool qwen3 = m.arch == catalog::Arch::qwen3 || m.arch == catalog::Arch::qwen3_moe;
    return job_.options.publisher == "ollama" && qwen3 && m.release_date < "2025-06";
  }

  const DType& output_type(const Tensor& t) const {
    if (!job_.format.head.empty()) return dtype(job_.catalog, job_.format.head);
    if (file_ == mxfp4_moe || t.cols % base_.block != 0) return dtype(job_.catalog, "q8_0");
    if (file_ & (kBelow3Bits | iq3_xxs)) return dtype(job_.catalog, "q5_k");
    return base_.id == "q8_0" ? base_ : dtype(job_.catalog, "q6_k");
  }

  const DType& layer_type(const Tensor& t, Category what) {
    if (file_ == mxfp4_moe) return t.count > 1 ? base_ : dtype(job_.catalog, "q8_0");
    const std::uint32_t holds = facts_ | position(t, what);
    const DType* chosen = &base_;
    for (const Applied& candidate : rules_) {
      if (candidate.rule.category != what || (candidate.rule.when & ~holds) != 0) continue;
      chosen = candidate.type;
      break;
    }
    // "70B": Qwen2 with 80 layers, where eight query heads share small value matrices.
    const catalog::Model& m = *job_.inventory.model;
    if (what == Category::attn_v && (file_ & kFrom3Bits) && m.arch == catalog::Arch::qwen2 &&
        m.geometry.layers == 80 && !m.geometry.vision && (chosen->id == "q3_k" || chosen->id == "q4_k"))
      return dtype(job_.catalog, "q5_k");
    return *chosen;
  }

  /// Where in the file the tensor stands, and one step of the counter.
  std::uint32_t position(const Tensor& t, Category what) {
    int i = 0;
    int n = 0;
    if (what == Category::attn_v) {
      i = value_++;
      n = values_;
    } else if (what == Category::ffn_down) {
      // Below three bits llama.cpp counts the tensors, also where a layer has several.
      const int counted = down_++;
      i = experts_ > 1 && !(file_ & kBelow3Bits) ? t.layer : counted;
      n = layers_;
    } else if (what == Category::ffn_gate_up) {
      i = t.layer;  // one or more a layer: only MoE models have more, and they go by the layer
      n = layers_;
    } else {
      return 0;
    }
    std::uint32_t where = 0;
    if (i < 2) where |= first_2;
    if (i < 4) where |= first_4;
    if (i < n / 16) where |= first_16th;
    if (i < n / 8) where |= first_8th;
    if (i >= n / 8 && i < 7 * n / 8) where |= inner_layers;
    if (i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2) where |= more_bits;
    return where;
  }

  const DType& fit(const DType& chosen, const Tensor& t) const {
    if (t.cols % chosen.block == 0) return chosen;
    const std::string_view smaller = fallback(chosen.id);
    if (smaller.empty() && chosen.block > 32) {
      throw Error(
          ErrorCode::unsupported,
          fmt::format("{} can't hold {}: the rows of {} have {} weights, no multiple of its block of {}",
                      job_.format.name, job_.inventory.model->name, gguf_name(*job_.inventory.model, t),
                      t.cols, chosen.block));
    }
    const DType& next = smaller.empty() ? chosen : dtype(job_.catalog, smaller);
    return t.cols % next.block == 0 ? next : f16_;
  }

  const Job& job_;
  File file_;
  const DType& base_;
  const DType& bf16_;
  const DType& f16_;
  const DType& f32_;
  int experts_ = 0;
  std::uint32_t facts_ = 0;
  std::vector<Applied> rules_;
  bool tied_ = true;
  int values_ = 0;
  int value_ = 0;
  int layers_ = 0;
  int down_ = 0;
};

}  // namespace

std::vector<const DType*> ggml_types(const Job& job, const std::vector<Tensor>& tensors, bool imatrix) {
  return Mix(job, imatrix).types(tensors);
}

bool requires_imatrix(const Job& job, const std::vector<Tensor>& tensors,
                      const std::vector<const DType*>& types) {
  static constexpr std::string_view kTypes[] = {"iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq3_xxs"};
  const bool q2_k_too = file_type(job.format) == q2_k_s;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Role role = tensors[i].role;
    if (role == Role::token_embedding || role == Role::ngram_table || role == Role::output) continue;
    const std::string_view type = types[i]->id;
    if (type.starts_with("iq") && std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes))
      return true;
    if (q2_k_too && type == "q2_k") return true;
  }
  return false;
}

}  // namespace qwenfit::format
