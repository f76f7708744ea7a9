#include "words.hpp"

#include <algorithm>
#include <cstdlib>

namespace qwenfit::catalog {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::vector<Word> split_words(std::string_view name) {
  name = name.substr(0, kLongestName);
  std::vector<Word> words;
  int brackets = 0;
  bool open = false;  // the last word goes on
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '(' || c == '[') ++brackets;
    if ((c == ')' || c == ']') && brackets > 0) --brackets;
    const bool between_digits = i > 0 && i + 1 < name.size() && digit(name[i - 1]) && digit(name[i + 1]);
    const bool point = c == '.' || (c == '_' && open && between_digits &&
                                    std::all_of(words.back().text.begin(), words.back().text.end(), digit));
    if (letter(c) || digit(c) || (point && open && between_digits)) {
      if (!open) words.push_back({"", i, i, brackets > 0});
      open = true;
      words.back().text += point ? '.' : letter(c) ? static_cast<char>(c | 0x20) : c;
      words.back().end = i + 1;
    } else {
      open = false;
    }
  }
  return words;
}

bool is_number(std::string_view word) {
  return number_before(word, "") >= 0;
}

double number_before(std::string_view word, std::string_view unit) {
  if (word.size() <= unit.size() || word.size() > 16 || !word.ends_with(unit)) return -1;
  const std::string digits(word.substr(0, word.size() - unit.size()));
  if (!digit(digits.front()) || !digit(digits.back()) ||
      !std::all_of(digits.begin(), digits.end(), [](char c) { return digit(c) || c == '.'; }) ||
      std::count(digits.begin(), digits.end(), '.') > 1) {
    return -1;
  }
  return std::strtod(digits.c_str(), nullptr);
}

}  // namespace qwenfit::catalog
