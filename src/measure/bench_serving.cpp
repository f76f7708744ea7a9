// Results of `vllm bench serve --save-result` (vllm/benchmarks/serve.py, before July 2025
// benchmarks/benchmark_serving.py) and of sglang.bench_serving (python/sglang/bench_serving.py, later
// python/sglang/benchmark/serving.py).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bench.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::measure {
namespace {

using nlohmann::json;

constexpr double kLongest = 1e9;  ///< of seconds and milliseconds; more is a mistake
constexpr std::int64_t kMostRunTokens = std::int64_t{1} << 40;
constexpr std::int64_t kMostRequests = 1 << 20;
/// Where more of the requests failed, the others had the server for themselves.
constexpr double kMostFailed = 0.05;

std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get_ref<const std::string&>().substr(0, 4096) : "";
}

/// A finite figure above 0.
std::optional<double> figure_of(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number()) return std::nullopt;
  const double value = it->get<double>();
  return value > 0 && std::isfinite(value) && value < kLongest ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> count_of(const json& object, const char* key, const std::string& where,
                                     std::int64_t most) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return std::nullopt;
  const double value = it->is_number() ? it->get<double>() : -1;
  if (!(value >= 0) || value > static_cast<double>(most) || value != std::floor(value))
    throw Error(
        ErrorCode::bad_input,
        fmt::format("{}: {}: {} is not a whole number up to {}", where, key,
                    it->is_primitive() ? it->dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 40)
                                       : std::string(it->type_name()),
                    most));
  return static_cast<std::int64_t>(value);
}

/// What both programs write under the same names.
struct Run {
  std::int64_t completed = 0;
  double prompt = 0;  ///< tokens a request
  double output = 0;
  std::optional<std::int64_t> most_at_once;  ///< the client's limit
  bool unlimited_rate = true;
  std::optional<double> in_flight;  ///< requests under way on average
};

Run run_of(const json& result, const std::string& where) {
  Run run;
  run.completed = count_of(result, "completed", where, kMostRunTokens).value_or(0);
  run.most_at_once = count_of(result, "max_concurrency", where, kMostRequests);
  // vLLM writes "inf", SGLang Infinity, which is null here, and "trace" where the requests' own times count.
  const std::string rate = text_of(result, "request_rate");
  run.unlimited_rate = rate.empty() ? !figure_of(result, "request_rate") : rate == "inf";
  if (run.completed == 0) return run;
  const auto n = static_cast<double>(run.completed);
  run.prompt =
      static_cast<double>(count_of(result, "total_input_tokens", where, kMostRunTokens).value_or(0)) / n;
  run.output =
      static_cast<double>(count_of(result, "total_output_tokens", where, kMostRunTokens).value_or(0)) / n;
  // Little's law: arrivals a second x seconds each stays.
  const auto duration = figure_of(result, "duration");
  const auto first = figure_of(result, "mean_ttft_ms");
  const auto each = figure_of(result, "mean_tpot_ms");
  if (duration && first && each)
    run.in_flight = n * (*first + *each * std::max(0.0, run.output - 1)) / 1e3 / *duration;
  return run;
}

/// Sequences that decode at once. @param why set where that can't be told
std::int64_t concurrency_of(const Run& run, std::string& why) {
  if (run.unlimited_rate && !run.most_at_once) {
    if (run.completed == 1) return 1;
    why =
        "all requests were sent at once, so that their number fell from all to none: --max-concurrency "
        "holds it";
    return 1;
  }
  double at_once = static_cast<double>(run.most_at_once.value_or(kMostRequests));
  at_once = std::min(at_once, static_cast<double>(run.completed));
  if (!run.unlimited_rate) {
    if (!run.in_flight) why = "how many requests were under way can't be told";
    else at_once = std::min(at_once, *run.in_flight);
  }
  return std::max<std::int64_t>(1, std::llround(at_once));
}

std::string label_of(std::int64_t concurrency, const Run& run) {
  return fmt::format("{} at once, {:.0f} + {:.0f} tokens", concurrency, run.prompt, run.output);
}

/// Adds the rows of a run whose scenario has all but the work.
void add_rows(const json& result, const std::string& where, BenchRow row, std::string why, Bench& bench) {
  const Run run = run_of(result, where);
  if (run.completed == 0) {
    bench.left_out.push_back({"a run", "no request was completed"});
    return;
  }
  const double failed = static_cast<double>(count_of(result, "failed", where, kMostRunTokens).value_or(0));
  if (why.empty() && failed > kMostFailed * (failed + static_cast<double>(run.completed)))
    why =
        fmt::format("{:.0f} of {:.0f} requests failed", failed, failed + static_cast<double>(run.completed));
  if (why.empty() && (run.prompt < 1 || run.output < 1)) why = "its requests have no tokens";
  const std::int64_t concurrency = why.empty() ? concurrency_of(run, why) : 1;
  row.label = label_of(concurrency, run);
  auto per_token = figure_of(result, "median_tpot_ms");
  if (!per_token) per_token = figure_of(result, "mean_tpot_ms");
  if (why.empty() && !per_token) why = "it has no time per output token (median_tpot_ms, mean_tpot_ms)";
  if (!why.empty()) {
    bench.left_out.push_back({row.label, why});
    return;
  }
  Scenario& s = row.scenario;
  s.concurrency = concurrency;
  s.prompt_tokens = std::llround(run.prompt);
  s.output_tokens = std::llround(run.output);
  row.tok_s = 1e3 / *per_token;
  bench.rows.push_back(row);
  // With others around, the first token waits for them too. The mean, as prompts may be of several lengths.
  if (const auto first = figure_of(result, "mean_ttft_ms"); first && concurrency == 1) {
    row.prefill = true;
    row.tok_s = run.prompt / (*first / 1e3);
    bench.rows.push_back(row);
  } else if (first) {
    bench.left_out.push_back({row.label + ", first token", "it holds the wait for other requests"});
  }
}

/// "20261127-101530" -> "2026-11-27".
std::string date_of(const std::string& text) {
  if (text.size() < 8 || text.substr(0, 8).find_first_not_of("0123456789") != std::string::npos) return "";
  return fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2));
}

/// The servers that both programs know by name, by the begin of the name.
struct ServerName {
  std::string_view start;
  std::string_view engine;
};
constexpr std::array kServers{ServerName{"vllm", "vllm"}, ServerName{"sglang", "sglang"},
                              ServerName{"trt", "tensorrt-llm"}, ServerName{"tensorrt-llm", "tensorrt-llm"},
                              ServerName{"llama.cpp", "llama.cpp"}};

/// @return why the engine can't be said
std::string set_engine(const std::string& backend, Scenario& scenario) {
  for (const ServerName& server : kServers) {
    if (!backend.starts_with(server.start)) continue;
    scenario.engine = std::string(server.engine);
    return "";
  }
  return fmt::format("there is no model of the server '{}'", backend.substr(0, 40));
}

/// How the server was started, as newer versions of SGLang's client ask it. @return why it can't be said
std::string set_server(const json& info, const std::string& where, Scenario& s) {
  if (info.contains("prefill") && info.contains("decode"))
    return "prompts and answers had servers of their own";
  s.model = text_of(info, "model_path");
  const auto ranks = [&](const char* key) {
    return count_of(info, key, where + ": server_info", 1024).value_or(1);
  };
  const std::int64_t tensor = ranks("tp_size"), pipeline = ranks("pp_size");
  if (tensor > 1) s.tensor_parallel = tensor;
  if (pipeline > 1) s.pipeline_parallel = pipeline;
  if (tensor * pipeline > 1) s.device_count = tensor * pipeline;
  if (const std::int64_t experts = ranks("ep_size"); experts > 1) s.expert_parallel = experts;
  if (const std::string kv = text_of(info, "kv_cache_dtype"); kv.starts_with("fp8")) s.kv_type = "fp8";
  return ranks("dp_size") > 1 ? "several copies of the model shared the requests (dp_size)" : "";
}

}  // namespace

void add_vllm_result(const json& result, const std::string& where, Bench& bench) {
  bench.tool = "vllm bench serve";
  BenchRow row;
  row.scenario.model = text_of(result, "model_id");
  row.date = date_of(text_of(result, "date"));
  // "openai" is the protocol, which the program uses for vLLM itself unless told otherwise.
  const std::string backend = text_of(result, "backend");
  row.scenario.engine = "vllm";
  std::string why;
  if (!backend.empty() && !backend.starts_with("openai")) why = set_engine(backend, row.scenario);
  if (figure_of(result, "spec_decode_acceptance_length"))
    why = "the server drafted tokens (speculative decoding), whose gain depends on the text";
  if (!text_of(result, "ramp_up_strategy").empty())
    why = "the rate of requests rose during the run (--ramp-up-strategy)";
  if (result.contains("total_input_sequences")) why = "it measured embeddings";
  add_rows(result, where, std::move(row), std::move(why), bench);
}

void add_sglang_result(const json& result, const std::string& where, Bench& bench) {
  bench.tool = "sglang.bench_serving";
  BenchRow row;
  std::string why = set_engine(text_of(result, "backend"), row.scenario);
  if (figure_of(result, "accept_length"))
    why = "the server drafted tokens (speculative decoding), whose gain depends on the text";
  if (figure_of(result, "total_input_vision_tokens")) why = "its prompts hold images";
  if (const auto info = result.find("server_info"); info != result.end() && info->is_object()) {
    if (std::string told = set_server(*info, where, row.scenario); !told.empty()) why = std::move(told);
  }
  add_rows(result, where, std::move(row), std::move(why), bench);
}

}  // namespace qwenfit::measure
