// Models that only read. Internal; shared by the speed and the estimate room.
#pragma once

#include "qwenfit/engine.hpp"

namespace qwenfit::speed {

/// Embedding models, rerankers and reward models give a vector or a score: no output that is decoded.
inline bool only_reads(const engine::Setup& setup) {
  const std::string_view kind = catalog::kind_of_model(*setup.model, setup.variant);
  return kind == "embedding" || kind == "reranker" || kind == "reward";
}

}  // namespace qwenfit::speed
