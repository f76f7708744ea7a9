#include "qwenfit/sweep.hpp"

#include <fmt/format.h>

#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit {
namespace {

constexpr std::size_t kMostValues = 10'000;

[[noreturn]] void refuse(std::string_view key, std::string_view text, std::string_view why) {
  throw Error(ErrorCode::invalid_value, fmt::format("{}: '{}' {}", key, text, why));
}

std::int64_t whole(std::string_view key, std::string_view range, std::string_view text) {
  const auto n = units::parse_count(text);
  if (!n || *n < 0) refuse(key, range, "is not a range of whole numbers, as 4k..64k or 8..32+8");
  return *n;
}

void add_range(std::string_view key, std::string_view text, std::size_t dots, std::vector<std::string>& out) {
  const std::string_view first = text.substr(0, dots);
  std::string_view last = text.substr(dots + 2);
  std::int64_t step = 0;
  if (const auto plus = last.find('+'); plus != std::string_view::npos) {
    step = whole(key, text, last.substr(plus + 1));
    if (step == 0) refuse(key, text, "never ends: its step is 0");
    last = last.substr(0, plus);
  }
  const std::int64_t low = whole(key, text, first);
  const std::int64_t high = whole(key, text, last);
  if (low > high) refuse(key, text, "ends before it begins");
  if (step == 0 && low == 0) refuse(key, text, "can't double from 0: give a step, as 0..8+1");
  for (std::int64_t n = low;; n = step > 0 ? n + step : n * 2) {
    // The end belongs to a range that doubles, even where doubling goes past it.
    const bool past = n >= high || n > units::kMaxCount / 2;
    if (n > high && step > 0) return;
    out.push_back(std::to_string(past ? high : n));
    if (out.size() > kMostValues) refuse(key, text, "has more than 10,000 values");
    if (past) return;
  }
}

}  // namespace

std::vector<std::string> sweep_values(std::string_view key, std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    const std::size_t dots = part.find("..");
    if (dots != std::string_view::npos) add_range(key, part, dots, out);
    else out.emplace_back(part);
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
  }
}

std::int64_t sweep_size(const std::vector<SweepAxis>& axes) {
  constexpr std::int64_t kMost = std::int64_t{1} << 62;
  std::int64_t size = 1;
  for (const SweepAxis& axis : axes) {
    const auto n = static_cast<std::int64_t>(axis.values.size());
    if (n == 0) return 0;
    if (size > kMost / n) return kMost;
    size *= n;
  }
  return size;
}

void sweep(const Scenario& common, const std::vector<SweepAxis>& axes,
           const std::function<void(const Scenario&, std::int64_t, const std::string&)>& visit) {
  const std::int64_t size = sweep_size(axes);
  std::vector<std::size_t> at(axes.size(), 0);
  for (std::int64_t point = 1; point <= size; ++point) {
    Scenario scenario = common;
    std::string error;
    try {
      for (std::size_t i = 0; i < axes.size(); ++i)
        set_field_text(scenario, scenario_field(axes[i].key), axes[i].values[at[i]]);
    } catch (const Error& e) {
      error = e.what();
    }
    visit(scenario, point, error);
    for (std::size_t i = axes.size(); i-- > 0;) {
      if (++at[i] < axes[i].values.size()) break;
      at[i] = 0;
    }
  }
}

}  // namespace qwenfit
