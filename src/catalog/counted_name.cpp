#include "counted_name.hpp"

#include "qwenfit/units.hpp"

namespace qwenfit::catalog {
namespace {

constexpr std::string_view kTimes = "\xc3\x97";  // the sign of multiplication

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// More digits are the number of a card.
bool is_count(std::string_view text) {
  return !text.empty() && text.size() <= 3 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The length of the "x" that `rest`, which follows a number, begins with; 0: none. Of "8xH100" and "8 x
/// H100"; but a card may be named "780 XT".
std::size_t times_sign(std::string_view rest, bool gap) {
  if (rest.starts_with(kTimes)) return kTimes.size();
  if (rest.starts_with('*')) return 1;
  const bool letter = rest.starts_with('x') || rest.starts_with('X');
  return letter && rest.size() > 1 && (!gap || rest[1] == ' ') ? 1 : 0;
}

}  // namespace

CountedName split_count(std::string_view text) {
  text = trimmed(text);
  if (const auto colon = text.rfind(':');
      colon != std::string_view::npos && colon > 0 && units::parse_count(text.substr(colon + 1)))
    return {trimmed(text.substr(0, colon)), text.substr(colon + 1)};

  const std::size_t end = text.find_first_not_of("0123456789");
  if (end != std::string_view::npos && is_count(text.substr(0, end))) {
    const std::string_view rest = trimmed(text.substr(end));
    const std::size_t sign = times_sign(rest, text[end] == ' ');
    if (sign > 0 && rest.size() > sign) return {trimmed(rest.substr(sign)), text.substr(0, end)};
  }

  const std::size_t last = text.find_last_of(" (");
  if (last == std::string_view::npos || last == 0) return {text, {}};
  std::string_view tail = text.substr(last + 1);
  if (tail.ends_with(')')) tail.remove_suffix(1);
  if (tail.empty() || (tail.front() != 'x' && tail.front() != 'X') || !is_count(tail.substr(1)))
    return {text, {}};
  return {trimmed(text.substr(0, last)), tail.substr(1)};
}

}  // namespace qwenfit::catalog
