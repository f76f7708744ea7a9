// Which matrices LoRA puts adapters on.
#pragma once

#include <cstdint>
#include <string_view>

#include "qwenfit/model.hpp"

namespace qwenfit::train {

struct Targets {
  std::uint64_t matrices = 0;  ///< a bit for each model::Role
  bool embeddings = false;     ///< embedding and head, trained whole

  bool adapts(model::Role role) const;
};

/// "all-linear", "attention", "mlp", "embeddings", or the names of modules ("q_proj,v_proj"), joined by
/// commas or plus signs. Attention is linear attention too, mlp and its modules are those of experts too.
/// @throws Error(unknown_name) with the nearest one.
Targets parse_targets(std::string_view text);

}  // namespace qwenfit::train
