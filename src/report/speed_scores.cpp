// The accuracy of speed as a table: our own figures beside those of plain formulas on the same rows.
#include "speed_scores.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

namespace qwenfit::report {
namespace {

using measure::Comparison;

/// In five columns, so that a table fits a terminal: tenths as long as there is room for them.
Cell short_percent_cell(double share, bool sign = false) {
  const auto words = [&](int digits) {
    return sign ? fmt::format("{:+.{}f}%", 100 * share, digits)
                : fmt::format("{:.{}f}%", 100 * share, digits);
  };
  const std::string tenths = words(1);
  return {tenths.size() > 5 ? words(0) : tenths, share};
}

/// Numbers in their order ("2-4" before "17-64"), before words.
struct ByLeadingNumber {
  bool operator()(const std::string& a, const std::string& b) const { return key(a) < key(b); }

 private:
  static std::pair<long long, std::string_view> key(const std::string& name) {
    long long number = std::numeric_limits<long long>::max();
    std::from_chars(name.data(), name.data() + name.size(), number);
    return {number, name};
  }
};

/// "/speed/itl_ms/value" is itl_ms, "@e2e_gen_tok_s" e2e_gen_tok_s.
std::string metric_name(std::string_view quantity) {
  for (const std::string_view prefix : {"/speed/", "@"}) {
    if (quantity.starts_with(prefix)) quantity.remove_prefix(prefix.size());
  }
  return std::string(quantity.substr(0, quantity.find('/')));
}

Cell rounded_cell(std::optional<double> value) {
  if (!value) return {};
  return {*value < 1000 ? fmt::format("{:.4g}", *value) : fmt::format("{:.0f}", *value), *value};
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
  return short_percent_cell(measure::score(pointers, true).median);
}

}  // namespace

Table speed_scores_table(const measure::Outcome& outcome, const std::string& by,
                         std::string (*key)(const measure::SpeedTraits&)) {
  std::map<std::string, std::vector<const Comparison*>, ByLeadingNumber> groups;
  for (const Comparison& c : outcome.comparisons) {
    if (!c.speed) continue;
    groups[key(*c.speed)].push_back(&c);
    if (by == "target" && c.speed->target == "single local" && c.speed->kind.ends_with("moe"))
      groups["single local, MoE"].push_back(&c);
  }
  Table table;
  table.title = "By " + by;
  // Narrow, so that the plain formulas are seen beside ours on 80 columns.
  table.columns = {{"group", by},
                   {"rows", "rows", Align::right, false, 0, 1},
                   {"cells", "cells", Align::right, false, 0, 1},
                   {"bias", "bias", Align::right, false, 1, 1},
                   {"median_error", "median", Align::right, false, 0, 1},
                   {"within_20", "<=20%", Align::right, false, 0, 1},
                   {"p90_error", "p90", Align::right, false, 0, 1},
                   {"coverage", "in80%", Align::right, false, 0, 1},
                   {"bandwidth_median_error", "bw/size", Align::right, false, 2},
                   {"bandwidth_65_median_error", "65%bw", Align::right, false, 2, 1},
                   {"quick_median_error", "quick", Align::right, false, 2, 1}};
  for (const auto& [name, group] : groups) {
    const measure::Score s = measure::score(group, true);
    table.rows.push_back({Cell(name), Cell(std::to_string(s.n), std::int64_t{s.n}),
                          Cell(std::to_string(s.cells), std::int64_t{s.cells}),
                          short_percent_cell(s.bias, true), short_percent_cell(s.median),
                          short_percent_cell(s.within_20), short_percent_cell(s.p90),
                          s.coverage ? short_percent_cell(*s.coverage) : Cell(),
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

Table speed_rows_table(const measure::Outcome& outcome) {
  Table table;
  table.columns = {{"id", "id", Align::left, false, 9},
                   {"source", "source", Align::left, false, 8},
                   {"group", "group", Align::left, false, 7},
                   {"device", "device", Align::left, true},
                   {"device_count", "cards", Align::right, false, 3},
                   {"model", "model", Align::left, true},
                   {"format", "format", Align::left, false, 2},
                   {"engine", "engine", Align::left, false, 3},
                   {"engine_family", "family", Align::left, false, 7},
                   {"backend", "backend", Align::left, false, 6},
                   {"concurrency", "streams", Align::right, false, 4},
                   {"depth", "depth", Align::right, false, 4},
                   {"metric", "metric", Align::left, false, 1},
                   {"measured", "measured", Align::right},
                   {"predicted", "predicted", Align::right},
                   {"low", "low", Align::right, false, 5},
                   {"high", "high", Align::right, false, 5},
                   {"error", "error", Align::right}};
  for (const Comparison& c : outcome.comparisons) {
    if (!c.speed) continue;
    const measure::SpeedTraits& t = *c.speed;
    const auto number = [](std::int64_t n) { return Cell(std::to_string(n), n); };
    table.rows.push_back({Cell(c.row->id), Cell(c.row->source), Cell(t.target), Cell(t.device),
                          number(t.devices), Cell(t.model), Cell(t.format), Cell(c.engine), Cell(t.engine),
                          Cell(t.backend), number(t.concurrency), number(t.depth),
                          Cell(metric_name(c.quantity->name)), rounded_cell(c.quantity->value),
                          rounded_cell(c.estimated), rounded_cell(c.low), rounded_cell(c.high),
                          short_percent_cell(c.error(), true)});
  }
  return table;
}

}  // namespace qwenfit::report
