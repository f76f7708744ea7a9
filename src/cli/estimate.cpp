// qwenfit estimate MODEL: one model, one answer.
#include "qwenfit/estimate.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "estimate_output.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {

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

int run_estimate(const std::vector<std::string>& args) {
  CLI::App app("How much memory does a model need, does it fit, how fast will it be.", "qwenfit estimate");
  Scenario scenario;
  CommonOptions common;
  app.add_option("model", scenario.model, "catalog id, Hugging Face id, Ollama tag, GGUF file name or a path")
      ->required();
  add_scenario_options(app, args, scenario);
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(app, {{"Does it fit, and how fast is it?", "qwenfit estimate qwen3-8b --device rtx-4090"},
                     {"A format, a longer context, an 8-bit KV cache",
                      "qwenfit estimate qwen3-8b -f q6_k -c 32k --kv-type q8_0 -d 'RTX 3060 12GB'"},
                     {"How many requests can vLLM serve at once?",
                      "qwenfit estimate Qwen/Qwen3-32B -e vllm -f fp8 -d h100 -u 32"},
                     {"Where does each figure come from?", "qwenfit estimate qwen2.5-7b -d 4090 --explain"},
                     {"In a script: exit code 1 when it does not hold",
                      "qwenfit estimate qwen3-8b -d rtx-4090 --require fits,context=8k --json"}});
  if (!parse(app, args)) return kAnswered;

  apply_defaults(scenario);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::read, surroundings(catalog, common));
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
