// qwenfit estimate MODEL: one model, one answer.
#include "qwenfit/estimate.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "options.hpp"
#include "output.hpp"

namespace qwenfit::cli {

int run_estimate(const std::vector<std::string>& args) {
  CLI::App app("How much memory does a model need, does it fit, how fast will it be.", "qwenfit estimate");
  Scenario scenario;
  CommonOptions common;
  app.add_option("model", scenario.model, "catalog id, Hugging Face id, Ollama tag, GGUF file name or a path")
      ->required();
  add_scenario_options(app, args, scenario);
  add_common_options(app, common);
  if (!parse(app, args)) return kAnswered;

  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog);
  const Estimate estimate = estimator.estimate(scenario);
  std::string out;
  if (common.form() == report::Form::json) {
    report::write_json(out, estimate, 2);
    out += '\n';
  } else {
    out = report::text(estimate, output_style());
  }
  print(out);
  const auto met = requirements_met(estimate);
  return met == false ? kRequirementNotMet : !met ? kUndecided : kAnswered;
}

}  // namespace qwenfit::cli
