// "Did you mean ...?": the nearest of some known words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qwenfit::catalog {

/// A name to compare with, and the one to show for it: an alias, and the id behind it.
struct KnownName {
  std::string_view name;
  std::string_view shown;
};

/// The words of `known` that a typo could have turned into `word`, nearest first, at most `most`.
/// Compares folded names (letters and digits in lower case) by edit distance with transpositions.
std::vector<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& known,
                                      std::size_t most = 3);
std::vector<std::string_view> nearest(std::string_view word, const std::vector<KnownName>& known,
                                      std::size_t most = 3);

/// ": did you mean a, b or c?" or, when nothing is near, an empty text.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

/// The same for few words: when nothing is near, ": it is one of a, b or c".
std::string did_you_mean_of_few(std::string_view word, const std::vector<std::string_view>& known);
std::string did_you_mean_name(std::string_view word, const std::vector<KnownName>& known);

/// What was said of a near name; where nothing was, how to see all of them: "devices", "formats".
std::string or_listed(const std::string& meant, std::string_view what);

/// "a, b or c"; what exceeds `most` becomes " ...".
std::string alternatives(const std::vector<std::string_view>& names, std::size_t most = 8);

}  // namespace qwenfit::catalog
