#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "json_writer.hpp"

namespace qwenfit::report {
namespace {

constexpr int kNarrowestWrap = 12;  // a column of words gets at least that

/// A column of a text table that is shown, with its width.
struct ShownColumn {
  std::size_t index;
  int width;
};

int total_width(const Table& table, const std::vector<ShownColumn>& shown) {
  int sum = 0;
  for (const ShownColumn& s : shown) sum += s.width + (sum > 0 ? table.columns[s.index].gap : 0);
  return sum;
}

/// Widths for a terminal of `width` columns: words are wrapped first, then columns of higher rank dropped.
std::vector<ShownColumn> fit_columns(const Table& table, const std::vector<std::vector<std::string>>& texts,
                                     int width) {
  std::vector<ShownColumn> natural;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].rank < 0) continue;
    int wide = 0;
    for (const auto& row : texts) wide = std::max(wide, columns(row[c]));
    if (wide == 0 && !texts.empty()) continue;  // nothing is known there
    wide = std::max(wide, columns(table.columns[c].title));
    natural.push_back({c, wide});
  }
  for (;;) {
    std::vector<ShownColumn> shown = natural;
    // The widest column of words gives first.
    for (int excess = total_width(table, shown) - width; excess > 0; --excess) {
      ShownColumn* widest = nullptr;
      for (ShownColumn& s : shown) {
        if (table.columns[s.index].wraps && s.width > kNarrowestWrap && (!widest || s.width > widest->width))
          widest = &s;
      }
      if (!widest) break;
      --widest->width;
    }
    if (total_width(table, shown) <= width) return shown;
    const auto least =
        std::max_element(natural.begin(), natural.end(), [&](const ShownColumn& a, const ShownColumn& b) {
          return table.columns[a.index].rank <= table.columns[b.index].rank;  // the last of equals
        });
    if (least == natural.end() || table.columns[least->index].rank == 0) return shown;
    natural.erase(least);
  }
}

std::string render_text(const Table& table, const Style& style) {
  std::vector<std::vector<std::string>> texts;
  for (const auto& row : table.rows) {
    texts.emplace_back();
    for (const Cell& cell : row) texts.back().push_back(printable(cell.text));
  }
  const std::vector<ShownColumn> shown = fit_columns(table, texts, style.width);
  std::string out;
  if (!table.title.empty()) out += paint(printable(table.title), Tone::strong, style) + "\n\n";
  const std::size_t head = out.size();

  const auto add_line = [&](auto&& text_of, auto&& tone_of) {
    std::string line;
    for (const ShownColumn& s : shown) {
      const bool right = table.columns[s.index].align == Align::right;
      const std::string text = text_of(s);
      if (s.index != shown.front().index)
        line += std::string(static_cast<std::size_t>(table.columns[s.index].gap), ' ');
      const std::string padded = right ? pad_left(text, s.width) : pad(text, s.width);
      // Blanks stay outside the colour, so that they can be trimmed at the end of the line.
      const auto at = padded.find(text);
      line += padded.substr(0, at) + paint(text, tone_of(s), style) + padded.substr(at + text.size());
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  const auto add_row = [&](auto&& text_of, auto&& tone_of) {
    std::vector<std::vector<std::string>> parts;  // lines of each shown cell
    std::size_t height = 1;
    for (const ShownColumn& s : shown) {
      parts.push_back(wrap(text_of(s.index), std::max(s.width, 1)));
      height = std::max(height, parts.back().size());
    }
    for (std::size_t l = 0; l < height; ++l) {
      add_line(
          [&](const ShownColumn& s) {
            const auto& lines = parts[static_cast<std::size_t>(&s - shown.data())];
            return l < lines.size() ? lines[l] : std::string();
          },
          [&](const ShownColumn& s) { return tone_of(s.index); });
    }
  };
  if (std::any_of(table.columns.begin(), table.columns.end(),
                  [](const Column& c) { return !c.title.empty(); })) {
    add_row([&](std::size_t c) { return table.columns[c].title; }, [](std::size_t) { return Tone::strong; });
  }
  for (std::size_t r = 0; r < texts.size(); ++r)
    add_row([&](std::size_t c) { return texts[r][c]; }, [&](std::size_t c) { return table.rows[r][c].tone; });
  if (!table.notes.empty() && out.size() > head) out += "\n";
  for (const std::string& note : table.notes) {
    for (const std::string& line : wrap(printable(note), style.width)) out += line + "\n";
  }
  return for_locale(std::move(out), style);
}

/// A cell of Markdown: the mark that ends it escaped, on one line.
std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '|' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string render_markdown(const Table& table) {
  std::string out;
  if (!table.title.empty()) out += "**" + markdown_cell(table.title) + "**\n\n";
  const auto add_row = [&](auto&& cell_of) {
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].rank >= 0) out += cell_of(c);
    }
    out += "|\n";
  };
  add_row([&](std::size_t c) { return "| " + markdown_cell(table.columns[c].title) + " "; });
  add_row(
      [&](std::size_t c) { return std::string(table.columns[c].align == Align::right ? "|---:" : "|---"); });
  for (const auto& row : table.rows)
    add_row([&](std::size_t c) { return "| " + markdown_cell(row[c].text) + " "; });
  if (!table.notes.empty()) out += "\n";
  for (const std::string& note : table.notes) out += printable(note) + "\n";
  return out;
}

std::string csv_field(const Value& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const {
      return std::isfinite(number) ? fmt::format("{:.6g}", number) : "";
    }
    std::string operator()(const std::string& text) const { return printable(text); }
  };
  std::string field = std::visit(Visitor{}, value);
  if (field.find_first_of(",\"") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string render_csv(const Table& table) {
  std::string out;
  const auto add = [&](const Value& value, bool first) {
    if (!first) out += ',';
    out += csv_field(value);
  };
  for (const Column& c : table.columns) add(c.key, &c == table.columns.data());
  out += '\n';
  for (const auto& row : table.rows) {
    for (const Cell& cell : row) add(cell.value, &cell == row.data());
    out += '\n';
  }
  return out;
}

}  // namespace

Cell text_cell(std::string_view words) {
  return words.empty() ? Cell() : Cell(std::string(words));
}

Cell figure_cell(const std::optional<double>& value) {
  return value ? Cell(fmt::format("{:.6g}", *value), *value) : Cell();
}

void write_rows(JsonWriter& json, const Table& table) {
  json.begin_array();
  for (const auto& row : table.rows) {
    json.begin_object();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      std::visit(
          [&](const auto& value) {
            using T = std::remove_cvref_t<decltype(value)>;
            if constexpr (!std::is_same_v<T, std::monostate>) json.member(table.columns[c].key, value);
          },
          row[c].value);
    }
    json.end_object();
  }
  json.end_array();
}

std::string render(const Table& table, Form form, const Style& style) {
  switch (form) {
    case Form::text: return render_text(table, style);
    case Form::csv: return render_csv(table);
    case Form::markdown: return render_markdown(table);
    case Form::json: break;
  }
  std::string out;
  JsonWriter json(out, 1);
  write_rows(json, table);
  return out + "\n";
}

}  // namespace qwenfit::report
