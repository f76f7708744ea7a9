// The guide to a generation as tables.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "advice.hpp"

namespace qwenfit::report {
namespace {

std::string gb(Bytes bytes) {
  return fmt::format("{:.1f}", units::to_gb(bytes));
}

Cell bytes_cell(const std::optional<Bytes>& bytes) {
  return bytes ? Cell(gb(*bytes), *bytes) : Cell();
}

Table matrix_table(const Guide& guide) {
  Table t;
  t.title = "Models";
  t.columns = {{"model", "Model"},
               {"parameters", "Parameters", Align::right},
               {"context_native", "Context", Align::right},
               {"training_tokens", "Trained on", Align::right, false, 3},
               {"format", "Smallest", Align::left, false, 2},
               {"measured_bytes", "GB measured", Align::right},
               {"estimated_bytes", "GB estimated", Align::right}};
  for (const GuideModel& m : guide.models) {
    const GuideFormat& f = m.formats.back();
    t.rows.push_back({Cell(std::string(m.model->name), std::string(m.model->id)),
                      Cell(units::format_parameters(m.summary.parameters), m.summary.parameters),
                      Cell(units::format_grouped(m.summary.context_longest), m.summary.context_longest),
                      m.training_tokens
                          ? Cell(fmt::format("{:.3g}T", *m.training_tokens / 1e12), *m.training_tokens)
                          : Cell(),
                      Cell(std::string(f.format->name), std::string(f.format->id)),
                      bytes_cell(f.memory.measured), bytes_cell(f.memory.estimated)});
  }
  t.notes.emplace_back(
      "GB is 10^9 bytes, while 2,048 tokens are generated. Measured: by the publisher. Context: the longest, "
      "with "
      "extension.");
  return t;
}

Cell place_cell(const HardwareClass& hardware, const GuideMemory& memory) {
  if (!memory.figure()) return {};
  const Place place = place_of(hardware, *memory.figure());
  switch (place) {
    case Place::fits: return {"fits", std::string("fits"), Tone::good};
    case Place::tight: return {"tight", std::string("tight"), Tone::warn};
    case Place::no: break;
  }
  return {"no", std::string("no"), Tone::bad};
}

Table hardware_table(const Guide& guide) {
  Table t;
  t.title = "Hardware";
  t.columns = {{"model", "Model"},
               {"format", "Format"},
               {"memory_bytes", "GB", Align::right},
               {"basis", "Basis", Align::left, false, 1}};
  for (const HardwareClass& h : guide.hardware) t.columns.push_back({h.name, h.name});
  const auto add = [&](const GuideModel& m, Cell format, const GuideMemory& memory) {
    std::vector<Cell> row{Cell(std::string(m.model->name), std::string(m.model->id)), std::move(format),
                          bytes_cell(memory.figure()), Cell(memory.measured ? "measured" : "estimated")};
    for (const HardwareClass& h : guide.hardware) row.push_back(place_cell(h, memory));
    t.rows.push_back(std::move(row));
  };
  for (const GuideModel& m : guide.models) {
    for (const GuideFormat& f : m.formats)
      add(m, Cell(std::string(f.format->name), std::string(f.format->id)), f.memory);
    add(m, Cell("Q-LoRA", std::string("qlora")), m.qlora);
  }
  t.notes.emplace_back("Cards' memory as marketed; tight: less than a twentieth stays free.");
  return t;
}

Table score_table(const Guide& guide) {
  Table t;
  t.title = "Expected score on an average test of each use case, percent";
  t.columns = {{"model", "Model"}};
  for (int i = 0; i < catalog::kUseCases; ++i) {
    const std::string name(catalog::use_case_name(static_cast<catalog::UseCase>(i)));
    t.columns.push_back({name, name, Align::right});
  }
  for (const GuideModel& m : guide.models) {
    std::vector<Cell> row{Cell(std::string(m.model->name), std::string(m.model->id))};
    for (const auto& a : m.abilities) {
      row.push_back(
          a ? Cell(fmt::format("{:.0f}{}", a->expected_score(), a->thin ? "?" : ""), a->expected_score())
            : Cell());
    }
    t.rows.push_back(std::move(row));
  }
  t.notes.emplace_back("?: thin evidence.");
  return t;
}

Table cost_rows(const Guide& guide) {
  Table t;
  if (guide.costs.empty()) return t;
  t.title = "Cost";
  t.columns = {{"model", "Model"},
               {"format", "Format"},
               {"engine", "Engine"},
               {"usd_per_hour", "USD/h", Align::right},
               {"tok_s", "tok/s", Align::right},
               {"usd_per_million_tokens", "1M tokens", Align::right}};
  for (const GuideCost& c : guide.costs) {
    const std::string hour =
        fmt::format("${:.3g}{}", c.usd_per_hour, c.devices > 1 ? fmt::format(" ({} cards)", c.devices) : "");
    t.rows.push_back({Cell(std::string(c.model->name), std::string(c.model->id)),
                      Cell(std::string(c.format->name), std::string(c.format->id)), Cell(c.engine),
                      Cell(hour, c.usd_per_hour), Cell(fmt::format("{:.0f}", c.tok_s), c.tok_s),
                      Cell(fmt::format("${:.0f}", c.usd_per_million_tokens), c.usd_per_million_tokens)});
  }
  t.notes.push_back(fmt::format(
      "Speeds: measured by the publisher on A100 80GB, to a whole token. Price: {}.", guide.price_source));
  return t;
}

Table path_table(const Guide& guide) {
  Table t;
  std::vector<std::string_view> names;
  for (const GuideModel& m : guide.models) names.push_back(m.model->name);
  t.notes.push_back(fmt::format("Upgrade path: {}.", fmt::join(names, " -> ")));
  return t;
}

}  // namespace

std::vector<Section> guide_sections(const Guide& guide) {
  return {{"models", matrix_table(guide)},
          {"hardware", hardware_table(guide)},
          {"scores", score_table(guide)},
          {"costs", cost_rows(guide)},
          {"upgrade_path", path_table(guide)}};
}

}  // namespace qwenfit::report
