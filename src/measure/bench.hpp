// What benchmark programs print, read as scenarios with what was measured. The texts come from outside:
// nothing in them is trusted, and what can't be said as a scenario is left out with the reason.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/scenario.hpp"

namespace qwenfit::measure {

/// Larger outputs are refused: those with every request's times in them are the only ones.
inline constexpr std::size_t kLargestBench = std::size_t{64} << 20;
inline constexpr std::size_t kMostBenchRows = 10'000;
/// Tokens a second; more is a mistake. data/schema/calibration.schema.json has the same.
inline constexpr double kFastest = 1e9;

/// One figure of a benchmark.
struct BenchRow {
  std::string label;       ///< "tg128 @ d4096"
  Scenario scenario;       ///< what the output tells; the model is empty where it does not
  bool prefill = false;    ///< else decoding
  double tok_s = 0;        ///< of one sequence, above 0
  std::string date;        ///< "2026-11-27"; empty where it is not told
  std::string model_type;  ///< what llama.cpp calls the model: "qwen3 8B Q4_K - Medium"
  std::string model_path;  ///< as the program was given it
  std::optional<std::int64_t> parameters;
  std::optional<Bytes> weights;
  std::vector<std::string> gpus;  ///< names of the cards it ran on
};

struct LeftOutRow {
  std::string label;
  std::string why;
};

struct Bench {
  std::string tool;  ///< "llama-bench", "vllm bench serve", "sglang.bench_serving"
  std::vector<BenchRow> rows;
  std::vector<LeftOutRow> left_out;
};

/// Recognizes `text` by its content and reads it.
/// @param name what errors call it
/// @throws Error(bad_input) when it is none of the known outputs, or holds more than may be read.
Bench read_bench(std::string_view text, const std::string& name);

/// A row of llama-bench: its fields by the names of `-o json`, values as text.
using LlamaBenchRecord = std::map<std::string, std::string, std::less<>>;

/// `-o csv` (RFC 4180), `-o sql` and `-o md`; the last tells less. @throws Error(bad_input) naming the line.
std::vector<LlamaBenchRecord> read_llama_bench_csv(std::string_view text, const std::string& name);
std::vector<LlamaBenchRecord> read_llama_bench_sql(std::string_view text, const std::string& name);
std::vector<LlamaBenchRecord> read_llama_bench_markdown(std::string_view text, const std::string& name);
/// Whether the text begins as the SQL does.
bool has_llama_bench_sql(std::string_view text);
/// Whether some line is the header of llama-bench's Markdown table.
bool has_llama_bench_markdown(std::string_view text);

/// Adds what `record` measured, or why it can't be used. @param where it stands: "bench.json: row 3"
void add_llama_bench_row(const LlamaBenchRecord& record, const std::string& where, Bench& bench);

/// The results of `vllm bench serve` and of `sglang.bench_serving`, likewise.
void add_vllm_result(const nlohmann::json& result, const std::string& where, Bench& bench);
void add_sglang_result(const nlohmann::json& result, const std::string& where, Bench& bench);

}  // namespace qwenfit::measure
