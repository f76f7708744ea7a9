#include "calibration.hpp"

#include <fmt/format.h>

#include "qwenfit/units.hpp"

namespace qwenfit::report {

Table measurements_table(const std::vector<speed::OwnMeasurement>& rows,
                         const std::vector<std::string>& labels) {
  const auto named = [](const std::string& text) { return Cell(printable(text), Value(text)); };
  Table table;
  table.columns = {{"id", "Id", Align::right},
                   {"what", "What"},
                   {"model", "Model"},
                   {"format", "Format"},
                   {"device", "Device"},
                   {"devices", "", Align::left, false, -1},
                   {"engine", "Engine", Align::left, false, 2},
                   {"backend", "", Align::left, false, -1},
                   {"predicted_tok_s", "Predicted", Align::right},
                   {"measured_tok_s", "Measured", Align::right},
                   {"factor", "Factor", Align::right},
                   {"test", labels.empty() ? "" : "Test", Align::left, false, labels.empty() ? -1 : 3},
                   {"date", "Date", Align::left, false, 4},
                   {"source", "Source", Align::left, false, 5}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const speed::OwnMeasurement& row = rows[i];
    const double factor = row.measured / row.predicted;
    const std::string count = row.key.devices > 1 ? fmt::format("{}x ", row.key.devices) : "";
    table.rows.push_back(
        {row.id.empty() ? Cell("-", {}, Tone::dim) : named(row.id), Cell(row.prefill ? "prefill" : "decode"),
         named(row.model), named(row.format), Cell(count + printable(row.key.device), Value(row.key.device)),
         Cell("", std::int64_t{row.key.devices}),
         Cell(fmt::format("{}, {}", printable(row.key.engine), printable(row.key.backend)),
              Value(row.key.engine)),
         Cell("", Value(row.key.backend)), Cell(units::format_figure(row.predicted), row.predicted),
         Cell(units::format_figure(row.measured), row.measured), Cell(fmt::format("{:.2f}", factor), factor),
         i < labels.size() ? named(labels[i]) : Cell(), named(row.date), named(row.source)});
  }
  return table;
}

}  // namespace qwenfit::report
