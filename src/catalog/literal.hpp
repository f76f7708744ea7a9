// Text as a C++ literal, for the tools that bake data into the program.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace qwenfit::catalog {

/// A std::string_view literal of `text`; what is not printable ASCII is escaped.
inline std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += fmt::format("\\{}", c);
    else if (u < 0x20 || u >= 0x7f) out += fmt::format("\\{:03o}", u);
    else out += c;
  }
  return out + "\"sv";
}

}  // namespace qwenfit::catalog
