// Tensor names of Hugging Face checkpoints (modeling_qwen*.py; modeling_qwen.py of Qwen v1) -> roles.
#include "hf_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace qwenfit::input {
namespace {

using model::Part;
using model::Role;

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

}  // namespace

std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  words.reserve(static_cast<std::size_t>(std::count(name.begin(), name.end(), '.')) + 1);
  while (!name.empty()) {
    const auto dot = std::min(name.find('.'), name.size());
    words.push_back(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return words;
}

Part part_of(const std::vector<std::string_view>& words) {
  static constexpr std::array<std::pair<std::string_view, Part>, 10> kParts{
      {{"code2wav", Part::code2wav},
       {"token2wav", Part::code2wav},
       {"talker", Part::talker},
       {"visual", Part::vision},
       {"vision_tower", Part::vision},
       {"vision_model", Part::vision},
       {"audio_tower", Part::audio},
       {"audio", Part::audio},
       {"multi_modal_projector", Part::audio},
       {"mtp", Part::mtp}}};
  for (const std::string_view word : words) {
    for (const auto& [name, part] : kParts)
      if (word == name) return part;
  }
  return Part::text;
}

Place place_of(std::string_view name, int trunk) {
  Place place;
  std::vector<std::string_view> words = words_of(name);
  place.key.part = part_of(words);
  if (place.key.part != Part::text && place.key.part != Part::mtp) {
    place.known = true;
    return place;
  }
  // Experts that are one tensor have their scales beside them: gate_up_proj_scale_inv.
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

std::string module_name(Role role) {
  for (const Named& n : kLayerModules) {
    if (n.role == role) return std::string(n.name);
  }
  for (const Named& n : kEnds) {
    if (n.role == role) return std::string(n.name);
  }
  return "a tensor";
}

}  // namespace qwenfit::input
