// qwenfit quants MODEL: its weight formats side by side.
#include "qwenfit/quants.hpp"

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "report/questions.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {

int run_quants(const std::vector<std::string>& args) {
  CLI::App app("The weight formats of a model side by side: memory, file size, fit, speed, quality.",
               "qwenfit quants");
  Scenario scenario;
  CommonOptions common;
  app.add_option("model", scenario.model, "catalog id, Hugging Face id, Ollama tag, GGUF file name or a path")
      ->required();
  add_scenario_options(
      app, args, scenario,
      {{"format", "it compares all formats; `qwenfit estimate` takes one"}, "train", "explain"});
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(app, {{"By the textbook formula", "qwenfit quants qwen2.5-0.5b --method quick"},
                     {"What fits a card, and how fast is it?", "qwenfit quants qwen3-14b --device rtx-4090"},
                     {"For a spreadsheet", "qwenfit quants qwen3-14b --device rtx-4090 --csv"}});
  if (!parse(app, args)) return kAnswered;

  apply_defaults(scenario);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::read, surroundings(catalog, common));
  const QuantsAnswer answer = compare_quants(estimator, scenario);
  print(report::render(report::quants_table(answer, scenario.method == Method::quick), common.form(),
                       output_style()));
  return answer.quants.empty() && scenario.require.any() ? kRequirementNotMet : kAnswered;
}

}  // namespace qwenfit::cli
