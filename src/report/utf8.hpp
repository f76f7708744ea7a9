// UTF-8 as reports need it: where sequences end and how wide they show.
#pragma once

#include <cstddef>
#include <string_view>

namespace qwenfit::report {

/// One code point of a text; `length` 0 means that the bytes at this place are no UTF-8.
struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;
};

/// The code point that begins at byte `at` (< size). Overlong forms, surrogates and cut sequences are none.
CodePoint code_point(std::string_view text, std::size_t at);

/// Columns a terminal gives to the code point: 0 for combining marks, 2 for wide East Asian ones and emoji.
int columns(char32_t point);

/// Columns of a whole text; a byte that is no UTF-8 counts one.
int columns(std::string_view text);

}  // namespace qwenfit::report
