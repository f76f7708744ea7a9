// Lines and fields of what tools print.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/units.hpp"

namespace qwenfit::machine {

inline std::string_view trimmed(std::string_view s) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = s.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return s.substr(begin, s.find_last_not_of(kBlanks) - begin + 1);
}

inline std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(mark);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// "key<mark>value" -> both trimmed; an empty key when the mark is missing.
struct KeyValue {
  std::string_view key, value;
};
inline KeyValue key_value(std::string_view line, char mark) {
  const auto at = line.find(mark);
  if (at == std::string_view::npos) return {};
  return {trimmed(line.substr(0, at)), trimmed(line.substr(at + 1))};
}

/// The whole number that `text` begins with, in base 10 or (with or without 0x) 16; what is behind it is a
/// unit.
inline std::optional<std::int64_t> leading_number(std::string_view text, int base = 10) {
  text = trimmed(text);
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) text.remove_prefix(2);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end == text.data() || value < 0 || value > units::kMaxCount)
    return std::nullopt;
  return value;
}

/// So many times `unit`; nothing where that is no sensible size.
inline std::optional<Bytes> scaled(std::optional<std::int64_t> count, Bytes unit) {
  if (!count || *count > units::kMaxCount / unit) return std::nullopt;
  return *count * unit;
}

inline std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

inline bool has_word(std::string_view list, std::string_view word) {
  for (const std::string_view w : split(list, ' ')) {
    if (w == word) return true;
  }
  return false;
}

}  // namespace qwenfit::machine
