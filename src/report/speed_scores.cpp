// The accuracy of speed as a table: our own figures beside those of plain formulas on the same rows.
#include "speed_scores.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

namespace qwenfit::report {
namespace {

using measure::Comparison;

Cell percent(double share, bool sign = false) {
  return {sign ? fmt::format("{:+.1f}%", 100 * share) : fmt::format("{:.1f}%", 100 * share), share};
}

/// Median error of a plain formula on the rows of the group that it has a figure for.
template <class F>
Cell plain(const std::vector<const Comparison*>& group, F&& figure) {
  std::vector<Comparison> copies;
  copies.reserve(group.size());
  for (const Comparison* c : group) {
    const std::optional<double> value = figure(*c->speed);
    if (!value) continue;
    copies.push_back(*c);
    copies.back().estimated = *value;
  }
  if (copies.empty()) return {};
  std::vector<const Comparison*> pointers;
  pointers.reserve(copies.size());
  for (const Comparison& c : copies) pointers.push_back(&c);
  return percent(measure::score(pointers, true).median);
}

}  // namespace

Table speed_scores_table(const measure::Outcome& outcome, const std::string& by,
                         std::string (*key)(const measure::SpeedTraits&)) {
  std::map<std::string, std::vector<const Comparison*>> groups;
  for (const Comparison& c : outcome.comparisons) {
    if (!c.speed) continue;
    groups[key(*c.speed)].push_back(&c);
    if (by == "target" && c.speed->target == "single stream, local" && c.speed->kind.ends_with("moe"))
      groups["single stream, local, MoE"].push_back(&c);
  }
  Table table;
  table.title = "By " + by;
  table.columns = {{"group", by},
                   {"rows", "rows", Align::right},
                   {"cells", "cells", Align::right},
                   {"bias", "bias", Align::right, false, 1},
                   {"median_error", "median", Align::right},
                   {"within_20", "<=20%", Align::right},
                   {"p90_error", "p90", Align::right},
                   {"coverage", "in 80%", Align::right},
                   {"bandwidth_median_error", "bw/size", Align::right, false, 2},
                   {"bandwidth_65_median_error", "at 65%", Align::right, false, 2},
                   {"quick_median_error", "quick", Align::right, false, 2}};
  for (const auto& [name, group] : groups) {
    const measure::Score s = measure::score(group, true);
    table.rows.push_back({Cell(name), Cell(std::to_string(s.n), std::int64_t{s.n}),
                          Cell(std::to_string(s.cells), std::int64_t{s.cells}), percent(s.bias, true),
                          percent(s.median), percent(s.within_20), percent(s.p90),
                          s.coverage ? percent(*s.coverage) : Cell(),
                          plain(group, [](const measure::SpeedTraits& t) { return t.sheet; }),
                          plain(group,
                                [](const measure::SpeedTraits& t) {
                                  return t.sheet ? std::optional<double>(0.65 * *t.sheet) : std::nullopt;
                                }),
                          plain(group, [](const measure::SpeedTraits& t) { return t.textbook; })});
  }
  if (by == "target")
    table.notes.push_back(
        "The constants were fitted on these rows: docs/accuracy.md has the scores on rows left out.");
  return table;
}

}  // namespace qwenfit::report
