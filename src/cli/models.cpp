// qwenfit models --device D: what runs on this machine.
#include "qwenfit/models.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "report/questions.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

constexpr std::size_t kRows = 20;

}  // namespace

int run_models(const std::vector<std::string>& args) {
  CLI::App app("What runs on a machine: every model in the best usual format that leaves room, best first.",
               "qwenfit models");
  Scenario scenario;
  CommonOptions common;
  std::vector<std::string> words;
  ModelsQuestion question;
  std::string use = "chat";
  bool all = false;
  app.add_option("filter", words, "words that all have to occur in a name, family, kind ...");
  app.add_option("--for", use, "whose benchmarks rank the models: chat, code, math, agents ... (chat)")
      ->type_name("USE");
  app.add_flag("--special", question.special_purpose, "embedding, reranking, reward and guard models too");
  app.add_flag("--all", all, "all models, not the first only");
  add_scenario_options(app, args, scenario, {"model", "train", "explain"});
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(app, {{"What runs on a 12 GB card?", "qwenfit models --device 'RTX 3060 12GB'"},
                     {"For code, with 32k tokens of context", "qwenfit models --for code -d rtx-4090 -c 32k"},
                     {"On two cards", "qwenfit models -d rtx-3090 --count 2 --all --csv"},
                     {"On a Mac", "qwenfit models qwen3.6 -d 'M4 Max 64GB'"}});
  if (!parse(app, args)) return kAnswered;
  question.use = catalog::parse_use_case(use);
  question.filter = fmt::format("{}", fmt::join(words, " "));
  apply_defaults(scenario);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::ignore, surroundings(catalog, common));
  const bool people = common.form() == report::Form::text || common.form() == report::Form::markdown;
  if (people && !all) question.rows = kRows;
  const ModelsAnswer answer = compare_models(estimator, scenario, question);
  print(report::render(report::models_table(answer, question.rows), common.form(), output_style()));
  return answer.runs.empty() && scenario.require.any() ? kRequirementNotMet : kAnswered;
}

}  // namespace qwenfit::cli
