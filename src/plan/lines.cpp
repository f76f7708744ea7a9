#include "lines.hpp"

#include <algorithm>

#include "text.hpp"

namespace qwenfit::plan {

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> out;
  int number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.push_back({line, number});
    at = end + 1;
  }
  return out;
}

std::vector<std::pair<std::string, int>> logical_lines(std::string_view text) {
  std::vector<std::pair<std::string, int>> out;
  bool open = false;
  for (const Line& line : lines_of(text)) {
    const std::string_view trimmed = trim(line.text);
    if (open && (trimmed.starts_with('#') || trimmed.starts_with(';'))) continue;
    if (!open) out.emplace_back("", line.number);
    open = line.text.ends_with('\\');
    out.back().first += open ? line.text.substr(0, line.text.size() - 1) : line.text;
    out.back().first += open ? "\n" : "";
  }
  return out;
}

std::string continued(std::string_view line) {
  std::string out;
  for (const char c : line) {
    if (c == '\n') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace qwenfit::plan
