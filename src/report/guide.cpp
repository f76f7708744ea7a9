// The guide to a generation as tables.
#include <fmt/format.h>

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
               {"context_longest", "Extended", Align::right, false, 1},
               {"training_tokens", "Trained on", Align::right, false, 3},
               {"role", "Good for", Align::left, true, 4},
               {"format", "Smallest", Align::left, false, 2},
               {"measured_bytes", "GB measured", Align::right},
               {"estimated_bytes", "GB estimated", Align::right}};
  for (const GuideModel& m : guide.models) {
    const GuideFormat& f = m.formats.back();
    t.rows.push_back({Cell(std::string(m.model->name), std::string(m.model->id)),
                      Cell(units::format_parameters(m.summary.parameters), m.summary.parameters),
                      Cell(units::format_grouped(m.summary.context_native), m.summary.context_native),
                      m.summary.context_longest > m.summary.context_native
                          ? Cell(units::format_grouped(m.summary.context_longest), m.summary.context_longest)
                          : Cell(),
                      m.training_tokens
                          ? Cell(fmt::format("{:.3g}T", *m.training_tokens / 1e12), *m.training_tokens)
                          : Cell(),
                      Cell(m.role), Cell(std::string(f.format->name), std::string(f.format->id)),
                      bytes_cell(f.memory.measured), bytes_cell(f.memory.estimated)});
  }
  t.notes.emplace_back(
      "GB is 10^9 bytes, while 2,048 tokens are generated. Measured: by the publisher. Extended: the longest "
      "context, "
      "with what extends it.");
  return t;
}

Cell place_cell(std::optional<Place> place) {
  if (!place) return {};
  switch (*place) {
    case Place::fits: return {"fits", std::string("fits"), Tone::good};
    case Place::tight: return {"tight", std::string("tight"), Tone::warn};
    case Place::no: break;
  }
  return {"no", std::string("no"), Tone::bad};
}

/// An estimate beside a measured figure is marked.
Cell long_cell(const GuideTraining& t) {
  Cell cell = bytes_cell(t.long_memory.figure());
  if (t.memory.measured && !t.long_memory.measured && !cell.text.empty()) cell.text.insert(0, "~");
  return cell;
}

std::string_view method_name(const GuideTraining& t) {
  return t.method == "full" ? "full fine-tuning" : std::string_view(t.method);
}

/// What the publisher found with more cards: where a table of two says no, that is why.
void add_cut_notes(Table& t, const Guide& guide) {
  for (const GuideModel& m : guide.models) {
    for (const GuideTraining& training : m.training) {
      if (const auto* f = training.cut)
        t.notes.push_back(fmt::format("{}, {}: measured {} GB on {} cards together ({}).", m.model->name,
                                      method_name(training), f->value, f->devices, f->source));
      if (const auto* f = training.advised)
        t.notes.push_back(fmt::format("{}, {}: its publisher advises {:.0f} cards of 80 GB ({}).",
                                      m.model->name, method_name(training), f->value, f->source));
    }
  }
}

Table hardware_table(const Guide& guide) {
  Table t;
  t.title = "Hardware";
  t.columns = {{"model", "Model"},
               {"format", "Format"},
               {"memory_bytes", "GB", Align::right},
               {"basis", "Basis", Align::left, false, 1},
               {"memory_bytes_8192", "at 8,192", Align::right, false, 2}};
  for (const HardwareClass& h : guide.hardware) t.columns.push_back({h.name, h.name});
  const auto row_of = [&](const GuideModel& m, Cell format, const GuideMemory& memory, Cell longer) {
    return std::vector<Cell>{Cell(std::string(m.model->name), std::string(m.model->id)), std::move(format),
                             bytes_cell(memory.figure()), Cell(memory.measured ? "measured" : "estimated"),
                             std::move(longer)};
  };
  for (const GuideModel& m : guide.models) {
    for (const GuideFormat& f : m.formats) {
      std::vector<Cell> row =
          row_of(m, Cell(std::string(f.format->name), std::string(f.format->id)), f.memory, {});
      for (const HardwareClass& h : guide.hardware)
        row.push_back(f.memory.figure() ? place_cell(place_of(h, *f.memory.figure())) : Cell());
      t.rows.push_back(std::move(row));
    }
    for (const GuideTraining& training : m.training) {
      std::vector<Cell> row =
          row_of(m, Cell(std::string(method_name(training))), training.memory, long_cell(training));
      for (const HardwareClass& h : guide.hardware) row.push_back(place_cell(place_of(h, training)));
      t.rows.push_back(std::move(row));
    }
  }
  t.notes.emplace_back(
      "GB: on one card. Cards' memory as marketed; tight: less than a twentieth stays free, or in "
      "fine-tuning, sequences of 8,192 tokens have no room. Short sequences: 256 tokens where it is "
      "measured, "
      "2,048 where estimated. LoRA and full fine-tuning on two cards with ZeRO 3. A measured figure counts "
      "before "
      "an estimate; ~ is an estimate beside a measured one.");
  add_cut_notes(t, guide);
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
               {"format", "Format", Align::left, true},
               {"engine", "Engine"},
               {"usd_per_hour", "USD/h", Align::right, true},
               {"tok_s", "tok/s", Align::right},
               {"usd_per_million_tokens", "1M tokens", Align::right}};
  for (const GuideCost& c : guide.costs) {
    const std::string hour =
        fmt::format("${:.3g}{}", c.usd_per_hour, c.devices > 1 ? fmt::format(" ({} cards)", c.devices) : "");
    t.rows.push_back({Cell(std::string(c.model->name), std::string(c.model->id)),
                      Cell(std::string(c.format->name), std::string(c.format->id)), Cell(c.engine),
                      Cell(hour, c.usd_per_hour), Cell(fmt::format("{:.0f}", c.tok_s), c.tok_s),
                      Cell(dollars(c.usd_per_million_tokens), c.usd_per_million_tokens)});
  }
  const bool measured = guide.costs.front().measured;
  t.notes.push_back(fmt::format("Speeds of one sequence: {} on A100 80GB, to a whole token. Price: {}.",
                                measured ? "measured by the publisher" : "estimated", guide.price_source));
  return t;
}

/// The benchmarks behind the scores, as published.
Table benchmark_table(const Guide& guide) {
  Table t;
  if (guide.benchmarks.empty()) return t;
  // Of "Qwen3-8B" the guide's reader needs the end.
  const std::string_view first = guide.models.front().model->name;
  const std::string_view line = first.substr(0, first.find('-') + 1);
  t.title = "Published scores";
  t.columns = {{"use_case", "Use case"}, {"benchmark", "Benchmark", Align::left, true}};
  for (const GuideModel& m : guide.models) {
    std::string_view name = m.model->name;
    if (name.starts_with(line)) name.remove_prefix(line.size());
    t.columns.push_back({std::string(m.model->id), std::string(name), Align::right, true, 0, 1});
  }
  for (const GuideBenchmark& b : guide.benchmarks) {
    std::string name(b.benchmark->name);
    if (!b.benchmark->version.empty()) name += fmt::format(" ({})", b.benchmark->version);
    std::vector<Cell> row{Cell(std::string(catalog::use_case_name(b.use))), Cell(name)};
    for (const auto& score : b.scores)
      row.push_back(score ? Cell(fmt::format("{:.4g}", *score), *score) : Cell());
    t.rows.push_back(std::move(row));
  }
  return t;
}

Table choice_table(const Guide& guide, const std::vector<GuideChoice>& choices, const char* title,
                   const char* need) {
  Table t;
  if (choices.empty()) return t;
  t.title = title;
  t.columns = {{"need", need, Align::left, true},
               {"model", "Model"},
               {"format", "Format"},
               {"why", "Why", Align::left, true}};
  for (const GuideChoice& c : choices) {
    const GuideModel& m = guide.models[c.model];
    const catalog::WeightFormat& format = *m.formats[c.format].format;
    t.rows.push_back({Cell(c.need), Cell(std::string(m.model->name), std::string(m.model->id)),
                      Cell(std::string(format.name), std::string(format.id)), Cell(c.why)});
  }
  return t;
}

Table path_table(const Guide& guide) {
  Table t;
  if (guide.path.empty()) return t;
  t.title = "Upgrade path";
  t.columns = {{"from", "From"},
               {"to", "To"},
               {"more_bytes", "GB more", Align::right},
               {"score_before", "Score", Align::right},
               {"score_after", "then", Align::right},
               {"hardware", "Needs"}};
  const auto name = [&](std::size_t i) {
    return Cell(std::string(guide.models[i].model->name), std::string(guide.models[i].model->id));
  };
  const auto score = [](const std::optional<double>& s) {
    return s ? Cell(fmt::format("{:.0f}", *s), *s) : Cell();
  };
  for (const GuideStep& s : guide.path) {
    t.rows.push_back({name(s.from), name(s.to), bytes_cell(s.more), score(s.before), score(s.after),
                      s.hardware ? Cell(guide.hardware[*s.hardware].name) : Cell("more than 2x 80 GB")});
  }
  t.notes.emplace_back("Score: percent expected on an average chat test. Both in their smallest formats.");
  return t;
}

}  // namespace

std::vector<Section> guide_sections(const Guide& guide) {
  return {{"models", matrix_table(guide)},
          {"hardware", hardware_table(guide)},
          {"scores", score_table(guide)},
          {"published_scores", benchmark_table(guide)},
          {"costs", cost_rows(guide)},
          {"by_memory", choice_table(guide, guide.by_memory, "Which one? By the memory at hand", "Up to")},
          {"by_priority", choice_table(guide, guide.by_priority, "By what matters most", "Priority")},
          {"by_use", choice_table(guide, guide.by_use, "By use case", "For")},
          {"by_scenario", choice_table(guide, guide.by_scenario, "Scenarios", "Scenario")},
          {"upgrade_path", path_table(guide)}};
}

}  // namespace qwenfit::report
