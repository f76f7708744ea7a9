#include "targets.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "catalog/nearest.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::train {
namespace {

using model::Role;

struct Name {
  std::string_view name;  ///< folded
  Targets targets;
};

constexpr Targets kAttention{true, false, false};
constexpr Targets kMlp{false, true, false};
constexpr Targets kEmbeddings{false, false, true};
constexpr std::array kNames{Name{"alllinear", {true, true, false}},
                            Name{"all", {true, true, false}},
                            Name{"attention", kAttention},
                            Name{"mlp", kMlp},
                            Name{"embeddings", kEmbeddings},
                            Name{"qproj", kAttention},
                            Name{"kproj", kAttention},
                            Name{"vproj", kAttention},
                            Name{"oproj", kAttention},
                            Name{"cattn", kAttention},
                            Name{"inprojqkv", kAttention},
                            Name{"outproj", kAttention},
                            Name{"gateproj", kMlp},
                            Name{"upproj", kMlp},
                            Name{"downproj", kMlp},
                            Name{"w1", kMlp},
                            Name{"w2", kMlp},
                            Name{"cproj", {true, true, false}},
                            Name{"embedtokens", kEmbeddings},
                            Name{"lmhead", kEmbeddings},
                            Name{"wte", kEmbeddings}};

}  // namespace

bool Targets::adapts(Role role) const {
  switch (role) {
    case Role::attn_q:
    case Role::attn_k:
    case Role::attn_v:
    case Role::attn_qkv:
    case Role::attn_output:
    case Role::linear_qkv:
    case Role::linear_z:
    case Role::linear_qkvz:
    case Role::linear_a:
    case Role::linear_b:
    case Role::linear_ba:
    case Role::linear_output: return attention;
    case Role::ffn_gate:
    case Role::ffn_up:
    case Role::ffn_down:
    case Role::expert_gate:
    case Role::expert_up:
    case Role::expert_down:
    case Role::shared_expert_gate:
    case Role::shared_expert_up:
    case Role::shared_expert_down: return mlp;
    default: return false;
  }
}

Targets parse_targets(std::string_view text) {
  Targets sum;
  std::vector<std::string_view> known;
  for (const Name& n : kNames) known.push_back(n.name);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",+"), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string folded = catalog::fold_name(part);
    bool found = false;
    for (const Name& n : kNames) {
      if (n.name != folded) continue;
      found = true;
      sum.attention |= n.targets.attention;
      sum.mlp |= n.targets.mlp;
      sum.embeddings |= n.targets.embeddings;
    }
    if (!found)
      throw Error(ErrorCode::unknown_name,
                  fmt::format("unknown LoRA target '{}'{}", part, catalog::did_you_mean(folded, known)));
  }
  return sum;
}

}  // namespace qwenfit::train
