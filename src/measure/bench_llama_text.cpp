// llama-bench -o csv, -o sql and -o md.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bench.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::measure {
namespace {

constexpr std::size_t kMostColumns = 256;
constexpr std::string_view kSqlRow = "INSERT INTO ";

/// Takes the next line off `rest`.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The fields of the next record; quoted ones may hold commas, doubled quotes and line ends.
std::vector<std::string> next_record(std::string_view& rest, const std::string& where) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (quoted) {
      if (c != '"') fields.back() += c;
      else if (i + 1 < rest.size() && rest[i + 1] == '"') fields.back() += rest[++i];
      else quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      if (fields.size() == kMostColumns)
        throw Error(ErrorCode::bad_input, fmt::format("{}: more than {} columns", where, kMostColumns));
      fields.emplace_back();
    } else if (c == '\n') {
      ++i;
      break;
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  if (quoted) throw Error(ErrorCode::bad_input, fmt::format("{}: a quote is not closed", where));
  rest.remove_prefix(i);
  return fields;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  line = trimmed(line);
  if (line.starts_with('|')) line.remove_prefix(1);
  if (line.ends_with('|')) line.remove_suffix(1);
  while (cells.size() < kMostColumns) {
    const auto bar = line.find('|');
    cells.push_back(trimmed(line.substr(0, bar)));
    if (bar == std::string_view::npos) break;
    line.remove_prefix(bar + 1);
  }
  return cells;
}

bool is_header(std::string_view line) {
  if (!trimmed(line).starts_with('|')) return false;
  const auto cells = cells_of(line);
  const auto has = [&](std::string_view name) {
    return std::find(cells.begin(), cells.end(), name) != cells.end();
  };
  return has("model") && has("test") && has("t/s");
}

struct ShortName {
  std::string_view shown, field;
};
/// What the table calls fields of the JSON.
constexpr std::array kShortNames{ShortName{"ngl", "n_gpu_layers"},
                                 ShortName{"sm", "split_mode"},
                                 ShortName{"threads", "n_threads"},
                                 ShortName{"nkvo", "no_kv_offload"},
                                 ShortName{"fa", "flash_attn"},
                                 ShortName{"embd", "embeddings"},
                                 ShortName{"dev", "devices"},
                                 ShortName{"ts", "tensor_split"},
                                 ShortName{"ot", "tensor_buft_overrides"},
                                 ShortName{"backend", "backends"},
                                 ShortName{"model", "model_type"},
                                 ShortName{"size", "model_size"},
                                 ShortName{"params", "model_n_params"}};

/// "pp512", "tg128 @ d4096", "pp512+tg128"; "pp 512" of older builds.
void add_test(std::string_view test, LlamaBenchRecord& record) {
  const auto number = [](std::string_view text) {
    text = trimmed(text);
    return std::string(text.substr(0, text.find_first_not_of("0123456789")));
  };
  record["n_prompt"] = record["n_gen"] = record["n_depth"] = "0";
  if (const auto depth = test.find("@ d"); depth != std::string_view::npos) {
    record["n_depth"] = number(test.substr(depth + 3));
    test = trimmed(test.substr(0, depth));
  }
  if (const auto prompt = test.find("pp"); prompt != std::string_view::npos)
    record["n_prompt"] = number(test.substr(prompt + 2));
  if (const auto gen = test.find("tg"); gen != std::string_view::npos)
    record["n_gen"] = number(test.substr(gen + 2));
}

/// "8.19 B" -> 8190000000; rounded as it is.
std::string parameters(std::string_view text) {
  const auto blank = text.find(' ');
  const auto value = units::parse_number(text.substr(0, blank));
  if (!value || blank == std::string_view::npos || !(*value > 0) || *value > 1e6) return "";
  return fmt::format("{:.0f}", *value * (text.substr(blank + 1) == "B" ? 1e9 : 1e6));
}

}  // namespace

bool has_llama_bench_sql(std::string_view text) {
  return text.starts_with("CREATE TABLE ") || text.starts_with(kSqlRow);
}

bool has_llama_bench_markdown(std::string_view text) {
  while (!text.empty()) {
    if (is_header(next_line(text))) return true;
  }
  return false;
}

std::vector<LlamaBenchRecord> read_llama_bench_csv(std::string_view text, const std::string& name) {
  const std::vector<std::string> header = next_record(text, name);
  std::vector<LlamaBenchRecord> records;
  while (!text.empty()) {
    const std::string where = fmt::format("{}: row {}", name, records.size() + 1);
    const std::vector<std::string> fields = next_record(text, where);
    if (fields.size() == 1 && fields[0].empty()) continue;
    // A header repeated by appended runs.
    if (fields == header) continue;
    if (fields.size() != header.size())
      throw Error(ErrorCode::bad_input,
                  fmt::format("{}: {} fields below {} names", where, fields.size(), header.size()));
    if (records.size() == kMostBenchRows)
      throw Error(ErrorCode::bad_input, fmt::format("{}: more than {} results", name, kMostBenchRows));
    LlamaBenchRecord& record = records.emplace_back();
    for (std::size_t i = 0; i < header.size(); ++i) record[header[i]] = fields[i];
  }
  return records;
}

std::vector<LlamaBenchRecord> read_llama_bench_sql(std::string_view text, const std::string& name) {
  constexpr std::string_view kValues = ") VALUES (";
  std::vector<LlamaBenchRecord> records;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (!line.starts_with(kSqlRow)) continue;
    const std::string where = fmt::format("{}: row {}", name, records.size() + 1);
    const auto open = line.find('(');
    const auto middle = line.find(kValues);
    const auto end = line.rfind(')');
    if (open >= middle || middle == std::string_view::npos || end < middle + kValues.size())
      throw Error(ErrorCode::bad_input, fmt::format("{}: no INSERT INTO ... (names) VALUES (values)", where));
    std::string_view names = line.substr(open + 1, middle - open - 1);
    // Every value is quoted, and none is escaped.
    std::string_view values = line.substr(middle + kValues.size(), end - middle - kValues.size());
    const auto next = [](std::string_view& rest, std::string_view separator) {
      const auto at = std::min(rest.find(separator), rest.size());
      const std::string_view field = rest.substr(0, at);
      rest.remove_prefix(std::min(at + separator.size(), rest.size()));
      return field;
    };
    if (records.size() == kMostBenchRows)
      throw Error(ErrorCode::bad_input, fmt::format("{}: more than {} results", name, kMostBenchRows));
    LlamaBenchRecord& record = records.emplace_back();
    while (!names.empty() && !values.empty() && record.size() < kMostColumns) {
      std::string_view value = next(values, "', '");
      if (value.starts_with('\'')) value.remove_prefix(1);
      if (value.ends_with('\'')) value.remove_suffix(1);
      record[std::string(next(names, ", "))] = std::string(value);
    }
  }
  return records;
}

std::vector<LlamaBenchRecord> read_llama_bench_markdown(std::string_view text, const std::string& name) {
  std::vector<LlamaBenchRecord> records;
  std::vector<std::string> header;
  int line_number = 0;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    ++line_number;
    if (is_header(line)) {
      header.clear();
      for (const std::string_view cell : cells_of(line)) {
        const auto* const known = std::find_if(kShortNames.begin(), kShortNames.end(),
                                               [&](const ShortName& n) { return n.shown == cell; });
        header.emplace_back(known == kShortNames.end() ? cell : known->field);
      }
      continue;
    }
    // The program's own messages stand before, between and after.
    if (header.empty() || !trimmed(line).starts_with('|') || line.find("---") != std::string_view::npos)
      continue;
    const auto cells = cells_of(line);
    if (cells.size() != header.size())
      throw Error(ErrorCode::bad_input, fmt::format("{}:{}: {} columns below a header of {}", name,
                                                    line_number, cells.size(), header.size()));
    if (records.size() == kMostBenchRows)
      throw Error(ErrorCode::bad_input, fmt::format("{}: more than {} results", name, kMostBenchRows));
    LlamaBenchRecord& record = records.emplace_back();
    for (std::size_t i = 0; i < header.size(); ++i) record[header[i]] = std::string(cells[i]);
    add_test(record["test"], record);
    // "41.50 ± 0.31"
    record["avg_ts"] = record["t/s"].substr(0, record["t/s"].find(' '));
    record["model_n_params"] = parameters(record["model_n_params"]);
    const auto bytes = units::parse_bytes(record["model_size"]);
    record["model_size"] = bytes ? fmt::format("{}", *bytes) : "";
  }
  return records;
}

}  // namespace qwenfit::measure
