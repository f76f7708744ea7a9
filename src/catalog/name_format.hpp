// The weight format that the words of a model's name carry.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalog_impl.hpp"
#include "words.hpp"

namespace qwenfit::catalog {

struct NamedFormat {
  const WeightFormat* format = nullptr;
  std::string text;        ///< as written; set with `format` null: a format that the catalog lacks
  std::string note;        ///< what was assumed
  std::vector<bool> used;  ///< words that belong to it, or to no model's name
};

/// What else decides how a format word is read.
struct FormatContext {
  std::string_view owner;  ///< "mlx-community", "nvidia"; may be empty
  bool ollama = false;     ///< the name is an Ollama tag
};

/// Finds a format in `words` of `name`: "q4_k_m", "UD-Q4_K_XL", "AWQ-4bit", "quantized.w4a16", "4.0bpw".
NamedFormat find_format_words(const Catalog::Impl& catalog, std::string_view name,
                              std::span<const Word> words, const FormatContext& context);

}  // namespace qwenfit::catalog
