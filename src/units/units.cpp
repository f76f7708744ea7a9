#include "qwenfit/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace qwenfit::units {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

struct Quantity {
  double value;
  std::string suffix;  // lower case, without surrounding blanks
};

/// Splits "24 GiB" into 24 and "gib". Grouping marks inside the digits ("32_768", "32,768") are
/// dropped only when every group has three digits, so that "1,5" is refused and not read as 15.
std::optional<Quantity> split(std::string_view text) {
  text = trim(text);
  std::string digits;
  std::size_t i = 0;
  std::size_t since_mark = 0;
  bool marked = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      digits += c;
      ++since_mark;
    } else if ((c == '_' || c == ',') && !digits.empty()) {
      if (marked ? since_mark != 3 : since_mark > 3) return std::nullopt;
      marked = true;
      since_mark = 0;
    } else {
      break;
    }
  }
  if (marked && since_mark != 3) return std::nullopt;
  if (i < text.size() && text[i] == '.') {
    digits += '.';
    for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  }
  if (i + 1 < text.size() && lower(text[i]) == 'e' &&
      ((text[i + 1] >= '0' && text[i + 1] <= '9') || text[i + 1] == '-' || text[i + 1] == '+')) {
    digits += 'e';
    for (++i; i < text.size() && ((text[i] >= '0' && text[i] <= '9') || text[i] == '-' || text[i] == '+');
         ++i) {
      if (text[i] != '+') digits += text[i];
    }
  }
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() ||
      !std::isfinite(value)) {
    return std::nullopt;
  }
  std::string suffix;
  for (const char c : trim(text.substr(i))) suffix += lower(c);
  return Quantity{value, suffix};
}

std::optional<std::int64_t> whole(double value) {
  if (!(value >= 0) || value > static_cast<double>(kMaxCount) || value != std::floor(value))
    return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<std::int64_t> parse_count(std::string_view text) {
  const auto q = split(text);
  if (!q) return std::nullopt;
  double factor = 1;
  if (q->suffix == "k" || q->suffix == "ki") factor = 1024;
  else if (q->suffix == "m" || q->suffix == "mi") factor = 1024.0 * 1024;
  else if (q->suffix == "g" || q->suffix == "gi") factor = 1024.0 * 1024 * 1024;
  else if (!q->suffix.empty()) return std::nullopt;
  return whole(q->value * factor);
}

std::optional<Bytes> parse_bytes(std::string_view text) {
  const auto q = split(text);
  if (!q) return std::nullopt;
  struct Unit {
    std::string_view name;
    double bytes;
  };
  static constexpr std::array<Unit, 19> kUnits{{{"", 1},
                                                {"b", 1},
                                                {"kb", 1e3},
                                                {"mb", 1e6},
                                                {"gb", 1e9},
                                                {"tb", 1e12},
                                                {"kib", 0x1p10},
                                                {"mib", 0x1p20},
                                                {"gib", 0x1p30},
                                                {"tib", 0x1p40},
                                                {"ki", 0x1p10},
                                                {"mi", 0x1p20},
                                                {"gi", 0x1p30},
                                                {"ti", 0x1p40},
                                                {"k", 0x1p10},
                                                {"m", 0x1p20},
                                                {"g", 0x1p30},
                                                {"t", 0x1p40},
                                                {"bytes", 1}}};
  for (const Unit& unit : kUnits) {
    if (q->suffix == unit.name) return whole(std::round(q->value * unit.bytes));
  }
  return std::nullopt;
}

std::optional<double> parse_bandwidth(std::string_view text) {
  const auto q = split(text);
  if (!q || q->value <= 0) return std::nullopt;
  double factor = 0;
  if (q->suffix.empty() || q->suffix == "gb/s" || q->suffix == "gb") factor = 1e9;
  else if (q->suffix == "tb/s" || q->suffix == "tb") factor = 1e12;
  else if (q->suffix == "mb/s" || q->suffix == "mb") factor = 1e6;
  else if (q->suffix == "gib/s") factor = 0x1p30;
  else return std::nullopt;
  return q->value * factor;
}

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto q = split(text);
  if (!q || !q->suffix.empty()) return std::nullopt;
  return negative ? -q->value : q->value;
}

std::string format_figure(double value) {
  const double magnitude = std::fabs(value);
  if (magnitude >= 100 || magnitude == 0) return fmt::format("{:.0f}", value);
  if (magnitude >= 10) return fmt::format("{:.1f}", value);
  if (magnitude >= 0.01) return fmt::format("{:.2f}", value);
  return fmt::format("{:.2g}", value);
}

namespace {

std::string scaled(double value, double step, const std::array<const char*, 5>& names) {
  std::size_t unit = 0;
  while (unit + 1 < names.size() && std::fabs(value) >= step * 0.9995) {
    value /= step;
    ++unit;
  }
  if (unit == 0) return fmt::format("{:.0f} {}", value, names[0]);
  return fmt::format("{} {}", format_figure(value), names[unit]);
}

}  // namespace

namespace {
SizeUnits chosen_units = SizeUnits::binary;
}

void write_sizes_in(SizeUnits units) {
  chosen_units = units;
}

std::string_view large_unit() {
  return chosen_units == SizeUnits::binary ? "GiB" : "GB";
}

double in_large_units(Bytes bytes) {
  return chosen_units == SizeUnits::binary ? to_gib(bytes) : to_gb(bytes);
}

std::string format_bytes(Bytes bytes) {
  if (chosen_units == SizeUnits::decimal) return format_bytes_decimal(bytes);
  return scaled(static_cast<double>(bytes), 1024, {"B", "KiB", "MiB", "GiB", "TiB"});
}

std::string format_bytes_decimal(Bytes bytes) {
  return scaled(static_cast<double>(bytes), 1000, {"B", "kB", "MB", "GB", "TB"});
}

std::string format_parameters(std::int64_t parameters) {
  const auto p = static_cast<double>(parameters);
  if (p >= 1e12) return fmt::format("{:.2f}T", p / 1e12);
  if (p >= 99.95e9) return fmt::format("{:.0f}B", p / 1e9);
  if (p >= 9.995e9) return fmt::format("{:.1f}B", p / 1e9);
  if (p >= 0.9995e9) return fmt::format("{:.2f}B", p / 1e9);
  if (p >= 1e6) return fmt::format("{:.0f}M", p / 1e6);
  return format_grouped(parameters);
}

std::string format_grouped(std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  const std::ptrdiff_t first = value < 0 ? 1 : 0;
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string format_milliseconds(double milliseconds) {
  if (milliseconds >= 1000) return fmt::format("{} s", format_figure(milliseconds / 1000));
  if (milliseconds >= 1) return fmt::format("{} ms", format_figure(milliseconds));
  return fmt::format("{} us", format_figure(milliseconds * 1000));
}

}  // namespace qwenfit::units
