// The comparison of weight formats as a table.
#include <fmt/format.h>

#include "report.hpp"
#include "words.hpp"

namespace qwenfit::report {
namespace {

/// GB with one decimal; a whole figure stands without, as the pages of the textbook formula print it.
std::string short_gb(Bytes bytes) {
  const double gb = units::to_gb(bytes);
  return bytes % 1'000'000'000 == 0 ? fmt::format("{:.0f} GB", gb) : fmt::format("{:.1f} GB", gb);
}

}  // namespace

Table quants_table(const std::vector<Quant>& quants) {
  Table table;
  const bool device = !quants.empty() && quants.front().verdict.has_value();
  const bool speed = !quants.empty() && quants.front().speed.has_value();
  table.columns = {{"format", "Quantization"},
                   {"bits_per_weight", "Bits", Align::right},
                   {"memory_bytes", "VRAM", Align::right},
                   {"full_context_memory_bytes", "+ Context", Align::right},
                   {"file_bytes", "File Size", Align::right, false, 2}};
  if (device) table.columns.push_back({"verdict", "Fit"});
  if (speed) table.columns.push_back({"decode_tok_s", "tok/s", Align::right});
  table.columns.push_back({"quality", "Quality", Align::left, true, 1});
  for (const Quant& q : quants) {
    std::vector<Cell> row{Cell(std::string(q.format->name), std::string(q.format->id)),
                          Cell(fmt::format("{:.2f}", q.bits), q.bits), Cell(short_gb(q.memory), q.memory),
                          q.full_memory ? Cell(short_gb(*q.full_memory), *q.full_memory) : Cell(),
                          Cell(fmt::format("{:.2f} GB", units::to_gb(q.file_bytes)), q.file_bytes)};
    if (device) {
      const std::string verdict(verdict_name(*q.verdict));
      row.emplace_back(verdict, verdict, tone_of(*q.verdict));
    }
    if (speed) {
      row.push_back(
          q.speed ? Cell(fmt::format("{:.0f}", q.speed->decode_tok_s.value), q.speed->decode_tok_s.value)
                  : Cell());
    }
    row.push_back(q.format->quality.empty() ? Cell() : Cell(std::string(q.format->quality)));
    table.rows.push_back(std::move(row));
  }
  if (!quants.empty()) {
    table.notes.push_back(fmt::format("GB is 10^9 bytes. + Context: with all {} tokens the model takes.",
                                      units::format_grouped(quants.front().full_context)));
  }
  return table;
}

}  // namespace qwenfit::report
