// qwenfit check PATH... | -- COMMAND...: do the deployments of these files work?
#include "report/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/plan.hpp"
#include "surroundings.hpp"
#include "user_files.hpp"

namespace qwenfit::cli {
namespace {

const std::vector<std::string> kForms{"text", "json", "junit", "sarif", "github", "markdown", "tap"};

struct CheckOptions {
  std::vector<std::string> paths;
  std::vector<std::string> formats;
  std::string fail_on = "error";
  bool soft_fail = false;
  bool fail_if_none = false;
  bool all = false;
  std::string baseline;
  std::string write_baseline;
  std::vector<std::string> env_files;
  plan::Options plan;
  std::vector<std::string> require;
  std::vector<std::string> variables;
};

plan::FailOn fail_on(const std::string& word) {
  if (word == "warning") return plan::FailOn::warning;
  if (word == "unknown") return plan::FailOn::unknown;
  return plan::FailOn::error;
}

/// What a form looks like in a file is what it looks like without a terminal.
std::string render(const plan::Report& report, const std::string& form, int code, bool all,
                   const report::Style& style) {
  if (form == "json") return report::check_json(report, code);
  if (form == "junit") return report::check_junit(report);
  if (form == "sarif") return report::check_sarif(report, QWENFIT_VERSION);
  if (form == "github") return report::check_github(report);
  if (form == "markdown") return report::check_markdown(report);
  if (form == "tap") return report::check_tap(report);
  return report::check_text(report, style, all);
}

/// Whole or not at all: the text is written beside the file and put in its place.
void write_file(const std::string& path, const std::string& text) {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool special = fs::exists(path, error) && !fs::is_regular_file(path, error);
  const std::string target = special ? path : path + ".partial";
  std::ofstream out(target, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw Error(ErrorCode::io, fmt::format("can't write {}", path));
  if (special) return;
  fs::rename(target, path, error);
  if (error) throw Error(ErrorCode::io, fmt::format("can't write {}: {}", path, error.message()));
}

constexpr std::size_t kLargestBaseline = std::size_t{64} << 20;

std::set<std::string> read_baseline(const std::string& path) {
  const nlohmann::json list = nlohmann::json::parse(read_whole(path, kLargestBaseline), nullptr, false);
  if (!list.is_object() || !list.contains("findings") || !list["findings"].is_array())
    throw Error(ErrorCode::bad_input,
                fmt::format("{} is no baseline: --write-baseline FILE writes one", path));
  std::set<std::string> out;
  for (const auto& finding : list["findings"]) {
    if (finding.is_object() && finding.contains("fingerprint") && finding["fingerprint"].is_string())
      out.insert(finding["fingerprint"].get<std::string>());
  }
  return out;
}

void add_plan_options(CLI::App& app, CheckOptions& o, CommonOptions& common) {
  app.add_option("-d,--device", o.plan.device, "device where a file names none: rtx-4090, h100:8")
      ->type_name("NAME[:N]");
  app.add_option("-m,--model", o.plan.model, "model where a file has only a path or a variable")
      ->type_name("MODEL");
  app.add_option("--engine-version", o.plan.engine_version, "version of the engine")->type_name("VERSION");
  app.add_option("--set", o.variables, "value of a variable that the files leave open: TP=4")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--env-file", o.env_files, "file of NAME=VALUE lines; compose files have their .env")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--follow", o.plan.follow, "read the option files that commands name with --config");
  app.add_option("--catalog", common.catalogs, "JSON file or folder with entries of your own")
      ->type_name("PATH")
      ->allow_extra_args(false);
}

void prepare(CheckOptions& o) {
  for (const std::string& item : o.require) {
    const auto equals = item.find('=');
    o.plan.require.emplace_back(item.substr(0, equals),
                                equals == std::string::npos ? "" : item.substr(equals + 1));
  }
  for (const std::string& item : o.variables) {
    const auto equals = item.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorCode::usage, fmt::format("--set {}: NAME=VALUE is expected", item));
    o.plan.variables[item.substr(0, equals)] = item.substr(equals + 1);
  }
  for (const std::string& file : o.env_files) {
    for (auto& [name, value] : plan::read_environment_file(file)) o.plan.environment[name] = value;
  }
  plan::validate(o.plan);
}

}  // namespace

int run_check(const std::vector<std::string>& args) {
  CLI::App app("Reads the files that start inference engines and says which of them would not work.",
               "qwenfit check");
  CheckOptions o;
  CommonOptions common;
  const auto dashes = std::find(args.begin(), args.end(), "--");
  const std::vector<std::string> own(args.begin(), dashes);
  const std::vector<std::string> command(dashes == args.end() ? dashes : dashes + 1, args.end());
  app.add_option("paths", o.paths, "files and folders; - is standard input; or: -- COMMAND ...");
  add_plan_options(app, o, common);
  app.add_option("--require", o.require,
                 "what must hold: context=32k,concurrency=16,decode=25,ttft=1500,cost=2")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("-o,--format", o.formats,
                 "text, json, junit, sarif, github, markdown or tap; with =FILE into a file; may be repeated")
      ->type_name("FORMAT[=FILE]")
      ->allow_extra_args(false);
  app.add_flag("--json", common.json, "as --format json");
  add_calibration_option(app, common);
  app.add_option("--fail-on", o.fail_on,
                 "what makes the exit code 1: warning, error (the default) or unknown")
      ->type_name("LEVEL")
      ->check(one_of({"warning", "error", "unknown"}));
  app.add_flag("--soft-fail", o.soft_fail, "report, but exit with 0");
  app.add_flag("--fail-if-none", o.fail_if_none, "exit with 2 when nothing serves a model");
  app.add_option("--baseline", o.baseline, "findings of this file do not count")->type_name("FILE");
  app.add_option("--write-baseline", o.write_baseline, "write the findings into a baseline")
      ->type_name("FILE");
  app.add_flag("--all", o.all, "list deployments without findings too, however many");
  add_examples(
      app,
      {{"A command line", "qwenfit check -d h100:2 -- vllm serve Qwen/Qwen3-32B -tp 2 --max-model-len 32768"},
       {"A rendered chart, with what it has to hold",
        "echo 'services: {llm: {image: \"vllm/vllm-openai:v0.11.0\", command: --model Qwen/Qwen3-8B}}' | "
        "qwenfit check - -d l40s --require context=32k,concurrency=4"}});
  if (!parse(app, own)) return kAnswered;
  if (common.json) o.formats.emplace_back("json");
  if (o.formats.empty()) o.formats.emplace_back("text");
  for (const std::string& format : o.formats) {
    const std::string form = format.substr(0, format.find('='));
    if (std::find(kForms.begin(), kForms.end(), form) == kForms.end())
      throw Error(ErrorCode::usage,
                  fmt::format("--format {}: it is one of {}", form, fmt::join(kForms, ", ")));
  }
  if (o.paths.empty() && command.empty())
    throw Error(ErrorCode::usage, "no file is named; - is standard input, -- COMMAND a command line");

  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::ignore, surroundings(catalog, common));
  o.plan.catalog = &catalog;
  prepare(o);
  if (!o.baseline.empty()) o.plan.baseline = read_baseline(o.baseline);
  plan::Report report;
  for (const std::string& path : o.paths) plan::read_path(path, o.plan, report);
  if (!command.empty()) plan::read_command(command, o.plan, report);
  plan::check(report, o.plan, estimator);
  int code = plan::exit_status(report, fail_on(o.fail_on));
  if (o.fail_if_none && report.deployments.empty()) code = kInputError;
  if (o.soft_fail) code = kAnswered;
  for (const std::string& format : o.formats) {
    const auto equals = format.find('=');
    if (equals == std::string::npos) print(render(report, format, code, o.all, output_style()));
    else write_file(format.substr(equals + 1), render(report, format.substr(0, equals), code, o.all, {}));
  }
  if (!o.write_baseline.empty()) write_file(o.write_baseline, report::check_baseline(report));
  return code;
}

int run_plan(const std::vector<std::string>& args) {
  CLI::App app("Writes qwenfit's own plan from the files that start inference engines.", "qwenfit plan");
  CheckOptions o;
  CommonOptions common;
  std::string action;
  app.add_option("action", action, "init")->required()->check(one_of({"init"}));
  app.add_option("paths", o.paths, "files and folders; - is standard input")->required();
  add_plan_options(app, o, common);
  add_examples(app, {{"A plan to check from now on",
                      "echo 'vllm serve Qwen/Qwen3-8B --max-model-len 16384' | qwenfit plan init - -d "
                      "rtx-4090"}});
  if (!parse(app, args)) return kAnswered;
  const catalog::Catalog catalog = open_catalog(common);
  o.plan.catalog = &catalog;
  prepare(o);
  plan::Report report;
  for (const std::string& path : o.paths) plan::read_path(path, o.plan, report);
  if (report.deployments.empty())
    throw Error(ErrorCode::bad_input, fmt::format("nothing in {} serves a model", fmt::join(o.paths, ", ")));
  print(report::check_plan(report));
  return kAnswered;
}

}  // namespace qwenfit::cli
