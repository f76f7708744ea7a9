#include "scenario_values.hpp"

#include <fmt/format.h>

#include <cmath>

#include "qwenfit/error.hpp"

namespace qwenfit::values {
namespace {

constexpr std::size_t kLongestQuote = 60;

std::string range(std::int64_t min, std::int64_t max) {
  return max == units::kMaxCount
             ? fmt::format("a whole number from {}", min)
             : fmt::format("a whole number from {} to {}", min, units::format_grouped(max));
}

}  // namespace

void refuse(std::string_view key, std::string_view given, std::string_view expected) {
  const bool cut = given.size() > kLongestQuote;
  throw Error(
      ErrorCode::invalid_value,
      fmt::format("{}: '{}{}' is not {}", key, given.substr(0, kLongestQuote), cut ? "..." : "", expected));
}

std::string brief(const nlohmann::json& value) {
  if (value.is_object()) return "{...}";
  if (value.is_array()) return "[...]";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::int64_t count(std::string_view key, std::string_view text, std::int64_t min, std::int64_t max) {
  const auto parsed = units::parse_count(text);
  if (!parsed || *parsed < min || *parsed > max) refuse(key, text, range(min, max));
  return *parsed;
}

std::int64_t count(std::string_view key, const nlohmann::json& value, std::int64_t min, std::int64_t max) {
  if (value.is_string()) return count(key, std::string_view(value.get_ref<const std::string&>()), min, max);
  if (value.is_number_integer() && !value.is_number_unsigned()) {
    const auto v = value.get<std::int64_t>();
    if (v < min || v > max) refuse(key, brief(value), range(min, max));
    return v;
  }
  if (value.is_number()) {
    const auto v = value.get<double>();
    if (v >= static_cast<double>(min) && v <= static_cast<double>(max) && v == std::floor(v))
      return static_cast<std::int64_t>(v);
  }
  refuse(key, brief(value), range(min, max));
}

double number(std::string_view key, std::string_view text) {
  const auto parsed = units::parse_number(text);
  if (!parsed || *parsed < 0) refuse(key, text, "a number from 0");
  return *parsed;
}

double number(std::string_view key, const nlohmann::json& value) {
  if (value.is_string()) return number(key, std::string_view(value.get_ref<const std::string&>()));
  if (!value.is_number()) refuse(key, brief(value), "a number from 0");
  const auto v = value.get<double>();
  if (!std::isfinite(v) || v < 0) refuse(key, brief(value), "a number from 0");
  return v;
}

bool flag(std::string_view key, std::string_view text) {
  const std::string word = catalog::fold_name(text);
  if (word == "true" || word == "on" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "off" || word == "no" || word == "0") return false;
  refuse(key, text, "true or false");
}

bool flag(std::string_view key, const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return flag(key, std::string_view(value.get_ref<const std::string&>()));
  refuse(key, brief(value), "true or false");
}

std::string text(std::string_view key, const nlohmann::json& value) {
  if (!value.is_string()) refuse(key, brief(value), "a text");
  return value.get<std::string>();
}

}  // namespace qwenfit::values
