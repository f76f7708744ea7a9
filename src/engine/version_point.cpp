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

/// Major, minor, patch; of builds the number alone. What follows a number ("x", "post1", "-dev") counts as
/// any patch. Builds ("b9415") and releases ("v0.5.0") are counted apart: only dates tell which is newer.
struct Number {
  bool build;
  std::array<int, 3> parts;
};

bool counts_builds(const catalog::Engine& engine) {
  return !engine.versions.empty() && engine.versions[0].version.starts_with('b');
}

int to_number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = std::min(value * 10 + (c - '0'), 100'000'000);
  return value;
}

/// "b9415", "b9415-0adede866", "4591 (7919256c)", "b4c0549a4 (9352)". A shorter number is of a shallow clone,
/// and what goes on in letters is a commit.
std::optional<int> build_in(std::string_view text) {
  constexpr std::size_t kShortest = 4;
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t begin = i;
    while (i < text.size() && letter(text[i])) ++i;
    if (i == begin) {
      ++i;
      continue;
    }
    if (text[begin] == 'b') ++begin;
    const std::string_view word = text.substr(begin, i - begin);
    if (word.size() >= kShortest && std::all_of(word.begin(), word.end(), digit)) return to_number(word);
  }
  return std::nullopt;
}

std::optional<Number> number_in(const catalog::Engine& engine, std::string_view text) {
  if (counts_builds(engine)) {
    if (const auto build = build_in(text)) return Number{true, {*build, 0, 0}};
    if (text.find('.') == std::string_view::npos) return std::nullopt;
  }
  Number n{false, {0, INT_MAX, INT_MAX}};
  std::size_t i = 0;
  while (i < text.size() && !digit(text[i])) ++i;
  if (i == text.size()) return std::nullopt;
  for (int& part : n.parts) {
    const std::size_t begin = i;
    while (i < text.size() && digit(text[i])) ++i;
    part = to_number(text.substr(begin, i - begin));
    if (i + 1 >= text.size() || text[i] != '.' || !digit(text[i + 1])) break;
    ++i;
  }
  return n;
}

/// Names of the newest there is, and commits: nothing in them tells how new they are.
bool names_newest(std::string_view text) {
  for (const std::string_view word : {"latest", "main", "master", "nightly"}) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return std::any_of(text.begin(), text.end(), digit);
}

/// The last known version ahead of the first of its kind that is above the one wanted.
const catalog::EngineVersion& version_up_to(const catalog::Engine& engine, const Number& wanted) {
  const catalog::EngineVersion* last = &engine.versions[0];
  for (const catalog::EngineVersion& v : engine.versions) {
    const Number n = *number_in(engine, v.version);
    if (n.build == wanted.build && n.parts > wanted.parts) break;
    last = &v;
  }
  return *last;
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
  const auto wanted = number_in(engine, text);
  if (!wanted && names_newest(text)) return point(newest, {});
  if (!wanted) {
    throw Error(ErrorCode::invalid_value,
                fmt::format("engine_version: '{}' is no version; the newest known of {} is {}", text,
                            engine.name, newest.version));
  }
  return point(version_up_to(engine, *wanted), {});
}

bool above_all_known(const catalog::Engine& engine, std::string_view text) {
  const auto given = number_in(engine, text);
  if (engine.versions.empty() || !given || !date_in(text).empty()) return false;
  const Number newest = *number_in(engine, engine.versions[engine.versions.size() - 1].version);
  return given->build == newest.build && given->parts[2] != INT_MAX && given->parts > newest.parts;
}

bool came_before(const catalog::Engine& engine, std::string_view text, std::string_view version,
                 std::string_view date) {
  const std::string given_date = date_in(text);
  if (!given_date.empty()) return given_date < date;
  // Between two releases: what it has of the later one is not told.
  if (text.find("dev") != std::string_view::npos) return false;
  const auto given = number_in(engine, text);
  const Number needed = *number_in(engine, version);
  if (!given) return false;
  if (given->build == needed.build) return given->parts < needed.parts;
  return !engine.versions.empty() && version_point(engine, text).date < date;
}

const catalog::Feature* lacks(const catalog::Engine& engine, std::string_view text,
                              std::string_view feature) {
  for (const catalog::Feature& known : engine.features)
    if (known.name == feature && came_before(engine, text, known.version, known.date)) return &known;
  return nullptr;
}

}  // namespace qwenfit::engine
