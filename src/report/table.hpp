// Tables, as text, CSV, Markdown and JSON. A command fills a Table once; every form is printed from it:
// people read a cell's `text`, scripts its `value` under the column's key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "screen.hpp"

namespace qwenfit::report {

class JsonWriter;

/// The forms an answer can be printed in.
enum class Form : std::uint8_t { text, json, csv, markdown };

/// What scripts get; monostate is absent: an empty CSV field, no JSON member.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

struct Cell {
  Cell() = default;
  /// The same for people and scripts.
  Cell(std::string words) : text(words), value(std::move(words)) {}
  Cell(const char* words) : Cell(std::string(words)) {}
  Cell(std::string words, Value v, Tone t = Tone::plain)
      : text(std::move(words)), value(std::move(v)), tone(t) {}

  std::string text;
  Value value;
  Tone tone = Tone::plain;
};

enum class Align : std::uint8_t { left, right };

struct Column {
  std::string key;    ///< stable name of CSV and JSON, unit included: "file_bytes", "decode_tok_s"
  std::string title;  ///< for people: "File size"; when no column has one, text tables have no header
  Align align = Align::left;
  bool wraps = false;  ///< may be broken into lines when the terminal is narrow
  /// 0 stays in a text table, however narrow the terminal; of the others the highest rank goes first. Below 0
  /// the column is for scripts: CSV and JSON have it.
  int rank = 0;
  int gap = 2;  ///< blanks before it
};

struct Table {
  std::string title;  ///< a line above; text and Markdown only
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< as many cells as columns, in their order
  std::vector<std::string> notes;       ///< sentences below; text and Markdown only
};

/// The words; nothing when there are none.
Cell text_cell(std::string_view words);

/// The number with up to six digits; nothing when it is not known.
Cell figure_cell(const std::optional<double>& value);

/// The table in `form`, with the newline at its end. CSV has a header line of keys (RFC 4180, lines end in
/// "\n"); JSON is an array of objects.
std::string render(const Table& table, Form form, const Style& style);

/// The rows as a JSON array of objects, for answers that hold more than one table.
void write_rows(JsonWriter& json, const Table& table);

}  // namespace qwenfit::report
