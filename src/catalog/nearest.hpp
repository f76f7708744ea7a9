// "Did you mean ...?": the nearest of some known words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qwenfit::catalog {

/// The words of `known` that a typo could have turned into `word`, nearest first, at most `most`.
/// Compares folded names (letters and digits in lower case) by edit distance with transpositions.
std::vector<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& known,
                                      std::size_t most = 3);

/// ": did you mean a, b or c?" or, when nothing is near, an empty text.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace qwenfit::catalog
