// The words of a name: what the tolerant half of the name search works on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qwenfit::catalog {

/// Longer names are cut: no name is longer, and the search stays bounded on hostile input.
inline constexpr std::size_t kLongestName = 512;

struct Word {
  std::string text;        ///< lower case letters and digits; a point between digits stays
  std::size_t begin, end;  ///< where it stands in the name
  bool in_brackets;        ///< inside (...) or [...]
};

/// "Qwen_Qwen3-30B-A3B-UD-Q4_K_XL.gguf" -> qwen qwen3 30b a3b ud q4 k xl gguf;
/// "Qwen-1_8B" -> qwen 1.8b.
std::vector<Word> split_words(std::string_view name);

/// A plain number: "2507", "3.5".
bool is_number(std::string_view word);

/// The number in front of `unit` when `word` is nothing else: "30b" and "b" give 30, "gb" nothing.
/// @return a negative number when it is not that.
double number_before(std::string_view word, std::string_view unit);

}  // namespace qwenfit::catalog
