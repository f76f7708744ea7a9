// The tensors of a GGUF file, with their roles in the model.
#include "gguf_model.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::input {
namespace {

using format::TypedTensor;
using model::Part;
using model::Role;
using model::Tensor;

/// What convert_hf_to_gguf.py writes for several matrices at once (--fuse-gate-up-exps, --fuse-qkv); empty:
/// none.
std::string fused_name(const Tensor& t) {
  switch (t.role) {
    case Role::expert_gate:
    case Role::expert_up: return fmt::format("blk.{}.ffn_gate_up_exps.weight", t.layer);
    case Role::attn_q:
    case Role::attn_k:
    case Role::attn_v: return fmt::format("blk.{}.attn_qkv.weight", t.layer);
    case Role::attn_q_bias:
    case Role::attn_k_bias:
    case Role::attn_v_bias: return fmt::format("blk.{}.attn_qkv.bias", t.layer);
    default: return "";
  }
}

/// Gives the file's tensors the roles of the inventory.
class GgufWeigher {
 public:
  GgufWeigher(const catalog::Catalog& catalog, LocalModel& local, GgufTensors& tensors)
      : catalog_(catalog), local_(local), tensors_(tensors) {}

  format::Weights run() {
    const catalog::Model& m = local_.model;
    const model::Inventory inventory = model::build_inventory(m, model::Layout::gguf);
    weights_.model = &m;
    weights_.format = &local_.format;
    weights_.layout = model::Layout::gguf;
    weights_.layers = inventory.layers;
    weights_.file_bytes =
        local_.file.file_bytes + (local_.file.header_only ? local_.file.tensor_bytes() : Bytes{0});
    for (const Tensor& t : inventory.tensors) {
      const bool text = t.part == Part::text || t.part == Part::ngram;
      if (text || t.part == Part::mtp) add(t, text);
    }
    add_ends();
    add_scales();
    return std::move(weights_);
  }

 private:
  void add(const Tensor& t, bool needed) {
    TypedTensor typed{t, nullptr, 0, 0};
    std::int64_t elements = 0;
    const bool merged =
        t.role == Role::expert_gate || t.role == Role::expert_up || t.role == Role::expert_down;
    for (int i = 0; i < (merged ? 1 : t.count); ++i) {
      const std::string name = format::gguf_name(local_.model, t, i);
      const FileTensor* held = tensors_.take(name);
      if (!held && t.part != Part::ngram && add_share(t)) return;
      if (!held) {
        // A block for further tokens may share the trunk's last norm.
        if (!needed || (t.role == Role::output && tensors_.find(kScoreHead))) continue;
        bad(local_.path, fmt::format("lacks the tensor '{}' of {}", name, local_.model.name));
      }
      const std::int64_t row = held->shape.empty() ? 1 : held->shape.front();
      if (!t.is_vector && row != t.cols)
        bad(local_.path,
            fmt::format("tensor '{}' has rows of {} where its header implies {}", name, row, t.cols));
      elements += held->elements;
      typed.bytes += held->bytes;
      typed.type = catalog_.dtype(held->type);
      owners_[name] = weights_.tensors.size();
    }
    if (!typed.type) return;
    if (needed && elements != t.elements())
      bad(local_.path, fmt::format("tensor '{}' has {} values where its header implies {}",
                                   format::gguf_name(local_.model, t), elements, t.elements()));
    weights_.tensors.push_back(typed);
  }

  /// A matrix that is stored as some rows of a larger one.
  bool add_share(const Tensor& t) {
    const FileTensor* held = tensors_.share(fused_name(t));
    if (!held) return false;
    const catalog::DType* type = catalog_.dtype(held->type);
    const std::int64_t row = t.is_vector ? 1 : t.cols;
    if ((!t.is_vector && (held->shape.empty() || held->shape.front() != row)) ||
        t.elements() > held->elements || (!t.is_vector && row % type->block != 0))
      bad(local_.path, fmt::format("tensor '{}' is too small for what its header implies", held->name));
    weights_.tensors.push_back({t, type, t.elements() / type->block * type->bytes, 0});
    return true;
  }

  /// Heads that the file holds although its model has none of its own.
  void add_ends() {
    const catalog::Geometry& g = local_.model.geometry;
    if (tensors_.find("output.weight")) {
      add({Role::output, Part::text, -1, false, g.vocab_size, g.hidden_size, 1}, true);
      local_.differences.push_back(
          fmt::format("output.weight is stored although {} has a tied head", local_.model.name));
    }
    for (const char* name : {kScoreHead, "cls.output.bias"}) {
      const FileTensor* head = tensors_.find(name);
      if (!head) continue;
      const bool vector = head->shape.size() < 2;
      add({Role::score_head, Part::text, -1, vector, vector ? head->elements : head->shape[1],
           vector ? 1 : head->shape[0], 1},
          true);
    }
  }

  /// Scales of tensors ("blk.0.attn_q.scale" of NVFP4 files) count with them; the rest is told.
  void add_scales() {
    std::size_t unknown = 0;
    std::string first;
    for (const auto& [name, tensor] : tensors_.left()) {
      const auto dot = name.rfind('.');
      const auto owner = owners_.find(name.substr(0, dot) + ".weight");
      if (name.ends_with("scale") && owner != owners_.end()) {
        weights_.tensors[owner->second].extra += tensor->bytes;
      } else {
        if (unknown++ == 0 || name < first) first = name;
      }
    }
    if (unknown > 0)
      local_.differences.push_back(fmt::format(
          "{} tensors are no part of this architecture and are not counted, {} among them", unknown, first));
  }

  const catalog::Catalog& catalog_;
  LocalModel& local_;
  GgufTensors& tensors_;
  format::Weights weights_;
  std::unordered_map<std::string, std::size_t> owners_;  ///< tensor -> place in weights_
};

}  // namespace

format::Weights weigh_gguf(const catalog::Catalog& catalog, LocalModel& local, GgufTensors& tensors) {
  return GgufWeigher(catalog, local, tensors).run();
}

}  // namespace qwenfit::input
