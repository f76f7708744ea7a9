#include "card.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "json_writer.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit::report {
namespace {

constexpr int kWidestLabel = 24;
constexpr int kIndent = 2;

/// Whether one of the sentences is about `key`: "context (from memory)", "release_date".
bool speaks_of(const catalog::Texts& sentences, std::string_view key) {
  return std::any_of(sentences.begin(), sentences.end(), [&](std::string_view sentence) {
    const bool begins = sentence.starts_with(key);
    return begins && (sentence.size() == key.size() ||
                      std::string_view(" :,").find(sentence[key.size()]) != std::string_view::npos);
  });
}

/// The values on one line, with the mark.
std::string joined(const CardFact& fact) {
  std::string out;
  for (const Cell& cell : fact.values) out += (out.empty() ? "" : ", ") + cell.text;
  if (!fact.mark.empty()) out += fmt::format(" ({})", fact.mark);
  return out;
}

void add_wrapped(std::string& out, std::string lead, std::string_view text, int column, const Style& style) {
  for (const std::string& line : wrap(printable(text), std::max(style.width - column, 1))) {
    // A label that is wider than all columns may be has a line of its own.
    if (columns(lead) >= column) out += std::exchange(lead, {}) + "\n";
    out += pad(lead, column) + line + "\n";
    lead.clear();
  }
}

std::string render_text(const Card& card, const Style& style) {
  int labels = 0;
  for (const CardSection& section : card.sections) {
    for (const CardFact& fact : section.facts) labels = std::max(labels, columns(fact.label));
  }
  const int column = kIndent + std::min(labels, kWidestLabel) + 2;
  std::string out = paint(printable(card.title), Tone::strong, style) + "\n";
  for (const CardSection& section : card.sections) {
    if (section.facts.empty()) continue;
    out += "\n";
    if (!section.title.empty()) out += paint(section.title, Tone::strong, style) + "\n";
    for (const CardFact& fact : section.facts) {
      if (!fact.label.empty()) {
        add_wrapped(out, std::string(kIndent, ' ') + fact.label, joined(fact), column, style);
        continue;
      }
      for (const Cell& cell : fact.values)
        add_wrapped(out, fact.list ? "  -" : "", cell.text, fact.list ? 4 : kIndent, style);
    }
  }
  return for_locale(std::move(out), style);
}

std::string render_markdown(const Card& card) {
  std::string out = fmt::format("## {}\n", printable(card.title));
  for (const CardSection& section : card.sections) {
    if (section.facts.empty()) continue;
    out += section.title.empty() ? "\n" : fmt::format("\n### {}\n\n", section.title);
    for (const CardFact& fact : section.facts) {
      if (!fact.label.empty()) out += fmt::format("- {}: {}\n", fact.label, printable(joined(fact)));
      else
        for (const Cell& cell : fact.values)
          out += fmt::format("{}{}\n", fact.list ? "- " : "", printable(cell.text));
    }
  }
  return out;
}

std::string render_csv(const Card& card) {
  Table table;
  table.columns = {{"key", ""}, {"value", ""}, {"mark", ""}};
  for (const CardSection& section : card.sections) {
    for (const CardFact& fact : section.facts) {
      for (const Cell& cell : fact.values) {
        table.rows.push_back(
            {Cell(fact.key), Cell(cell.text, cell.value), fact.mark.empty() ? Cell() : Cell(fact.mark)});
      }
    }
  }
  return render(table, Form::csv, {});
}

void write_value(JsonWriter& json, const Value& value) {
  std::visit(
      [&](const auto& v) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(v)>, std::monostate>) json.null();
        else json.value(v);
      },
      value);
}

std::string render_json(const Card& card) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("kind", card.kind);
  json.member("id", card.id);
  for (const CardSection& section : card.sections) {
    for (const CardFact& fact : section.facts) {
      json.key(fact.key);
      if (!fact.list) {
        write_value(json, fact.values.front().value);
        continue;
      }
      json.begin_array();
      for (const Cell& cell : fact.values) write_value(json, cell.value);
      json.end_array();
    }
  }
  json.key("marks").begin_object();
  for (const CardSection& section : card.sections) {
    for (const CardFact& fact : section.facts) {
      if (!fact.mark.empty()) json.member(fact.key, fact.mark);
    }
  }
  json.end_object();
  json.end_object();
  return out + "\n";
}

std::string with_unit(std::string figure, std::string_view unit) {
  return unit.empty() ? figure : fmt::format("{} {}", figure, unit);
}

}  // namespace

void CardFiller::add(CardFact fact) {
  if (card_.sections.empty()) section("");
  if (speaks_of(unverified_, fact.key)) fact.mark = "unverified";
  else if (speaks_of(derived_, fact.key)) fact.mark = "derived";
  card_.sections.back().facts.push_back(std::move(fact));
}

void CardFiller::cell(std::string key, std::string label, Cell value) {
  add({std::move(key), std::move(label), {std::move(value)}, false, ""});
}

void CardFiller::text(std::string key, std::string label, std::string_view value) {
  if (!value.empty()) cell(std::move(key), std::move(label), Cell(std::string(value)));
}

void CardFiller::count(std::string key, std::string label, std::int64_t value, std::string_view unit) {
  if (value > 0)
    cell(std::move(key), std::move(label), Cell(with_unit(units::format_grouped(value), unit), value));
}

void CardFiller::figure(std::string key, std::string label, std::optional<double> value,
                        std::string_view unit) {
  if (value)
    cell(std::move(key), std::move(label), Cell(with_unit(fmt::format("{:.6g}", *value), unit), *value));
}

void CardFiller::list(std::string key, std::string label, std::vector<std::string> values) {
  if (values.empty()) return;
  CardFact fact{std::move(key), std::move(label), {}, true, ""};
  for (std::string& value : values) fact.values.emplace_back(std::move(value));
  add(std::move(fact));
}

void CardFiller::list(std::string key, std::string label, const catalog::Texts& values) {
  list(std::move(key), std::move(label), std::vector<std::string>(values.begin(), values.end()));
}

std::string render(const Card& card, Form form, const Style& style) {
  switch (form) {
    case Form::text: return render_text(card, style);
    case Form::markdown: return render_markdown(card);
    case Form::csv: return render_csv(card);
    case Form::json: break;
  }
  return render_json(card);
}

}  // namespace qwenfit::report
