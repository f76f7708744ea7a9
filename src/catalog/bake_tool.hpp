// What the tools share that bake data into the program: literals, and the file that they write.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <string>
#include <string_view>

#include "qwenfit/error.hpp"

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

/// Writes a made C++ file. @throws Error io.
inline void write_source(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw Error(ErrorCode::io, fmt::format("can't write {}", path));
}

}  // namespace qwenfit::catalog
