// qwenfit command MODEL: how to start what was estimated.
#include <fmt/format.h>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "report/command.hpp"
#include "report/words.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

std::string written(const plan::StartCommand& command, const Estimate& estimate, const std::string& form) {
  if (form == "compose") return report::command_compose(command, estimate);
  if (form == "kubernetes") return report::command_kubernetes(command, estimate);
  return report::command_shell(command, estimate);
}

}  // namespace

int run_command(const std::vector<std::string>& args) {
  CLI::App app(
      "The command that starts exactly what `qwenfit estimate` estimates with the same options, for a shell, "
      "compose or Kubernetes. Where it does not fit, nothing is written and the exit code is 1.",
      "qwenfit command");
  Scenario scenario;
  CommonOptions common;
  std::string form = "shell";
  bool force = false;
  app.add_option("model", scenario.model, "catalog id, Hugging Face id, Ollama tag, GGUF file name or a path")
      ->required();
  app.add_option("--as", form, "shell, compose or kubernetes")
      ->type_name("FORM")
      ->check(one_of({"shell", "compose", "kubernetes"}))
      ->group("Output");
  app.add_flag("--force", force, "write it although it does not fit")->group("Output");
  app.add_option("--catalog", common.catalogs, "JSON file or folder with entries of your own")
      ->type_name("PATH")
      ->group("Output");
  add_scenario_options(app, args, scenario, {"train", "method", "explain"});
  add_calibration_option(app, common);
  add_examples(app,
               {{"llama.cpp, four slots of 8k tokens", "qwenfit command qwen3-8b -d rtx-4090 -c 8k -u 4"},
                {"vLLM on two cards, as Kubernetes objects",
                 "qwenfit command qwen3-32b -e vllm -d h100 -n 2 -u 16 --as kubernetes"},
                {"A Modelfile for Ollama", "qwenfit command qwen3-4b -e ollama -d rtx-4090 -c 16k"},
                {"What it prints passes the check",
                 "qwenfit command qwen3-8b -f fp8 -e vllm -d l40s --as compose | qwenfit check -"}});
  if (!parse(app, args)) return kAnswered;

  apply_defaults(scenario);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::read, surroundings(catalog, common));
  const Estimate estimate = estimator.estimate(scenario);
  const bool known = estimate.fit.verdict != Verdict::unknown;
  const bool fits = !known || estimate.fit.fits;
  const std::string text = written(plan::command_for(estimator, scenario, estimate), estimate, form);
  if (!fits) {
    std::string sentence =
        fmt::format("{}: {}", report::headline(estimate), report::verdict_sentence(estimate));
    for (const std::string& hint : estimator.hints(scenario, estimate)) sentence += "; " + hint;
    complain(sentence);
    if (!force) return kRequirementNotMet;
  }
  print(report::for_locale(text, output_style()));
  const auto met = requirements_met(estimate);
  return !fits || met == false ? kRequirementNotMet : !met ? kUndecided : kAnswered;
}

}  // namespace qwenfit::cli
