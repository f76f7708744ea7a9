// Lines of a text, as they stand and as a backslash at their end joins them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qwenfit::plan {

struct Line {
  std::string_view text;
  int number;
};

std::vector<Line> lines_of(std::string_view text);

/// Lines joined where one ends in a backslash, with the number of their first; comment lines between them are
/// left out.
std::vector<std::pair<std::string, int>> logical_lines(std::string_view text);

/// A logical line as a shell continues it.
std::string continued(std::string_view line);

}  // namespace qwenfit::plan
