// The accuracy of memory, and of all else that is measured, as a table.
#include "scores.hpp"

#include <fmt/format.h>

#include <map>

namespace qwenfit::report {
namespace {

using measure::Comparison;

Cell percent_cell(double share, bool sign = false) {
  return {sign ? fmt::format("{:+.1f}%", 100 * share) : fmt::format("{:.1f}%", 100 * share), share};
}

Cell whole_cell(int n) {
  return {fmt::format("{}", n), std::int64_t{n}};
}

void add_counts(Table& table, const measure::Outcome& outcome) {
  int skipped = 0;
  for (const auto& [reason, n] : outcome.skipped) skipped += n;
  table.notes.push_back(fmt::format("{} figures compared, {} refused, {} rows left out.",
                                    outcome.comparisons.size(), outcome.refusals.size(), skipped));
  for (const auto& [reason, n] : outcome.skipped)
    table.notes.push_back(fmt::format("Left out: {} rows, {}.", n, reason));
  std::map<std::string, int> refused;
  for (const measure::Refusal& r : outcome.refusals) ++refused[r.message];
  for (const auto& [message, n] : refused) table.notes.push_back(fmt::format("Refused: {}, {}.", n, message));
}

}  // namespace

std::string quantity_name(const std::string& pointer) {
  std::string name;
  std::size_t begin = pointer.starts_with("/") ? 1 : 0;
  while (begin <= pointer.size()) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string part = pointer.substr(begin, end - begin);
    const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (!index && part != "value") name += (name.empty() ? "" : ".") + part;
    begin = end + 1;
  }
  return name;
}

Table scores_table(const measure::Outcome& outcome) {
  std::map<std::pair<std::string, std::string>, std::vector<const Comparison*>> groups;
  for (const Comparison& c : outcome.comparisons)
    groups[{c.engine, quantity_name(c.quantity->name)}].push_back(&c);
  Table table;
  table.columns = {{"engine", "Engine"},
                   {"quantity", "Quantity"},
                   {"rows", "Rows", Align::right},
                   {"cells", "Cells", Align::right, false, 4},
                   {"bias", "Bias", Align::right, false, 2},
                   {"median_error", "Median", Align::right},
                   {"p90_error", "p90", Align::right},
                   {"equal", "Equal", Align::right, false, 1},
                   {"within_5", "<=5%", Align::right},
                   {"within_20", "<=20%", Align::right, false, 3},
                   {"coverage", "In 80%", Align::right, false, 5}};
  for (const auto& [name, group] : groups) {
    const measure::Score s = measure::score(group, false);
    table.rows.push_back({Cell(name.first), Cell(name.second), whole_cell(s.n), whole_cell(s.cells),
                          percent_cell(s.bias, true), percent_cell(s.median), percent_cell(s.p90),
                          percent_cell(s.equal), percent_cell(s.within_5), percent_cell(s.within_20),
                          s.coverage ? percent_cell(*s.coverage) : Cell()});
  }
  add_counts(table, outcome);
  return table;
}

}  // namespace qwenfit::report
