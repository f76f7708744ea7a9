// The comparison as a table: figures down, what is compared across.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "advice.hpp"
#include "questions.hpp"

namespace qwenfit::report {
namespace {

using units::format_bytes;
using units::format_figure;
using units::format_grouped;

class Rows {
 public:
  Rows(Table& table, const Comparison& comparison) : table_(table), comparison_(comparison) {}

  /// A row, unless no column has anything to say.
  template <class F>
  void add(const std::string& title, F&& cell_of) {
    std::vector<Cell> row{Cell(title)};
    bool said = false;
    for (std::size_t i = 0; i < comparison_.columns.size(); ++i) {
      row.push_back(cell_of(comparison_.columns[i], i));
      said = said || !row.back().text.empty();
    }
    if (said) table_.rows.push_back(std::move(row));
  }

 private:
  Table& table_;
  const Comparison& comparison_;
};

Cell official(const catalog::OfficialFigure* figure, std::string_view unit) {
  return figure ? Cell(fmt::format("{:.4g} {}", figure->value, unit), figure->value) : Cell();
}

void add_model_rows(Rows& rows) {
  rows.add("Model", [](const Compared& c, std::size_t) { return text_cell(c.estimate.setup.model->name); });
  rows.add("Parameters", [](const Compared& c, std::size_t) {
    const ModelSummary& m = c.estimate.model;
    return m.active_parameters < m.parameters && c.estimate.setup.model->geometry.moe
               ? Cell(fmt::format("{}, {} active", units::format_parameters(m.parameters),
                                  units::format_parameters(m.active_parameters)),
                      m.parameters)
               : Cell(units::format_parameters(m.parameters), m.parameters);
  });
  rows.add("Context, tokens", [](const Compared& c, std::size_t) {
    const ModelSummary& m = c.estimate.model;
    return Cell(m.context_longest > m.context_native
                    ? fmt::format("{}, extended {}", format_grouped(m.context_native),
                                  format_grouped(m.context_longest))
                    : format_grouped(m.context_native),
                m.context_native);
  });
  rows.add("Answers of up to, tokens", [](const Compared& c, std::size_t) {
    return c.output_tokens ? Cell(format_grouped(*c.output_tokens), *c.output_tokens) : Cell();
  });
  rows.add("Architecture", [](const Compared& c, std::size_t) {
    const ModelSummary& m = c.estimate.model;
    return Cell(fmt::format("{} layers, {} with a KV cache", m.layers, m.kv_layers));
  });
  rows.add("Class",
           [](const Compared& c, std::size_t) { return text_cell(c.estimate.setup.model->architecture); });
  rows.add("Kind", [](const Compared& c, std::size_t) {
    const engine::Setup& s = c.estimate.setup;
    return text_cell(catalog::kind_of_model(*s.model, s.variant));
  });
  rows.add("Modes", [](const Compared& c, std::size_t) { return text_cell(c.modes); });
  rows.add("Modality",
           [](const Compared& c, std::size_t) { return text_cell(c.estimate.setup.model->modality); });
  rows.add("Released",
           [](const Compared& c, std::size_t) { return text_cell(c.estimate.setup.model->release_date); });
  rows.add("License",
           [](const Compared& c, std::size_t) { return text_cell(c.estimate.setup.model->license); });
  rows.add("Training", [](const Compared& c, std::size_t) {
    return c.training_tokens
               ? Cell(fmt::format("{:.3g}T tokens", *c.training_tokens / 1e12), *c.training_tokens)
               : Cell();
  });
}

void add_figure_rows(Rows& rows, const Comparison& comparison) {
  rows.add("Checkpoint, 16 bit", [](const Compared& c, std::size_t) {
    return c.checkpoint ? Cell(units::format_bytes_decimal(*c.checkpoint), *c.checkpoint) : Cell();
  });
  rows.add("Official memory, 30,720 tokens in",
           [](const Compared& c, std::size_t) { return official(c.official_memory, "GB"); });
  rows.add("Official speed there, with prefill",
           [](const Compared& c, std::size_t) { return official(c.official_speed, "tok/s"); });
  rows.add("Official speed there, prompt counted",
           [](const Compared& c, std::size_t) { return official(c.official_speed_of_all, "tok/s"); });
  rows.add("Measured on", [](const Compared& c, std::size_t) {
    const auto* figure = c.official_memory  ? c.official_memory
                         : c.official_speed ? c.official_speed
                                            : c.official_speed_of_all;
    return figure ? text_cell(figure->setting) : Cell();
  });
  rows.add("Format",
           [](const Compared& c, std::size_t) { return text_cell(c.estimate.setup.weights->format->name); });
  rows.add("Engine", [](const Compared& c, std::size_t) { return text_cell(c.estimate.setup.engine->name); });
  rows.add("Storage", [](const Compared& c, std::size_t) {
    const Bytes bytes = c.estimate.weights.file_bytes.value_or(c.estimate.weights.bytes);
    return Cell(units::format_bytes_decimal(bytes), bytes);
  });
  for (std::size_t k = 0; k < comparison.contexts.size(); ++k) {
    rows.add(fmt::format("Memory at {} tokens", format_grouped(comparison.contexts[k])),
             [&](const Compared& c, std::size_t) {
               return c.memory_at[k] ? Cell(format_bytes(*c.memory_at[k]), *c.memory_at[k]) : Cell();
             });
  }
  static constexpr std::array kMethods{"Q-LoRA", "LoRA", "Full fine-tuning"};
  for (std::size_t k = 0; k < kMethods.size(); ++k) {
    rows.add(fmt::format("{}, {} tokens", kMethods[k], format_grouped(kTrainingTokens)),
             [&](const Compared& c, std::size_t) {
               return c.training[k] ? Cell(format_bytes(*c.training[k]), *c.training[k]) : Cell();
             });
  }
  rows.add("KV cache of a token", [](const Compared& c, std::size_t) {
    return Cell(format_bytes(c.estimate.kv.bytes_per_token), c.estimate.kv.bytes_per_token);
  });
  rows.add("Device", [](const Compared& c, std::size_t) {
    const auto& devices = c.estimate.setup.devices;
    if (devices.empty()) return Cell();
    return devices.size() > 1 ? Cell(fmt::format("{}x {}", devices.size(), devices.front().device->name))
                              : text_cell(devices.front().device->name);
  });
  rows.add("Fit", [](const Compared& c, std::size_t) {
    return c.estimate.setup.devices.empty() ? Cell() : text_cell(verdict_name(c.estimate.fit.verdict));
  });
  rows.add("Required", [](const Compared& c, std::size_t) {
    return c.estimate.requirements.empty() ? Cell() : required_cell(c.unmet);
  });
  rows.add("Decode, tok/s", [](const Compared& c, std::size_t) {
    if (!c.estimate.speed || c.estimate.speed->decode_tok_s.value <= 0) return Cell();
    const speed::Figure& f = c.estimate.speed->decode_tok_s;
    return Cell(
        fmt::format("{} ({} to {})", format_figure(f.value), format_figure(f.low), format_figure(f.high)),
        f.value);
  });
  rows.add("Prefill, tok/s", [](const Compared& c, std::size_t) {
    return c.estimate.speed ? Cell(format_figure(c.estimate.speed->prefill_tok_s.value),
                                   c.estimate.speed->prefill_tok_s.value)
                            : Cell();
  });
  rows.add("1M output tokens", [](const Compared& c, std::size_t) {
    const auto usd = c.estimate.cost ? c.estimate.cost->usd_per_million_output_tokens : std::nullopt;
    return usd ? Cell("$" + format_figure(*usd), *usd) : Cell();
  });
}

Table figures_table(const Comparison& comparison) {
  Table table;
  table.columns.push_back({"figure", "", Align::left, true});
  for (const Compared& c : comparison.columns) table.columns.push_back({c.name, c.name, Align::left, true});
  Rows rows(table, comparison);
  add_model_rows(rows);
  add_figure_rows(rows, comparison);
  for (const SharedScore& s : comparison.scores) {
    std::string title(s.benchmark->name);
    if (!s.benchmark->version.empty()) title += fmt::format(" ({})", s.benchmark->version);
    rows.add(title, [&](const Compared&, std::size_t i) {
      return Cell(fmt::format("{:.4g}", s.scores[i]), s.scores[i]);
    });
  }
  const auto counts_prompt = [](const Compared& c) { return c.official_speed_of_all != nullptr; };
  if (std::any_of(comparison.columns.begin(), comparison.columns.end(), counts_prompt))
    table.notes.emplace_back(
        "Official speeds: one sequence, 30,720 tokens in and 2,048 out, over the whole time. With the "
        "prompt's "
        "tokens counted a figure is 16 times as large: 32,768 tokens against 2,048.");
  for (const Compared& c : comparison.columns) {
    if (!comparison.scores.empty() && !c.variant.empty())
      table.notes.push_back(fmt::format("Scores of {}: {}.", c.name, c.variant));
  }
  return table;
}

/// What is said of each in words: one row per sentence.
Table words_table(const Comparison& comparison) {
  Table table;
  table.columns = {{"name", ""}, {"what", ""}, {"text", "", Align::left, true}};
  for (const Compared& c : comparison.columns) {
    const auto add = [&](const char* what, std::string_view words) {
      if (!words.empty()) table.rows.push_back({Cell(c.name), Cell(what), Cell(std::string(words))});
    };
    add("advantage", fmt::format("{}", fmt::join(c.advantages, "; ")));
    add("disadvantage", fmt::format("{}", fmt::join(c.disadvantages, "; ")));
    add("new", c.estimate.setup.model->improved);
    add("strengths", fmt::format("{}", fmt::join(c.estimate.setup.model->strengths, "; ")));
    for (const std::string& link : c.links) add("link", link);
    for (const std::string& source : c.sources) add("scores from", source);
  }
  return table;
}

}  // namespace

std::vector<Section> comparison_sections(const Comparison& comparison) {
  return {{"figures", figures_table(comparison)}, {"words", words_table(comparison)}};
}

}  // namespace qwenfit::report
