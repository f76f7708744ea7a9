// Tensor names of Hugging Face checkpoints -> places in the model.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "qwenfit/model.hpp"

namespace qwenfit::input {

struct Key {
  model::Part part;
  model::Role role;
  int layer;
  friend bool operator<(const Key& a, const Key& b) {
    return std::tie(a.part, a.role, a.layer) < std::tie(b.part, b.role, b.layer);
  }
};

/// Where a tensor belongs.
struct Place {
  Key key{model::Part::text, model::Role::token_embedding, -1};
  bool known = false;
  bool values = true;  ///< not scales, zero points, indices
  bool fused = false;  ///< gate and up in one
};

/// Where the tensor of this name belongs. @param trunk layers in front of the MTP blocks
Place place_of(std::string_view name, int trunk);

/// The part that a name split at its dots belongs to.
model::Part part_of(const std::vector<std::string_view>& words);
std::vector<std::string_view> words_of(std::string_view name);

/// What checkpoints call the module of this role, for errors.
std::string module_name(model::Role role);

}  // namespace qwenfit::input
