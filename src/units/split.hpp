// Text -> its parts.
#pragma once

#include <string_view>
#include <vector>

namespace qwenfit::units {

/// All parts between the marks, empty ones too: at least one.
inline std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(mark);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace qwenfit::units
