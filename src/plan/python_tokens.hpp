// Python source as tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qwenfit::plan {

enum class PythonKind : std::uint8_t { name, text, number, sign, line_end, end };

/// One token.
struct PythonToken {
  PythonKind kind = PythonKind::end;
  std::string_view written;
  std::string value;    ///< of a text
  bool formed = false;  ///< an f-string: not known
  int line = 1;
};

/// The tokens of `text`, which has to outlive them; the last one is `end`. Comments and blanks are left out,
/// a string literal that does not end ends with its line.
std::vector<PythonToken> python_tokens(std::string_view text);

}  // namespace qwenfit::plan
