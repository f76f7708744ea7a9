// JSON with the line of every key, so that a complaint about a value can say where it stands.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace qwenfit::catalog {

struct JsonWithLines {
  nlohmann::json root;
  std::map<std::string, int> lines;  ///< JSON pointer -> 1-based line of its key or element

  /// The line of `pointer` or of the nearest enclosing value that has one.
  int line_of(std::string pointer) const;
};

/// Parses `text`. Comments are not JSON and are refused, as are duplicate keys: in a catalog the second
/// would silently win.
/// @param name stands for the file in messages.
/// @throws Error(bad_input) with file, line and column.
JsonWithLines parse_json_with_lines(const std::string& name, std::string_view text);

}  // namespace qwenfit::catalog
