// Text for terminals: colour, wrapping, plain ASCII where it has to be, and nothing that a terminal would
// obey. Reports are composed in Unicode without regard to the locale; `for_locale` is the last step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "utf8.hpp"

namespace qwenfit::report {

/// What the output can be shown on.
struct Style {
  int width = 80;  ///< columns
  bool colour = false;
  bool unicode = true;  ///< else plain ASCII
};

/// What a piece of text means; colours are the terminal's own sixteen, so that its theme decides.
enum class Tone : std::uint8_t { plain, strong, dim, good, warn, bad, blue, cyan, magenta, yellow, green };

/// `text` in the colour of `tone`; as it is when the style has none.
std::string paint(std::string_view text, Tone tone, const Style& style);

/// `text` with what a terminal would act on made visible: control characters become \x1b, marks that
/// reorder text \u202e, bytes that are no UTF-8 \xff. For everything that a user or a file named.
std::string printable(std::string_view text);

/// `text` in lines of at most `width` (>= 1) columns, broken at blanks; a longer word is cut.
std::vector<std::string> wrap(std::string_view text, int width);

/// `text` filled up with blanks to `width` columns, on the right or on the left.
std::string pad(std::string_view text, int width);
std::string pad_left(std::string_view text, int width);

/// The finished report: as it is, or with every mark beyond ASCII replaced by its nearest character.
std::string for_locale(std::string text, const Style& style);

}  // namespace qwenfit::report
