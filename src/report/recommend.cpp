// Recommendations as tables.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "advice.hpp"

namespace qwenfit::report {
namespace {

using units::format_bytes;
using units::format_figure;

std::vector<Column> recommend_columns(const Recommendation& r, bool numbered) {
  std::vector<Column> out;
  if (numbered) out.push_back({"rank", "", Align::right, false, 5});
  out.push_back({"model", "Model"});
  out.push_back({"variant", "Mode", Align::left, false, 3});
  out.push_back({"format", "Format"});
  out.push_back({"quality", "Score", Align::right});
  out.push_back({"memory_bytes", "Memory", Align::right});
  out.push_back({r.reading ? "prefill_tok_s" : "decode_tok_s", r.reading ? "tok/s read" : "tok/s",
                 Align::right, false, 1});
  out.push_back({r.reading ? "usd_per_million_input_tokens" : "usd_per_million_output_tokens", "1M tokens",
                 Align::right, false, 4});
  out.push_back({"max_context", "Context", Align::right, false, 2});
  out.push_back({"device", "Device", Align::left, false, 6});
  return out;
}

std::vector<Cell> row_of(const Advice& a) {
  const auto figure = [](const std::optional<double>& v, std::string_view before = "") {
    return v ? Cell(fmt::format("{}{}", before, format_figure(*v)), *v) : Cell();
  };
  return {Cell(std::string(a.model->name), std::string(a.model->id)),
          Cell(std::string(a.ability.variant)),
          Cell(std::string(a.format->name), std::string(a.format->id)),
          Cell(fmt::format("{:.0f}{}", a.quality, a.ability.thin ? "?" : ""), a.quality),
          Cell(format_bytes(a.memory), a.memory),
          figure(a.tok_s),
          figure(a.usd_per_million_tokens, "$"),
          a.max_context > 0 ? Cell(units::format_grouped(a.max_context), a.max_context) : Cell(),
          a.device ? Cell(a.device_count > 1 ? fmt::format("{}x {}", a.device_count, a.device->name)
                                             : std::string(a.device->name),
                          std::string(a.device->id))
                   : Cell()};
}

Table ranked_table(const Recommendation& r, std::size_t most) {
  Table table;
  if (r.ranked.empty()) {
    table.notes.emplace_back("Nothing that is known meets this.");
    table.notes.insert(table.notes.end(), r.nearest.begin(), r.nearest.end());
    return table;
  }
  table.columns = recommend_columns(r, true);
  table.columns.push_back({"reasons", "Why", Align::left, true, 7});
  for (const Advice& a : r.ranked) {
    if (table.rows.size() == most) break;
    std::vector<Cell> row = row_of(a);
    const auto rank = static_cast<std::int64_t>(table.rows.size() + 1);
    row.insert(row.begin(), Cell(fmt::format("{}.", rank), rank));
    row.emplace_back(fmt::format("{}", fmt::join(a.reasons, "; ")));
    table.rows.push_back(std::move(row));
  }
  table.notes.emplace_back(
      std::string("Score: percent expected on an average test of this use case, after the loss of the "
                  "format; ? is thin evidence. Memory: engines that fill a pool take all of it.") +
      (r.reading ? "" : " tok/s: each user."));
  table.notes.push_back(
      fmt::format("{}: {}.", r.ranked.front().model->name, fmt::join(r.ranked.front().reasons, "; ")));
  return table;
}

Table path_table(const Recommendation& r) {
  Table table;
  table.title = "Upgrade path";
  table.columns = recommend_columns(r, false);
  table.columns.push_back({"short_of_bytes", "Lacking", Align::right, false, 1});
  for (const Advice& a : r.path) {
    std::vector<Cell> row = row_of(a);
    row.push_back(a.short_of > 0 ? Cell(format_bytes(a.short_of), a.short_of) : Cell());
    table.rows.push_back(std::move(row));
  }
  if (table.rows.size() < 2) table = {};
  if (r.next_better)
    table.notes.push_back(fmt::format("The next better one, {} in {}, needs {} more than the device has.",
                                      r.next_better->model->name, r.next_better->format->name,
                                      format_bytes(r.next_better->short_of)));
  return table;
}

Table left_out_table(const Recommendation& r) {
  Table table;
  table.columns = {{"models", "Left out", Align::right}, {"reason", "because they"}};
  for (const auto& [reason, count] : r.left_out)
    table.rows.push_back({Cell(std::to_string(count), std::int64_t{count}), Cell(reason)});
  return table;
}

}  // namespace

std::vector<Section> recommendation_sections(const Recommendation& recommendation, std::size_t most) {
  return {{"ranked", ranked_table(recommendation, most)},
          {"upgrade_path", path_table(recommendation)},
          {"left_out", left_out_table(recommendation)}};
}

}  // namespace qwenfit::report
