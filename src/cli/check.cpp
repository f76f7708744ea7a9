// qwenfit check PATH... | -- COMMAND...: do the deployments of these files work?
#include "report/check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/plan.hpp"

namespace qwenfit::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string fail_on = "error";
  bool soft_fail = false;
  bool all = false;
  plan::Options plan;
  std::vector<std::string> require;
  std::vector<std::string> variables;
};

plan::FailOn fail_on(const std::string& word) {
  if (word == "warning") return plan::FailOn::warning;
  if (word == "unknown") return plan::FailOn::unknown;
  return plan::FailOn::error;
}

std::string render(const plan::Report& report, const std::string& format, int code, bool all) {
  if (format == "json") return report::check_json(report, code);
  return report::check_text(report, output_style(), all);
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
  app.add_option("-d,--device", o.plan.device, "device where a file names none: rtx-4090, h100:8")
      ->type_name("NAME[:N]");
  app.add_option("-m,--model", o.plan.model, "model where a file has only a path or a variable")
      ->type_name("MODEL");
  app.add_option("--engine-version", o.plan.engine_version, "version of the engine")->type_name("VERSION");
  app.add_option("--require", o.require,
                 "what must hold: context=32k,concurrency=16,decode=25,ttft=1500,cost=2")
      ->type_name("LIST")
      ->delimiter(',');
  app.add_option("--set", o.variables, "value of a variable that the files leave open: TP=4")
      ->type_name("NAME=VALUE");
  app.add_option("-o,--format", o.format, "text or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--fail-on", o.fail_on,
                 "warning, error (the default) or unknown: what makes the exit code 1")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"warning", "error", "unknown"}));
  app.add_flag("--soft-fail", o.soft_fail, "report, but exit with 0");
  app.add_flag("--all", o.all, "list deployments without findings too, however many");
  app.add_flag("--json", common.json, "as --format json");
  app.add_option("--catalog", common.catalogs, "JSON file or folder with entries of your own")
      ->type_name("PATH");
  add_examples(app, {{"A command line",
                      "qwenfit check -d h100:2 -- vllm serve Qwen/Qwen3-32B -tp 2 --max-model-len 32768"}});
  if (!parse(app, own)) return kAnswered;
  if (common.json) o.format = "json";
  if (o.paths.empty() && command.empty())
    throw Error(ErrorCode::usage, "no file is named; - is standard input, -- COMMAND a command line");

  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog);
  o.plan.catalog = &catalog;
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
  plan::Report report;
  for (const std::string& path : o.paths) plan::read_path(path, o.plan, report);
  if (!command.empty()) plan::read_command(command, o.plan, report);
  plan::check(report, o.plan, estimator);
  const int code = o.soft_fail ? kAnswered : plan::exit_status(report, fail_on(o.fail_on));
  print(render(report, o.format, code, o.all));
  return code;
}

}  // namespace qwenfit::cli
