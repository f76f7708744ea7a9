#include "bench.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "qwenfit/error.hpp"

namespace qwenfit::measure {
namespace {

using nlohmann::json;

constexpr int kDeepest = 32;

/// Python writes NaN and Infinity, which JSON does not have: null says the same here. In place, so that
/// positions in errors stay.
std::string without_python_numbers(std::string_view text) {
  std::string out(text);
  bool quoted = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '\\' && quoted) ++i;
    else if (out[i] == '"') quoted = !quoted;
    else if (!quoted && (out[i] == 'N' || out[i] == 'I' || out[i] == '-')) {
      for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
        if (out.compare(i, word.size(), word) != 0) continue;
        std::string null("null");
        null.resize(std::max(null.size(), word.size()), ' ');
        out.replace(i, word.size(), null);
        i += null.size() - 1;
        break;
      }
    }
  }
  return out;
}

/// Times of single requests and repetitions are not kept: they are most of a file and not needed.
json parse(std::string_view text, const std::string& where) {
  const auto keep = [&](int depth, json::parse_event_t event, json&) {
    if (depth > kDeepest)
      throw Error(ErrorCode::bad_input, fmt::format("{}: nested too deeply for a benchmark", where));
    return event != json::parse_event_t::array_start || depth == 0;
  };
  try {
    return json::parse(without_python_numbers(text), keep);
  } catch (const json::exception& e) {
    std::string what = e.what();
    if (const auto colon = what.find("] "); colon != std::string::npos) what.erase(0, colon + 2);
    throw Error(ErrorCode::bad_input, fmt::format("{}: not valid JSON: {}", where, what));
  }
}

/// Plain values as text, as the CSV has them; llama-bench's fields are flat.
LlamaBenchRecord record_of(const json& object) {
  LlamaBenchRecord record;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) record[key] = value.get<std::string>();
    else if (value.is_boolean()) record[key] = value.get<bool>() ? "1" : "0";
    else if (value.is_number()) record[key] = value.dump();
  }
  return record;
}

void add_object(const json& object, const std::string& where, const std::string& name, Bench& bench) {
  if (bench.rows.size() + bench.left_out.size() >= kMostBenchRows)
    throw Error(ErrorCode::bad_input, fmt::format("{}: more than {} results", name, kMostBenchRows));
  const auto has = [&](const char* key) { return object.is_object() && object.contains(key); };
  if (has("n_prompt") && has("avg_ts")) add_llama_bench_row(record_of(object), where, bench);
  else if (has("model_id") && has("completed")) add_vllm_result(object, where, bench);
  else if (has("dataset_name") && has("completed")) add_sglang_result(object, where, bench);
  else
    throw Error(ErrorCode::bad_input,
                fmt::format("{}: no result of llama-bench, `vllm bench serve --save-result` or "
                            "sglang.bench_serving: it has neither n_prompt and avg_ts, model_id "
                            "and completed, nor dataset_name and completed",
                            where));
}

void add_array(std::string_view text, const std::string& name, Bench& bench) {
  const json array = parse(text, name);
  std::size_t number = 0;
  for (const json& object : array) add_object(object, fmt::format("{}: row {}", name, ++number), name, bench);
}

/// One object, or one a line.
void add_objects(std::string_view text, const std::string& name, Bench& bench) {
  const std::string_view first = text.substr(0, text.find('\n'));
  if (!json::accept(without_python_numbers(first))) return add_object(parse(text, name), name, name, bench);
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = fmt::format("{}:{}", name, number);
    add_object(parse(line, where), where, name, bench);
  }
}

void add_records(const std::vector<LlamaBenchRecord>& records, const std::string& name, Bench& bench) {
  std::size_t number = 0;
  for (const LlamaBenchRecord& record : records)
    add_llama_bench_row(record, fmt::format("{}: row {}", name, ++number), bench);
}

}  // namespace

Bench read_bench(std::string_view text, const std::string& name) {
  if (text.size() > kLargestBench)
    throw Error(ErrorCode::bad_input,
                fmt::format("{}: larger than any benchmark's output ({} MiB)", name, kLargestBench >> 20));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) throw Error(ErrorCode::bad_input, fmt::format("{}: empty", name));
  text.remove_prefix(start);
  Bench bench;
  if (text[0] == '[') add_array(text, name, bench);
  else if (text[0] == '{') add_objects(text, name, bench);
  else if (has_llama_bench_markdown(text)) add_records(read_llama_bench_markdown(text, name), name, bench);
  else if (has_llama_bench_sql(text)) add_records(read_llama_bench_sql(text, name), name, bench);
  else if (text.substr(0, text.find('\n')).find("avg_ts") != std::string_view::npos)
    add_records(read_llama_bench_csv(text, name), name, bench);
  else
    throw Error(
        ErrorCode::bad_input,
        fmt::format("{}: not the output of a benchmark that qwenfit reads: llama-bench -o json, jsonl, "
                    "csv, sql or md, vllm bench serve --save-result, sglang.bench_serving --output-file",
                    name));
  if (bench.rows.empty() && bench.left_out.empty())
    throw Error(ErrorCode::bad_input, fmt::format("{}: no result in it", name));
  return bench;
}

}  // namespace qwenfit::measure
