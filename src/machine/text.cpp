#include "text.hpp"

#include <charconv>

namespace qwenfit::machine {

std::string_view trimmed(std::string_view s) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = s.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return s.substr(begin, s.find_last_not_of(kBlanks) - begin + 1);
}

KeyValue key_value(std::string_view line, char mark) {
  const auto at = line.find(mark);
  if (at == std::string_view::npos) return {};
  return {trimmed(line.substr(0, at)), trimmed(line.substr(at + 1))};
}

std::optional<std::int64_t> leading_number(std::string_view text, int base) {
  text = trimmed(text);
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) text.remove_prefix(2);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end == text.data() || value < 0 || value > units::kMaxCount)
    return std::nullopt;
  return value;
}

std::optional<Bytes> scaled(std::optional<std::int64_t> count, Bytes unit) {
  if (!count || *count > units::kMaxCount / unit) return std::nullopt;
  return *count * unit;
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

bool has_word(std::string_view list, std::string_view word) {
  for (const std::string_view w : split(list, ' ')) {
    if (w == word) return true;
  }
  return false;
}

}  // namespace qwenfit::machine
