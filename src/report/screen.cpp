#include "screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace qwenfit::report {
namespace {

std::string_view code(Tone tone) {
  switch (tone) {
    case Tone::plain: return "";
    case Tone::strong: return "1";
    case Tone::dim: return "2";
    case Tone::good: return "1;32";
    case Tone::warn: return "1;33";
    case Tone::bad: return "1;31";
    case Tone::blue: return "34";
    case Tone::cyan: return "36";
    case Tone::magenta: return "35";
    case Tone::yellow: return "33";
    case Tone::green: return "32";
  }
  return "";
}

/// C0 and C1 controls and the marks that reorder or hide text.
bool is_obeyed(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200b && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x2069) || point == 0xfeff;
}

/// Each takes one column, so that what was aligned stays so.
constexpr std::array<std::pair<char32_t, char>, 25> kAscii{
    {{U'█', '#'}, {U'▓', '='}, {U'▒', '%'},  {U'░', '+'},  {U'▞', '~'}, {U'▪', ':'}, {U'·', '.'},
     {U'╌', '-'}, {U'│', '|'}, {U'─', '-'},  {U'×', 'x'},  {U'→', '>'}, {U'✓', '+'}, {U'✗', 'x'},
     {U'–', '-'}, {U'—', '-'}, {U'’', '\''}, {U'‘', '\''}, {U'“', '"'}, {U'”', '"'}, {U'÷', '/'},
     {U'≤', '<'}, {U'≥', '>'}, {U'≈', '~'},  {U'µ', 'u'}}};

std::size_t step(std::string_view text, std::size_t at) {
  return std::max<std::size_t>(code_point(text, at).length, 1);
}

}  // namespace

std::string paint(std::string_view text, Tone tone, const Style& style) {
  if (!style.colour || tone == Tone::plain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code(tone), text);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint p = code_point(text, i);
    if (p.length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
    } else if (is_obeyed(p.value)) {
      out += p.value < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(p.value))
                             : fmt::format("\\u{:04x}", static_cast<unsigned>(p.value));
    } else {
      out += text.substr(i, p.length);
    }
    i += std::max<std::size_t>(p.length, 1);
  }
  return out;
}

std::vector<std::string> wrap(std::string_view text, int width) {
  std::vector<std::string> lines;
  std::string line;
  int used = 0;
  const auto finish = [&] {
    lines.push_back(std::move(line));
    line.clear();
    used = 0;
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    const std::string_view word = text.substr(i, std::min(text.find(' ', i), text.size()) - i);
    i += word.size();
    const int wide = columns(word);
    if (used > 0 && used + 1 + wide > width) finish();
    if (used > 0) {
      line += ' ';
      ++used;
    }
    std::size_t begin = line.size();  // of the word in this line
    for (std::size_t at = 0; at < word.size();) {
      const std::string_view mark = word.substr(at, step(word, at));
      if (used > 0 && used + columns(mark) > width) {
        // A word that is wider than a line breaks after its last hyphen, if it has one.
        const std::size_t hyphen = line.rfind('-');
        const bool breaks = hyphen != std::string::npos && hyphen > begin && hyphen + 1 < line.size();
        std::string rest = breaks ? line.substr(hyphen + 1) : std::string();
        if (breaks) line.erase(hyphen + 1);
        finish();
        used = columns(rest);
        line = std::move(rest);
        begin = 0;
      }
      line += mark;
      used += columns(mark);
      at += mark.size();
    }
  }
  if (!line.empty() || lines.empty()) finish();
  return lines;
}

std::string pad(std::string_view text, int width) {
  return std::string(text) + std::string(static_cast<std::size_t>(std::max(0, width - columns(text))), ' ');
}

std::string pad_left(std::string_view text, int width) {
  return std::string(static_cast<std::size_t>(std::max(0, width - columns(text))), ' ') + std::string(text);
}

std::string for_locale(std::string text, const Style& style) {
  if (style.unicode) return text;
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint p = code_point(text, i);
    i += std::max<std::size_t>(p.length, 1);
    if (p.length == 1) {
      out += static_cast<char>(p.value);
      continue;
    }
    const auto* const known =
        std::find_if(kAscii.begin(), kAscii.end(), [&](const auto& pair) { return pair.first == p.value; });
    out += known != kAscii.end() ? known->second : '?';
  }
  return out;
}

}  // namespace qwenfit::report
