#include "utf8.hpp"

#include <array>

namespace qwenfit::report {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array kCombining{Range{0x300, 0x36f}, Range{0x200b, 0x200f}, Range{0xfe00, 0xfe0f}};
constexpr std::array kWide{Range{0x1100, 0x115f}, Range{0x2e80, 0xa4cf},   Range{0xac00, 0xd7a3},
                           Range{0xf900, 0xfaff}, Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},
                           Range{0xffe0, 0xffe6}, Range{0x1f300, 0x1faff}, Range{0x20000, 0x3fffd}};

template <class Ranges>
bool in(const Ranges& ranges, char32_t point) {
  for (const Range& r : ranges) {
    if (point >= r.first && point <= r.last) return true;
  }
  return false;
}

}  // namespace

CodePoint code_point(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> char32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xc2 && lead < 0xe0 && follows(1)) return {(lead & 0x1fU) << 6 | (byte(1) & 0x3fU), 2};
  if (lead >= 0xe0 && lead < 0xf0 && follows(1) && follows(2)) {
    const char32_t point = (lead & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
    if (point >= 0x800 && (point < 0xd800 || point > 0xdfff)) return {point, 3};
  }
  if (lead >= 0xf0 && lead < 0xf5 && follows(1) && follows(2) && follows(3)) {
    const char32_t point =
        (lead & 0x07U) << 18 | (byte(1) & 0x3fU) << 12 | (byte(2) & 0x3fU) << 6 | (byte(3) & 0x3fU);
    if (point >= 0x10000 && point <= 0x10ffff) return {point, 4};
  }
  return {};
}

int columns(char32_t point) {
  if (point < 0x300) return 1;
  if (in(kCombining, point)) return 0;
  return in(kWide, point) ? 2 : 1;
}

int columns(std::string_view text) {
  int sum = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {  // nearly all there is
      ++sum;
      ++i;
      continue;
    }
    const CodePoint p = code_point(text, i);
    sum += p.length > 0 ? columns(p.value) : 1;
    i += p.length > 0 ? p.length : 1;
  }
  return sum;
}

}  // namespace qwenfit::report
