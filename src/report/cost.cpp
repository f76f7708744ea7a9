// Cost per token as a table.
#include <fmt/format.h>

#include "advice.hpp"
#include "questions.hpp"

namespace qwenfit::report {
namespace {

Cell dollar_cell(const std::optional<double>& usd) {
  return usd ? Cell(dollars(*usd), *usd) : Cell();
}

}  // namespace

std::string dollars(double usd) {
  if (usd >= 9.995) return fmt::format("${:.0f}", usd);
  return usd >= 0.0995 ? fmt::format("${:.2f}", usd) : fmt::format("${:.3g}", usd);
}

Table cost_table(const std::vector<CostAt>& rows) {
  Table table;
  if (rows.empty()) return table;
  const Cost& price = rows.front().cost;
  const bool sequences = rows.front().concurrency.has_value();
  table.columns = {{"usd_per_hour", "USD/h", Align::right}};
  if (price.electricity_usd_per_hour)
    table.columns.push_back({"electricity_usd_per_hour", "Power/h", Align::right});
  if (sequences) {
    table.columns.push_back({"concurrency", "Sequences", Align::right});
    table.columns.push_back({"decode_tok_s", "tok/s each", Align::right, false, 2});
  }
  table.columns.push_back({"decode_tok_s_total", sequences ? "tok/s in all" : "tok/s", Align::right});
  table.columns.push_back({"utilization", "Used", Align::right, false, 1});
  table.columns.push_back({"usd_per_million_output_tokens", "1M output", Align::right});
  if (sequences) table.columns.push_back({"usd_per_million_input_tokens", "1M input", Align::right});
  const bool required = rows.front().unmet.has_value();
  if (required) table.columns.push_back({"required", "Required", Align::left, true});
  for (const CostAt& r : rows) {
    const auto speed = [](double tok_s) { return Cell(units::format_figure(tok_s), tok_s); };
    std::vector<Cell> row{dollar_cell(r.cost.usd_per_hour)};
    if (price.electricity_usd_per_hour) row.push_back(dollar_cell(r.cost.electricity_usd_per_hour));
    if (sequences) {
      row.emplace_back(units::format_grouped(*r.concurrency), *r.concurrency);
      row.push_back(speed(*r.tok_s_each));
    }
    row.push_back(speed(r.tok_s));
    row.emplace_back(fmt::format("{:.0f}%", r.utilization * 100), r.utilization);
    row.push_back(dollar_cell(r.cost.usd_per_million_output_tokens));
    if (sequences) row.push_back(dollar_cell(r.cost.usd_per_million_input_tokens));
    if (required) row.push_back(required_cell(r.unmet.value_or("")));
    table.rows.push_back(std::move(row));
  }
  table.notes.push_back(price.price_date.empty() ? fmt::format("Price: {}.", price.price_source)
                                                 : fmt::format("Price: a cloud price of {} ({}).",
                                                               price.price_date, price.price_source));
  if (price.watts)
    table.notes.push_back(
        fmt::format("Electricity while working, at {} W of the data sheet; the rest of the "
                    "machine is not counted.",
                    units::format_figure(*price.watts)));
  if (sequences)
    table.notes.push_back(
        "Output tokens cost what decoding costs, input tokens what reading the prompt costs.");
  return table;
}

}  // namespace qwenfit::report
