// An estimate as a small Markdown table, for issues and chats: --markdown.
#include <fmt/format.h>

#include "bar.hpp"
#include "report.hpp"
#include "words.hpp"

namespace qwenfit::report {

std::string markdown(const Estimate& e) {
  Table table;
  table.title = headline(e);
  table.columns = {{"", "Quantity"}, {"", "Value"}};
  const auto row = [&](std::string quantity, std::string value) {
    table.rows.push_back({Cell(std::move(quantity)), Cell(std::move(value))});
  };
  row("Verdict", verdict_sentence(e));
  for (const Bar& bar : bars_of(e)) {
    const std::string where = bar.count > 1 ? fmt::format("{}x {}", bar.count, bar.name) : bar.name;
    for (const Part& part : bar.parts)
      row(fmt::format("{}{}{}", where, where.empty() ? "" : ": ", part.label),
          size(part.bytes, bar.extent()));
    row(fmt::format("{}{}total", where, where.empty() ? "" : ": "), size(bar.total, bar.extent()));
  }
  for (const Fact& fact : facts_of(e)) {
    row(fact.label, fmt::format("{}{}{}{}{}", fact.figure, fact.unit.empty() ? "" : " ", fact.unit,
                                fact.remark.empty() ? "" : "; ", fact.remark));
  }
  for (const std::string& hint : e.hints) table.notes.push_back("- " + hint);
  for (const std::string& note : e.notes) table.notes.push_back("- " + note);
  return render(table, Form::markdown, {});
}

}  // namespace qwenfit::report
