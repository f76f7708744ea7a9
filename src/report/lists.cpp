// `qwenfit list` and `qwenfit catalog check` as tables.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "catalog/fields.hpp"
#include "knowledge.hpp"

namespace qwenfit::report {
namespace {

Cell count_cell(std::int64_t value) {
  return value > 0 ? Cell(units::format_grouped(value), value) : Cell();
}

Cell parameters(const std::optional<ModelSummary>& counts, std::int64_t ModelSummary::*member) {
  return counts ? Cell(units::format_parameters((*counts).*member), (*counts).*member) : Cell();
}

Cell list_cell(const catalog::Texts& texts) {
  return texts.empty() ? Cell() : Cell(fmt::format("{}", fmt::join(texts, " ")));
}

void add_total(Table& table, std::string_view what) {
  if (table.rows.size() == 1) what.remove_suffix(1);  // the plural's s
  table.notes.push_back(fmt::format("{} {}.", table.rows.size(), what));
}

}  // namespace

Table models_list(const std::vector<ListedModel>& models) {
  Table table;
  table.columns = {{"id", "Model"},
                   {"parameters", "Parameters", Align::right},
                   {"active_parameters", "Active", Align::right},
                   {"context", "Context", Align::right},
                   {"kind", "Kind", Align::left, false, 2},
                   {"modality", "Modality", Align::left, false, 3},
                   {"release_date", "Released", Align::left, false, 1},
                   {"license", "License", Align::left, true, 4},
                   {"name", "Name", Align::left, false, 6},
                   {"family", "Family", Align::left, false, 5}};
  for (const auto& [model, counts] : models) {
    table.rows.push_back({text_cell(model->id), parameters(counts, &ModelSummary::parameters),
                          parameters(counts, &ModelSummary::active_parameters),
                          count_cell(model->context.native), text_cell(model->kind),
                          text_cell(model->modality), text_cell(model->release_date),
                          text_cell(model->license), text_cell(model->name), text_cell(model->family)});
  }
  add_total(table, "models");
  return table;
}

Table devices_list(const std::vector<const catalog::Device*>& devices) {
  Table table;
  table.columns = {{"id", "Device"},
                   {"name", "Name", Align::left, true, 2},
                   {"class", "Class", Align::left, false, 3},
                   {"memory_gb", "Memory, GB", Align::right},
                   {"bandwidth_gb_s", "GB/s", Align::right},
                   {"bf16_tflops", "BF16 TFLOPS", Align::right, false, 4},
                   {"tdp_w", "W", Align::right, false, 5},
                   {"msrp_usd", "USD", Align::right, false, 1},
                   {"cloud_usd_per_hour", "USD/h", Align::right, false, 4},
                   {"release_year", "Year", Align::right, false, 3}};
  for (const catalog::Device* d : devices) {
    const auto& price = d->cloud_usd_per_hour;
    Cell memory = figure_cell(d->memory_gb);
    if (!d->memory_options_gb.empty()) memory.text = fmt::format("{}", fmt::join(d->memory_options_gb, "/"));
    table.rows.push_back(
        {text_cell(d->id), text_cell(d->name), text_cell(catalog::enum_name(d->device_class)),
         std::move(memory), figure_cell(d->bandwidth_gb_s), figure_cell(d->bf16_tflops),
         count_cell(d->tdp_w.value_or(0)), figure_cell(d->msrp_usd),
         price ? figure_cell(price->typical ? price->typical : price->low) : Cell(),
         d->release_year ? Cell(fmt::format("{}", *d->release_year), std::int64_t{*d->release_year})
                         : Cell()});
  }
  add_total(table, "devices");
  return table;
}

Table formats_list(const std::vector<const catalog::WeightFormat*>& formats) {
  Table table;
  table.columns = {{"id", "Format"},
                   {"name", "Name", Align::left, false, 2},
                   {"scheme", "Scheme"},
                   {"base", "Type", Align::left, false, 1},
                   {"bits", "Bits", Align::right},
                   {"retention", "Quality", Align::right},
                   {"quality", "", Align::left, true, 3}};
  for (const catalog::WeightFormat* f : formats) {
    table.rows.push_back(
        {text_cell(f->id), text_cell(f->name), text_cell(catalog::scheme_name(f->scheme)), text_cell(f->base),
         figure_cell(f->bits),
         f->retention ? Cell(fmt::format("{:.0f}%", *f->retention * 100), *f->retention) : Cell(),
         text_cell(f->quality)});
  }
  add_total(table, "weight formats");
  table.notes.emplace_back("Bits: per weight of the type that most matrices get, scales included.");
  return table;
}

Table engines_list(const std::vector<const catalog::Engine*>& engines) {
  Table table;
  table.columns = {{"id", "Engine"},
                   {"name", "Name", Align::left, false, 1},
                   {"backends", "Backends", Align::left, true},
                   {"schemes", "Weight formats", Align::left, true},
                   {"default_format", "By default"},
                   {"newest_version", "Version", Align::left, false, 2}};
  for (const catalog::Engine* e : engines) {
    table.rows.push_back(
        {text_cell(e->id), text_cell(e->name), list_cell(e->backends), list_cell(e->schemes),
         text_cell(e->default_format),
         e->versions.empty() ? Cell() : text_cell(e->versions[e->versions.size() - 1].version)});
  }
  add_total(table, "engines");
  return table;
}

Table overlay_table(const std::vector<CheckedRecord>& records) {
  Table table;
  table.columns = {{"place", "Place"},
                   {"kind", "Kind"},
                   {"id", "Id"},
                   {"change", "Change"},
                   {"problem", "Problem", Align::left, true}};
  std::size_t bad = 0;
  for (const CheckedRecord& checked : records) {
    const catalog::OverlayRecord& r = checked.record;
    bad += checked.problems.empty() ? 0 : 1;
    const std::string problem = fmt::format("{}", fmt::join(checked.problems, "; "));
    table.rows.push_back({Cell(r.place), Cell(r.kind), Cell(r.id), Cell(r.changes ? "changed" : "new"),
                          problem.empty() ? Cell() : Cell(problem, problem, Tone::bad)});
  }
  table.notes.push_back(
      fmt::format("{} record{}, {} with problems.", records.size(), records.size() == 1 ? "" : "s", bad));
  return table;
}

}  // namespace qwenfit::report
