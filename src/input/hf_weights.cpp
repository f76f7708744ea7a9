// Tensor names of Hugging Face checkpoints -> roles (modeling_qwen*.py; modeling_qwen.py of Qwen v1), and
// what each of the model's tensors takes in the files: its values, and the scales and indices beside them.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include "hf_model.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::input {
namespace {

using format::TypedTensor;
using model::Part;
using model::Role;
using model::Tensor;

struct Named {
  std::string_view name;
  Role role;
};
/// Modules of a decoder layer.
constexpr std::array kLayerModules{Named{"input_layernorm", Role::attn_norm},
                                   Named{"post_attention_layernorm", Role::ffn_norm},
                                   Named{"self_attn.q_proj", Role::attn_q},
                                   Named{"self_attn.k_proj", Role::attn_k},
                                   Named{"self_attn.v_proj", Role::attn_v},
                                   Named{"self_attn.o_proj", Role::attn_output},
                                   Named{"self_attn.q_norm", Role::attn_q_norm},
                                   Named{"self_attn.k_norm", Role::attn_k_norm},
                                   Named{"mlp.gate_proj", Role::ffn_gate},
                                   Named{"mlp.up_proj", Role::ffn_up},
                                   Named{"mlp.down_proj", Role::ffn_down},
                                   Named{"mlp.gate", Role::router},
                                   Named{"mlp.experts.gate_proj", Role::expert_gate},
                                   Named{"mlp.experts.up_proj", Role::expert_up},
                                   Named{"mlp.experts.down_proj", Role::expert_down},
                                   Named{"mlp.switch_mlp.gate_proj", Role::expert_gate},
                                   Named{"mlp.switch_mlp.up_proj", Role::expert_up},
                                   Named{"mlp.switch_mlp.down_proj", Role::expert_down},
                                   Named{"mlp.shared_expert.gate_proj", Role::shared_expert_gate},
                                   Named{"mlp.shared_expert.up_proj", Role::shared_expert_up},
                                   Named{"mlp.shared_expert.down_proj", Role::shared_expert_down},
                                   Named{"mlp.shared_expert_gate", Role::shared_expert_router},
                                   Named{"linear_attn.in_proj_qkv", Role::linear_qkv},
                                   Named{"linear_attn.in_proj_z", Role::linear_z},
                                   Named{"linear_attn.in_proj_qkvz", Role::linear_qkvz},
                                   Named{"linear_attn.in_proj_a", Role::linear_a},
                                   Named{"linear_attn.in_proj_b", Role::linear_b},
                                   Named{"linear_attn.in_proj_ba", Role::linear_ba},
                                   Named{"linear_attn.conv1d", Role::linear_conv},
                                   Named{"linear_attn.A_log", Role::linear_a_log},
                                   Named{"linear_attn.dt_bias", Role::linear_dt_bias},
                                   Named{"linear_attn.norm", Role::linear_norm},
                                   Named{"linear_attn.out_proj", Role::linear_output},
                                   Named{"ln_1", Role::attn_norm},
                                   Named{"ln_2", Role::ffn_norm},
                                   Named{"attn.c_attn", Role::attn_qkv},
                                   Named{"attn.c_proj", Role::attn_output},
                                   Named{"mlp.w1", Role::ffn_up},
                                   Named{"mlp.w2", Role::ffn_gate},
                                   Named{"mlp.c_proj", Role::ffn_down}};
/// Modules outside of the layers, by the end of their name.
constexpr std::array kEnds{Named{"embed_tokens", Role::token_embedding},
                           Named{"wte", Role::token_embedding},
                           Named{"lm_head", Role::output},
                           Named{"norm", Role::output_norm},
                           Named{"ln_f", Role::output_norm},
                           Named{"score", Role::score_head}};
constexpr std::array kMtpEnds{Named{"fc", Role::mtp_fc}, Named{"pre_fc_norm_embedding", Role::mtp_norm},
                              Named{"pre_fc_norm_hidden", Role::mtp_norm}, Named{"norm", Role::mtp_norm}};

/// The last word of a tensor's name, where it is the values of its module. All others lie beside the values.
constexpr std::array<std::string_view, 8> kValues{"weight",  "qweight", "weight_packed", "q_weight",
                                                  "trellis", "A_log",   "dt_bias",       "bias"};
constexpr std::string_view kFusedExperts = "mlp.experts.gate_up_proj";

struct Key {
  Part part;
  Role role;
  int layer;
  friend bool operator<(const Key& a, const Key& b) {
    return std::tie(a.part, a.role, a.layer) < std::tie(b.part, b.role, b.layer);
  }
};

/// Where a tensor belongs.
struct Place {
  Key key{Part::text, Role::token_embedding, -1};
  bool known = false;
  bool values = true;  ///< not scales, zero points, indices
  bool fused = false;  ///< gate and up in one
};

template <std::size_t N>
const Role* find(const std::array<Named, N>& names, std::string_view name) {
  const auto it = std::find_if(names.begin(), names.end(), [&](const Named& n) { return n.name == name; });
  return it == names.end() ? nullptr : &it->role;
}

std::optional<int> number(std::string_view word) {
  int n = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
  if (error != std::errc() || end != word.data() + word.size() || n < 0 || n > 65535) return std::nullopt;
  return n;
}

std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    words.push_back(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return words;
}

/// The bias of a matrix, where the architecture has one.
std::optional<Role> bias_of(Role role) {
  switch (role) {
    case Role::attn_q: return Role::attn_q_bias;
    case Role::attn_k: return Role::attn_k_bias;
    case Role::attn_v: return Role::attn_v_bias;
    case Role::attn_qkv: return Role::attn_qkv_bias;
    default: return std::nullopt;
  }
}

Part part_of(const std::vector<std::string_view>& words) {
  for (const std::string_view word : words) {
    if (word == "code2wav" || word == "token2wav") return Part::code2wav;
    if (word == "talker") return Part::talker;
    if (word == "visual" || word == "vision_tower" || word == "vision_model") return Part::vision;
    if (word == "audio_tower" || word == "audio" || word == "multi_modal_projector") return Part::audio;
    if (word == "mtp") return Part::mtp;
  }
  return Part::text;
}

Place place_of(std::string_view name, int trunk) {
  Place place;
  place.key.part = part_of(words_of(name));
  if (place.key.part != Part::text && place.key.part != Part::mtp) {
    place.known = true;
    return place;
  }
  // Experts that are one tensor have their scales beside them: gate_up_proj_scale_inv.
  std::vector<std::string_view> words = words_of(name);
  bool beside = false;
  for (const std::string_view ending : {"_scale_inv", "_scale", "_scales", "_bias"}) {
    if (words.size() < 2 || words[words.size() - 2] != "experts" || !words.back().ends_with(ending)) continue;
    words.back().remove_suffix(ending.size());
    beside = true;
  }
  const bool mtp = place.key.part == Part::mtp;
  std::size_t first = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto layer = words[i] == "layers" || words[i] == "h" ? number(words[i + 1]) : std::nullopt;
    if (!layer) continue;
    place.key.layer = mtp ? trunk + *layer : *layer;
    first = i + 2;
    break;
  }
  // The longest known module at this place; what follows is the tensor's own word.
  std::string module;
  std::size_t end = 0;
  for (std::size_t i = first; i < words.size(); ++i) {
    if (number(words[i])) continue;  // an expert's number
    if (!module.empty()) module += '.';
    module += words[i];
    const Role* role = nullptr;
    if (first > 0) role = find(kLayerModules, module);
    else if (mtp) role = find(kMtpEnds, words[i]);
    else role = find(kEnds, words[i]);
    const bool fused = first > 0 && module == kFusedExperts;
    if (!role && !fused) continue;
    place.known = true;
    place.fused = fused;
    place.key.role = fused ? Role::expert_gate : *role;
    end = i + 1;
  }
  if (!place.known) return place;
  const std::string_view piece = end < words.size() ? words[end] : std::string_view("weight");
  place.values = std::find(kValues.begin(), kValues.end(), piece) != kValues.end() && words.size() <= end + 1;
  if (beside) place.values = false;
  if (piece == "bias") {
    const auto bias = bias_of(place.key.role);
    if (bias) place.key.role = *bias;
    else place.values = false;
  }
  if (mtp && first == 0) place.key.layer = trunk;
  return place;
}

/// What the files hold of one of the model's tensors.
struct Held {
  std::string type;
  std::int64_t elements = 0;
  Bytes values = 0;
  Bytes extra = 0;
};

/// A part that engines place as a whole.
struct Tower {
  std::map<std::string, Held> types;
  std::int64_t elements = 0;
};

class Weigher {
 public:
  Weigher(const catalog::Catalog& catalog, LocalModel& local) : catalog_(catalog), local_(local) {}

  format::Weights run() {
    const catalog::Model& m = local_.model;
    const model::Inventory inventory = model::build_inventory(m, model::Layout::checkpoint);
    for (const FileTensor& t : local_.file.tensors) sort(t);
    weights_.model = &m;
    weights_.format = &local_.format;
    weights_.layout = model::Layout::checkpoint;
    weights_.layers = inventory.layers;
    weights_.file_bytes =
        local_.file.file_bytes + (local_.file.header_only ? local_.file.tensor_bytes() : Bytes{0});
    std::map<Part, std::vector<Tensor>> towers;
    for (const Tensor& t : inventory.tensors) {
      if (t.part == Part::text || t.part == Part::mtp) add(t);
      else towers[t.part].push_back(t);
    }
    add_head();
    for (const auto& [part, tensors] : towers) add_tower(part, tensors);
    tell_unknown();
    return std::move(weights_);
  }

 private:
  void sort(const FileTensor& t) {
    const Place place = place_of(t.name, local_.model.geometry.layers);
    if (!place.known) {
      if (unknown_++ == 0) first_unknown_ = t.name;
      unknown_bytes_ += t.bytes;
      return;
    }
    if (place.key.part != Part::text && place.key.part != Part::mtp) {
      Tower& tower = towers_[place.key.part];
      Held& held = tower.types[t.type];
      held.type = t.type;
      held.elements += t.elements;
      held.values += t.bytes;
      tower.elements += t.elements;
      return;
    }
    Key key = place.key;
    const int pieces = place.fused ? 2 : 1;
    for (int i = 0; i < pieces; ++i) {
      if (i == 1) key.role = Role::expert_up;
      Held& held = held_[key];
      if (place.values) {
        held.type = t.type;
        held.elements += t.elements / pieces;
        held.values += t.bytes / pieces;
      } else {
        held.extra += t.bytes / pieces;
      }
    }
  }

  static bool is_plain(std::string_view type) {
    return type == "bf16" || type == "f16" || type == "f32" || type == "f64" || type == "f8_e4m3" ||
           type == "f8_e5m2";
  }

  void add(const Tensor& t) {
    const auto it = held_.find({t.part, t.role, t.layer});
    if (it == held_.end()) {
      if (t.part == Part::mtp || t.role == Role::score_head) return;
      bad(local_.path, fmt::format("lacks {} of layer {} of {}", describe(t), t.layer, local_.model.name));
    }
    const Held& held = it->second;
    // Where one role stands for several tensors of a layer, they are weighed together.
    if (done_.contains(it->first)) return;
    done_.insert(it->first);
    Tensor whole = t;
    if (is_plain(held.type)) {
      const std::int64_t expected = t.role == Role::score_head ? held.elements : t.elements();
      if (held.elements != expected)
        bad(local_.path, fmt::format("holds {} values of {} of layer {}, where its configuration implies {}",
                                     held.elements, describe(t), t.layer, expected));
    }
    const catalog::DType* type = catalog_.dtype(is_plain(held.type) ? held.type : local_.format.base);
    if (!type) bad(local_.path, fmt::format("holds values of type {}, which is not known", held.type));
    weights_.tensors.push_back({whole, type, held.values, held.extra});
  }

  static std::string describe(const Tensor& t) {
    for (const Named& n : kLayerModules) {
      if (n.role == t.role) return std::string(n.name);
    }
    for (const Named& n : kEnds) {
      if (n.role == t.role) return std::string(n.name);
    }
    return "a tensor";
  }

  /// A head that is stored although the embedding serves as one.
  void add_head() {
    const catalog::Geometry& g = local_.model.geometry;
    const auto it = held_.find({Part::text, Role::output, -1});
    if (it == held_.end() || done_.contains(it->first)) return;
    done_.insert(it->first);
    const catalog::DType* type =
        catalog_.dtype(is_plain(it->second.type) ? it->second.type : local_.format.base);
    if (!type) return;
    TypedTensor head{{Role::output, Part::text, -1, false, g.vocab_size, g.hidden_size, 1},
                     type,
                     it->second.values,
                     it->second.extra};
    head.stored_copy = is_plain(it->second.type);
    weights_.tensors.push_back(head);
  }

  /// Towers that are stored as their model has them keep its tensors; others are one lump of each type.
  void add_tower(Part part, const std::vector<Tensor>& tensors) {
    const auto it = towers_.find(part);
    if (it == towers_.end()) return;
    placed_.insert(part);
    std::int64_t elements = 0;
    for (const Tensor& t : tensors) elements += t.elements();
    const Tower& tower = it->second;
    if (tower.types.size() == 1 && tower.elements == elements) {
      const catalog::DType* type = catalog_.dtype(tower.types.begin()->first);
      if (type) {
        for (const Tensor& t : tensors)
          weights_.tensors.push_back({t, type, t.elements() * type->bytes / type->block, 0});
        return;
      }
    }
    for (const auto& [name, held] : tower.types) {
      const catalog::DType* type = catalog_.dtype(is_plain(name) ? name : std::string_view("u8"));
      Tensor lump = tensors.front();
      lump.is_vector = true;
      lump.rows = is_plain(name) ? held.elements : held.values;
      lump.cols = lump.count = 1;
      weights_.tensors.push_back({lump, type, held.values, 0});
    }
  }

  void tell_unknown() {
    std::size_t rest = 0;
    for (const auto& [key, held] : held_) rest += done_.contains(key) ? 0 : 1;
    for (const auto& [part, tower] : towers_) {
      Bytes bytes = 0;
      for (const auto& [type, held] : tower.types) bytes += held.values;
      if (!placed_.contains(part))
        local_.differences.push_back(fmt::format("{} of {} are stored and not counted",
                                                 units::format_bytes(bytes),
                                                 part == Part::code2wav ? "the vocoder" : "a tower"));
    }
    if (unknown_ > 0)
      local_.differences.push_back(
          fmt::format("{} tensors of {} are no part of this architecture and are not counted: {} ...",
                      unknown_, units::format_bytes(unknown_bytes_), first_unknown_));
    if (rest > 0)
      local_.differences.push_back(
          fmt::format("{} modules are stored that {} does not have", rest, local_.model.name));
  }

  const catalog::Catalog& catalog_;
  LocalModel& local_;
  format::Weights weights_;
  std::map<Key, Held> held_;
  std::set<Key> done_;
  std::map<Part, Tower> towers_;
  std::set<Part> placed_;  ///< of them, those that the model has
  std::size_t unknown_ = 0;
  Bytes unknown_bytes_ = 0;
  std::string first_unknown_;
};

}  // namespace

int mtp_blocks(const ModelFile& file) {
  int blocks = 0;
  for (const FileTensor& t : file.tensors) {
    const Place place = place_of(t.name, 0);
    if (place.known && place.key.part == Part::mtp && place.key.role == Role::attn_q)
      blocks = std::max(blocks, place.key.layer + 1);
  }
  return blocks;
}

bool holds_module(const ModelFile& file, std::string_view module) {
  return std::any_of(file.tensors.begin(), file.tensors.end(), [&](const FileTensor& t) {
    const auto words = words_of(t.name);
    return part_of(words) == Part::text && std::find(words.begin(), words.end(), module) != words.end();
  });
}

bool holds_part(const ModelFile& file, model::Part part) {
  return std::any_of(file.tensors.begin(), file.tensors.end(),
                     [&](const FileTensor& t) { return part_of(words_of(t.name)) == part; });
}

std::vector<AddedBytes> added_by(const ModelFile& adapter, const catalog::Model& model) {
  std::map<Key, Bytes> sums;
  const catalog::Geometry& g = model.geometry;
  for (const FileTensor& t : adapter.tensors) {
    const Place place = place_of(t.name, g.layers);
    const bool layered = place.key.part == Part::text || place.key.part == Part::mtp;
    if (place.known && layered && place.key.layer < g.layers + g.mtp_layers) sums[place.key] += t.bytes;
  }
  std::vector<AddedBytes> out;
  for (const auto& [key, bytes] : sums) out.push_back({key.part, key.role, key.layer, bytes});
  return out;
}

void weigh_checkpoint(const catalog::Catalog& catalog, LocalModel& local) {
  local.weights = std::make_shared<const format::Weights>(Weigher(catalog, local).run());
}

}  // namespace qwenfit::input
