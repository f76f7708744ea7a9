#include "version_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <climits>

#include "qwenfit/error.hpp"

namespace qwenfit::engine {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

/// An ISO date inside the text ("2026-05-01", "2026-05"), else empty.
std::string date_in(std::string_view text) {
  for (std::size_t i = 0; i + 7 <= text.size(); ++i) {
    if (text.substr(i, 2) != "20" || text[i + 4] != '-' || !digit(text[i + 5]) || !digit(text[i + 6]))
      continue;
    const std::string_view rest = text.substr(i + 7, 3);
    const bool day = rest.size() == 3 && rest[0] == '-' && digit(rest[1]) && digit(rest[2]);
    return std::string(text.substr(i, 7)) + (day ? std::string(rest) : "-15");
  }
  return {};
}

/// Major, minor, patch. What follows a number ("x", "post1", "-dev") counts as any patch.
using Number = std::array<int, 3>;

std::optional<Number> number_in(std::string_view text) {
  Number n{0, INT_MAX, INT_MAX};
  std::size_t i = 0;
  while (i < text.size() && !digit(text[i])) ++i;
  if (i == text.size()) return std::nullopt;
  for (std::size_t part = 0; part < n.size(); ++part) {
    int value = 0;
    for (; i < text.size() && digit(text[i]); ++i) value = std::min(value * 10 + (text[i] - '0'), 1'000'000);
    n[part] = value;
    if (i + 1 >= text.size() || text[i] != '.' || !digit(text[i + 1])) break;
    ++i;
  }
  return n;
}

}  // namespace

VersionPoint version_point(const catalog::Engine& engine, std::string_view text) {
  const auto point = [](const catalog::EngineVersion& v, std::string date) {
    return VersionPoint{std::string(v.version), date.empty() ? std::string(v.date) : std::move(date)};
  };
  const catalog::EngineVersion& newest = engine.versions[engine.versions.size() - 1];
  if (text.empty()) return point(newest, {});
  for (const catalog::EngineVersion& v : engine.versions) {
    if (v.version == text) return point(v, {});
  }
  const std::string date = date_in(text);
  if (!date.empty()) {
    const catalog::EngineVersion* last = &engine.versions[0];
    for (const catalog::EngineVersion& v : engine.versions) {
      if (v.date <= date) last = &v;
    }
    return point(*last, date);
  }
  const auto wanted = number_in(text);
  if (!wanted) {
    throw Error(ErrorCode::invalid_value,
                fmt::format("engine_version: '{}' is no version; the newest known of {} is {}", text,
                            engine.name, newest.version));
  }
  const catalog::EngineVersion* best = &engine.versions[0];
  for (const catalog::EngineVersion& v : engine.versions) {
    if (*number_in(v.version) <= *wanted) best = &v;
  }
  return point(*best, {});
}

}  // namespace qwenfit::engine
