#include "targets.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "catalog/nearest.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::train {
namespace {

using model::Role;

constexpr std::uint64_t bits(std::initializer_list<Role> roles) {
  std::uint64_t mask = 0;
  for (const Role role : roles) mask |= std::uint64_t{1} << static_cast<unsigned>(role);
  return mask;
}

constexpr std::uint64_t kQ = bits({Role::attn_q});
constexpr std::uint64_t kK = bits({Role::attn_k});
constexpr std::uint64_t kV = bits({Role::attn_v});
constexpr std::uint64_t kQkv = bits({Role::attn_qkv});
constexpr std::uint64_t kO = bits({Role::attn_output});
constexpr std::uint64_t kLinearIn = bits(
    {Role::linear_qkv, Role::linear_z, Role::linear_qkvz, Role::linear_a, Role::linear_b, Role::linear_ba});
constexpr std::uint64_t kLinearOut = bits({Role::linear_output});
constexpr std::uint64_t kGate = bits({Role::ffn_gate, Role::expert_gate, Role::shared_expert_gate});
constexpr std::uint64_t kUp = bits({Role::ffn_up, Role::expert_up, Role::shared_expert_up});
constexpr std::uint64_t kDown = bits({Role::ffn_down, Role::expert_down, Role::shared_expert_down});
constexpr std::uint64_t kAttention = kQ | kK | kV | kQkv | kO | kLinearIn | kLinearOut;
constexpr std::uint64_t kMlp = kGate | kUp | kDown;

struct Name {
  std::string_view name;
  Targets targets;
};

constexpr std::array kNames{Name{"all-linear", {kAttention | kMlp, false}},
                            Name{"all", {kAttention | kMlp, false}},
                            Name{"attention", {kAttention, false}},
                            Name{"mlp", {kMlp, false}},
                            Name{"embeddings", {0, true}},
                            Name{"q_proj", {kQ, false}},
                            Name{"k_proj", {kK, false}},
                            Name{"v_proj", {kV, false}},
                            Name{"o_proj", {kO, false}},
                            Name{"in_proj_qkv", {bits({Role::linear_qkv}), false}},
                            Name{"in_proj_z", {bits({Role::linear_z}), false}},
                            Name{"in_proj_qkvz", {bits({Role::linear_qkvz}), false}},
                            Name{"in_proj_a", {bits({Role::linear_a}), false}},
                            Name{"in_proj_b", {bits({Role::linear_b}), false}},
                            Name{"in_proj_ba", {bits({Role::linear_ba}), false}},
                            Name{"out_proj", {kLinearOut, false}},
                            Name{"gate_proj", {kGate, false}},
                            Name{"up_proj", {kUp, false}},
                            Name{"down_proj", {kDown, false}},
                            Name{"c_attn", {kQkv, false}},
                            Name{"c_proj", {kO | bits({Role::ffn_down}), false}},
                            Name{"w1", {bits({Role::ffn_up}), false}},
                            Name{"w2", {bits({Role::ffn_gate}), false}},
                            Name{"embed_tokens", {0, true}},
                            Name{"lm_head", {0, true}},
                            Name{"wte", {0, true}}};

std::string unknown_target(std::string_view target) {
  std::vector<std::string_view> known;
  for (const Name& n : kNames) known.push_back(n.name);
  const std::string near = catalog::did_you_mean(target, known);
  return fmt::format(
      "unknown LoRA target '{}'{}", target,
      near.empty() ? ": it is all-linear, attention, mlp, embeddings or a module such as q_proj" : near);
}

}  // namespace

bool Targets::adapts(Role role) const {
  const auto bit = static_cast<unsigned>(role);
  return bit < 64 && (matrices >> bit & 1) != 0;
}

Targets parse_targets(std::string_view text) {
  Targets sum;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",+"), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string folded = catalog::fold_name(part);
    bool found = false;
    for (const Name& n : kNames) {
      if (catalog::fold_name(n.name) != folded) continue;
      found = true;
      sum.matrices |= n.targets.matrices;
      sum.embeddings |= n.targets.embeddings;
    }
    if (!found) throw Error(ErrorCode::unknown_name, unknown_target(part));
  }
  return sum;
}

}  // namespace qwenfit::train
