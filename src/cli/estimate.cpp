// qwenfit estimate MODEL: one model, one answer.
#include "qwenfit/estimate.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "options.hpp"
#include "output.hpp"

namespace qwenfit::cli {
namespace {

std::string render(const Estimate& estimate, report::Form form) {
  switch (form) {
    case report::Form::text: return report::text(estimate, output_style());
    case report::Form::csv: return report::render(report::estimate_row(estimate), form, {});
    case report::Form::markdown: return report::markdown(estimate);
    case report::Form::json: break;
  }
  std::string out;
  report::write_json(out, estimate, 2);
  return out + "\n";
}

}  // namespace

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
  Estimate estimate = estimator.estimate(scenario);
  const report::Form form = common.form();
  // Sentences are for people; JSON is the same object that `batch` writes.
  if (form == report::Form::text || form == report::Form::markdown)
    estimate.hints = estimator.hints(scenario, estimate);
  print(render(estimate, form));
  const auto met = requirements_met(estimate);
  return met == false ? kRequirementNotMet : !met ? kUndecided : kAnswered;
}

}  // namespace qwenfit::cli
