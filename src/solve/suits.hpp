// Which models a use case is about. Internal to the solve room.
#pragma once

#include <algorithm>
#include <array>

#include "qwenfit/catalog.hpp"

namespace qwenfit {

/// What nobody chats with.
inline bool is_special(const catalog::Model& model) {
  constexpr std::array<std::string_view, 6> kSpecial{"embedding", "reranker", "reward",
                                                     "guard",     "asr",      "tts"};
  return std::find(kSpecial.begin(), kSpecial.end(), model.kind) != kSpecial.end();
}

/// Rerankers are tested as embedding models are, but do not replace them.
inline bool suits(const catalog::Model& model, catalog::UseCase use) {
  if (use == catalog::UseCase::embedding) return model.kind == "embedding";
  if (is_special(model)) return false;
  return use != catalog::UseCase::vision || model.modality.find("image") != std::string_view::npos;
}

}  // namespace qwenfit
