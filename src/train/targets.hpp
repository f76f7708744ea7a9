// Which matrices LoRA puts adapters on.
#pragma once

#include <string_view>

#include "qwenfit/model.hpp"

namespace qwenfit::train {

struct Targets {
  bool attention = false;   ///< q, k, v and output projections, those of linear attention too
  bool mlp = false;         ///< gate, up and down, of experts too
  bool embeddings = false;  ///< embedding and head, trained whole

  bool adapts(model::Role role) const;
};

/// "all-linear", "attention", "mlp", "embeddings", or the names of modules ("q_proj,v_proj"), joined by
/// commas or plus signs. A module stands for its group: PEFT's usual lists name whole groups.
/// @throws Error(unknown_name) with the nearest one.
Targets parse_targets(std::string_view text);

}  // namespace qwenfit::train
