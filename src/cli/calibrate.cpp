// qwenfit calibrate FILE... | --measured N | list | remove ID...: estimates corrected by own measurements.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "catalog/nearest.hpp"
#include "command.hpp"
#include "help.hpp"
#include "measure/bench.hpp"
#include "options.hpp"
#include "output.hpp"
#include "own_measurements.hpp"
#include "qwenfit/error.hpp"
#include "report/calibration.hpp"
#include "settings.hpp"
#include "surroundings.hpp"
#include "user_files.hpp"

namespace qwenfit::cli {
namespace {

using measure::KeptMeasurement;

struct Options {
  std::vector<std::string> words;
  std::string measured;
  std::string what = "decode";
  bool dry_run = false;
  bool force = false;
  bool all = false;
};

std::string today() {
  return fmt::format("{:%Y-%m-%d}", fmt::localtime(std::time(nullptr)));
}

std::vector<speed::OwnMeasurement> rows_of(const std::vector<KeptMeasurement>& kept) {
  std::vector<speed::OwnMeasurement> rows;
  for (const KeptMeasurement& k : kept) rows.push_back(k.row);
  return rows;
}

/// A table with notes; those of JSON and CSV go to standard error, as these forms have none.
void show(report::Table table, const std::vector<std::string>& notes, report::Form form) {
  const bool people = form == report::Form::text || form == report::Form::markdown;
  for (const std::string& note : notes) {
    if (people) table.notes.push_back(report::printable(note) + ".");
    else complain(note);
  }
  std::string text = report::render(table, form, output_style());
  // Without rows there are sentences only.
  if (people && table.rows.empty()) text.clear();
  for (std::size_t i = 0; people && table.rows.empty() && i < table.notes.size(); ++i) {
    for (const std::string& line : report::wrap(table.notes[i], output_style().width)) text += line + "\n";
  }
  print(text);
}

int run_list(report::Form form) {
  const std::vector<KeptMeasurement> all = own_measurements();
  std::vector<std::string> notes;
  if (all.empty() && form == report::Form::text)
    notes.emplace_back("No measurement of yours is kept: `qwenfit calibrate --help` has examples");
  if (!all.empty() && form == report::Form::text)
    notes.push_back(fmt::format("Kept in {}. `qwenfit calibrate remove ID` takes one back, --all all of them",
                                own_measurements_file()));
  show(report::measurements_table(rows_of(all), {}), notes, form);
  return kAnswered;
}

int run_remove(const std::vector<std::string>& ids, bool everything, const Options& o, report::Form form) {
  if (everything == !ids.empty())
    throw Error(ErrorCode::usage,
                "calibrate remove: ID ... as `qwenfit calibrate list` shows them, or --all");
  const auto lock = o.dry_run ? nullptr : lock_own_measurements();
  std::vector<KeptMeasurement> all = own_measurements();
  std::vector<std::string_view> known;
  for (const KeptMeasurement& k : all) known.push_back(k.row.id);
  for (const std::string& id : ids) {
    if (std::find(known.begin(), known.end(), id) == known.end())
      throw Error(ErrorCode::unknown_name,
                  fmt::format("no measurement '{}'{}", id,
                              known.empty() ? ": none is kept" : catalog::did_you_mean_of_few(id, known)));
  }
  const auto gone = std::stable_partition(all.begin(), all.end(), [&](const KeptMeasurement& k) {
    return !everything && std::find(ids.begin(), ids.end(), k.row.id) == ids.end();
  });
  const std::vector<KeptMeasurement> removed(gone, all.end());
  all.erase(gone, all.end());
  if (!o.dry_run && !removed.empty()) write_own_measurements(all);
  show(report::measurements_table(rows_of(removed), {}),
       {removed.empty() ? "There was none"
        : o.dry_run     ? "These would be removed; nothing was changed"
                        : fmt::format("Removed; {} are left", all.size())},
       form);
  return kAnswered;
}

/// What --measured and --what say, as a row of a benchmark.
measure::BenchRow as_given(const Options& o, const Scenario& scenario) {
  const auto value = units::parse_number(o.measured);
  if (!value || !(*value > 0) || *value > measure::kFastest)
    throw Error(ErrorCode::invalid_value,
                fmt::format("--measured: '{}' is not a {} above 0", o.measured,
                            o.what == "ttft" ? "time in milliseconds" : "speed in tokens a second"));
  measure::BenchRow row;
  row.label = "--measured";
  row.prefill = o.what != "decode";
  row.tok_s = *value;
  if (o.what == "ttft") {
    if (scenario.concurrency.value_or(1) > 1)
      throw Error(ErrorCode::usage,
                  "--what ttft: with others around the first token waits for them too: "
                  "measure it with one request at a time");
    if (!scenario.prompt_tokens || *scenario.prompt_tokens == 0)
      throw Error(ErrorCode::usage, "--what ttft: --prompt-tokens says how long the prompt was");
    row.tok_s = static_cast<double>(*scenario.prompt_tokens) / (*value / 1e3);
  }
  return row;
}

/// The rows of all files, or the given one, with their sources.
std::vector<std::pair<std::string, measure::BenchRow>> rows_to_read(const Options& o,
                                                                    const Scenario& scenario,
                                                                    std::vector<std::string>& notes) {
  if (!o.measured.empty()) return {{"as given", as_given(o, scenario)}};
  std::vector<std::pair<std::string, measure::BenchRow>> rows;
  for (const std::string& path : o.words) {
    const std::string name = path == "-" ? "standard input" : path;
    measure::Bench bench = measure::read_bench(read_whole(path, measure::kLargestBench), name);
    notes.push_back(fmt::format("{} is of {}: {} used, {} left out", name, bench.tool, bench.rows.size(),
                                bench.left_out.size()));
    std::set<std::string> said;
    for (const measure::LeftOutRow& left : bench.left_out) {
      if (said.insert(left.why).second) notes.push_back(fmt::format("Left out {}: {}", left.label, left.why));
    }
    for (measure::BenchRow& row : bench.rows) rows.emplace_back(name, std::move(row));
  }
  return rows;
}

int run_add(const Options& o, const Scenario& scenario, const CommonOptions& common) {
  std::vector<std::string> notes;
  const auto rows = rows_to_read(o, scenario, notes);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator plain(catalog, ModelFiles::read, whole_machine(catalog));
  const auto lock = o.dry_run ? nullptr : lock_own_measurements();
  std::vector<KeptMeasurement> all = own_measurements();
  std::vector<speed::OwnMeasurement> shown;
  std::vector<std::string> labels;
  std::size_t added = 0;
  for (const auto& [source, row] : rows) {
    KeptMeasurement kept =
        measure::calibrate(plain, row, {scenario, source, today(), prediction_version(), o.force}, notes);
    const auto there = std::find_if(all.begin(), all.end(), [&](const KeptMeasurement& k) {
      return measure::same_measurement(k.row, kept.row);
    });
    labels.push_back(row.label);
    if (there != all.end()) {
      notes.push_back(fmt::format("{}: kept already as {}", row.label, there->row.id));
      shown.push_back(there->row);
      continue;
    }
    measure::keep(all, std::move(kept));
    shown.push_back(all.back().row);
    if (o.dry_run) shown.back().id.clear();
    ++added;
  }
  if (all.size() > measure::kMostBenchRows)
    throw Error(ErrorCode::usage,
                fmt::format("more than {} measurements: `qwenfit calibrate remove` makes room",
                            measure::kMostBenchRows));
  if (added > 0 && !o.dry_run) write_own_measurements(all);
  if (o.dry_run) notes.emplace_back("Nothing was kept (--dry-run)");
  else if (added > 0)
    notes.push_back(fmt::format(
        "Kept in {}: estimates for such a device, engine and backend are corrected from now on. `qwenfit "
        "calibrate remove ID` takes that back, --no-calibration leaves it out once",
        own_measurements_file()));
  show(report::measurements_table(shown, o.measured.empty() ? labels : std::vector<std::string>()), notes,
       common.form());
  return shown.empty() ? kUndecided : kAnswered;
}

}  // namespace

int run_calibrate(const std::vector<std::string>& args) {
  CLI::App app(
      "Corrects speeds by what you measured yourself: files of llama-bench (-o json, jsonl, csv, sql or md), "
      "vllm "
      "bench serve (--save-result) and sglang.bench_serving (--output-file), or a figure with --measured. "
      "`list` shows what is kept, `remove` takes it back. Nothing leaves the machine.",
      "qwenfit calibrate");
  Options o;
  Scenario scenario;
  CommonOptions common;
  app.add_option(
      "files", o.words,
      "outputs of benchmarks, - is standard input; with --measured the model; or list; or remove ID ...");
  app.add_option("-m,--model", scenario.model, "the model, where the file does not tell it")
      ->type_name("MODEL");
  app.add_option("--measured", o.measured, "tokens a second of one sequence; milliseconds for ttft")
      ->type_name("N");
  auto* what = app.add_option("--what", o.what, "what --measured is: decode, prefill or ttft (decode)")
                   ->type_name("FIGURE")
                   ->check(one_of({"decode", "prefill", "ttft"}));
  app.add_flag("--dry-run", o.dry_run, "say it, but keep nothing");
  app.add_flag("--force", o.force, "keep what looks like another model or device");
  app.add_flag("--all", o.all, "with remove: everything");
  add_scenario_options(
      app, args, scenario,
      {"model", "method", "train", "require", "explain", "usd_per_hour", "usd_per_kwh", "utilization"});
  add_common_options(app, common);
  add_examples(
      app,
      {{"A figure that a chat program shows, on this machine",
        "qwenfit calibrate qwen3-8b -d rtx-4090 --measured 118.5 --dry-run"},
       {"A run of llama-bench",
        "printf '| model | size | params | backend | ngl | test | t/s |\\n| qwen3 8B Q4_K - Medium | 4.68 "
        "GiB | "
        "8.19 B | CUDA | 99 | tg128 | 118.52 |\\n' | qwenfit calibrate - -m qwen3-8b -d rtx-4090 --dry-run"},
       {"What is kept", "qwenfit calibrate list"}});
  if (!parse(app, args)) return kAnswered;
  const std::string action = o.words.empty() ? "" : o.words.front();
  const bool managing = o.measured.empty() && (action == "list" || action == "remove");
  if (o.all && action != "remove") throw Error(ErrorCode::usage, "--all goes with `calibrate remove`");
  if (managing && action == "list") {
    if (o.words.size() > 1)
      throw Error(ErrorCode::usage, fmt::format("calibrate list: unexpected word '{}'", o.words[1]));
    return run_list(common.form());
  }
  if (managing) return run_remove({o.words.begin() + 1, o.words.end()}, o.all, o, common.form());
  if (o.measured.empty()) {
    if (o.words.empty())
      throw Error(ErrorCode::usage,
                  "a benchmark's file is missing, or --measured: `qwenfit calibrate --help`");
    if (what->count() > 0) throw Error(ErrorCode::usage, "--what is of --measured; files tell it themselves");
    return run_add(o, scenario, common);
  }
  if (o.words.size() > 1)
    throw Error(ErrorCode::usage,
                fmt::format("--measured is of one model: unexpected word '{}'", o.words[1]));
  if (!o.words.empty()) scenario.model = o.words.front();
  if (scenario.model.empty())
    throw Error(ErrorCode::usage, "a model is missing: `qwenfit calibrate MODEL -d DEVICE --measured N`");
  apply_defaults(scenario);
  return run_add(o, scenario, common);
}

}  // namespace qwenfit::cli
