// qwenfit catalog check PATH: entries of one's own, before they are used.
#include "qwenfit/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/nearest.hpp"
#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "report/knowledge.hpp"

namespace qwenfit::cli {
namespace {

int run_check(const std::string& path, const CommonOptions& common) {
  const std::vector<CheckedRecord> records = check_overlay(open_catalog(common), path);
  print(report::render(report::overlay_table(records), common.form(), output_style()));
  const bool good =
      std::all_of(records.begin(), records.end(), [](const CheckedRecord& r) { return r.problems.empty(); });
  return good ? kAnswered : kInputError;
}

}  // namespace

int run_catalog(const std::vector<std::string>& args) {
  CLI::App app("Entries of your own: models, devices, formats, engines in JSON, over those built in.",
               "qwenfit catalog");
  std::string action;
  std::string path;
  CommonOptions common;
  app.add_option("action", action, "check: what a file or folder adds and changes, and what is wrong with it")
      ->required();
  app.add_option("path", path, "a JSON file, or a folder of them")->required();
  add_common_options(app, common);
  add_examples(app, {{"Is my file good?",
                      "echo '{\"devices\": [{\"id\": \"rtx-4090\", \"tdp_w\": 350}]}' > my.json && qwenfit "
                      "catalog check my.json"},
                     {"Then use it", "qwenfit show rtx-4090 --catalog my.json"}});
  if (!parse(app, args)) return kAnswered;
  if (action != "check")
    throw Error(ErrorCode::usage, fmt::format("catalog: unknown action '{}'{}", action,
                                              catalog::did_you_mean_of_few(action, {"check"})));
  return run_check(path, common);
}

}  // namespace qwenfit::cli
