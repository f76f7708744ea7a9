#include "embedded.hpp"

#include <algorithm>
#include <cctype>

#include "shell_value.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::size_t kMost = 200;

std::string_view line_at(std::string_view text, std::size_t at) {
  std::string_view line = text.substr(at, std::min(text.find('\n', at), text.size()) - at);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::size_t next_line(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('\n', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

/// `text` without the blanks that begin each of its lines.
std::string without_indent(std::string_view text) {
  std::size_t common = std::string_view::npos;
  for (std::size_t at = 0; at < text.size(); at = next_line(text, at)) {
    const std::string_view line = line_at(text, at);
    const std::size_t indent = line.find_first_not_of(" \t");
    if (indent != std::string_view::npos) common = std::min(common, indent);
  }
  std::string out;
  for (std::size_t at = 0; at < text.size(); at = next_line(text, at)) {
    const std::string_view line = line_at(text, at);
    if (common != std::string_view::npos && line.size() > common) out += line.substr(common);
    out += '\n';
  }
  return out;
}

/// What `<<` of a line asks for.
struct Opening {
  std::string_view mark;
  bool quoted = false;
  std::string_view target;  ///< > FILE, tee FILE
};

std::string_view word_at(std::string_view line, std::size_t at) {
  while (at < line.size() && (line[at] == ' ' || line[at] == '>')) ++at;
  const char quote = at < line.size() && (line[at] == '"' || line[at] == '\'') ? line[at] : '\0';
  if (quote) {
    const std::size_t end = line.find(quote, at + 1);
    return end == std::string_view::npos ? std::string_view() : line.substr(at + 1, end - at - 1);
  }
  return line.substr(std::min(at, line.size()), std::min(line.find_first_of(" <>|;&", at), line.size()) - at);
}

bool opening(std::string_view line, Opening& out) {
  const std::size_t at = line.find("<<");
  if (at == std::string_view::npos || trim(line).starts_with('#')) return false;
  std::size_t i = at + 2;
  if (i < line.size() && line[i] == '-') ++i;
  while (i < line.size() && line[i] == ' ') ++i;
  if (i < line.size() && line[i] == '\\') {
    out.quoted = true;
    ++i;
  }
  const char quote = i < line.size() && (line[i] == '"' || line[i] == '\'') ? line[i++] : '\0';
  const std::size_t begin = i;
  while (i < line.size() && (std::isalnum(static_cast<unsigned char>(line[i])) || line[i] == '_')) ++i;
  out.mark = line.substr(begin, i - begin);
  if (quote) {
    if (i >= line.size() || line[i] != quote) return false;
    out.quoted = true;
  }
  // 1 << 3 is arithmetic.
  if (out.mark.empty() || std::isdigit(static_cast<unsigned char>(out.mark[0]))) return false;
  const std::size_t into = line.find('>');
  if (into != std::string_view::npos) out.target = word_at(line, into);
  else if (const std::size_t tee = line.find("tee "); tee != std::string_view::npos && tee < at)
    out.target = word_at(line, line.compare(tee + 4, 3, "-a ") == 0 ? tee + 7 : tee + 4);
  return true;
}

}  // namespace

std::vector<Embedded> here_documents(std::string_view text, int first_line) {
  std::vector<Embedded> out;
  int line = first_line;
  std::size_t searched = 0;
  for (std::size_t at = 0; at < text.size() && out.size() < kMost && searched < kMostSearchedInVain;
       at = next_line(text, at), ++line) {
    Opening open;
    if (!opening(line_at(text, at), open)) continue;
    const std::size_t begin = next_line(text, at);
    std::size_t end = begin;
    int lines = 0;
    while (end < text.size() && trim(line_at(text, end)) != open.mark) {
      end = next_line(text, end);
      ++lines;
    }
    searched += end - begin;
    if (end >= text.size()) continue;  // none, or one that never ends
    out.push_back({without_indent(text.substr(begin, end - begin)), line + 1, !open.quoted, open.target});
    at = end;
    line += lines + 1;
  }
  return out;
}

std::vector<Embedded> fenced_blocks(std::string_view text, int first_line) {
  std::vector<Embedded> out;
  int line = first_line;
  std::size_t begin = std::string_view::npos;  // of the block that is open
  int begin_line = 0;
  std::string_view word;
  for (std::size_t at = 0; at < text.size() && out.size() < kMost; at = next_line(text, at), ++line) {
    const std::string_view l = trim(line_at(text, at));
    if (!l.starts_with("```")) continue;
    if (begin == std::string_view::npos) {
      begin = next_line(text, at);
      begin_line = line + 1;
      word = l.substr(3, l.find_first_of(" {", 3) - 3);
    } else {
      out.push_back({without_indent(text.substr(begin, at - begin)), begin_line, false, word});
      begin = std::string_view::npos;
    }
  }
  return out;
}

}  // namespace qwenfit::plan
