// qwenfit cost MODEL --device D: what an hour and a million tokens cost.
#include "qwenfit/cost.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "report/advice.hpp"
#include "report/words.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {

int run_cost(const std::vector<std::string>& args) {
  CLI::App app("What a million tokens cost: on rented devices by the hour, on your own by their electricity.",
               "qwenfit cost");
  Scenario scenario;
  CommonOptions common;
  double tok_s = 0;
  app.add_option("model", scenario.model,
                 "catalog id, Hugging Face id, Ollama tag, GGUF file name or a path");
  auto* speed = app.add_option("--tok-s", tok_s, "tokens a second in all, instead of a model's estimate")
                    ->type_name("TOKENS")
                    ->check(above_zero());
  add_scenario_options(app, args, scenario, {"train", "explain"});
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(app,
               {{"On a rented card, by the number of users", "qwenfit cost qwen3-32b -f fp8 -e vllm -d h100"},
                {"A price of your own, half of the time idle",
                 "qwenfit cost qwen3-8b -d l40s -e vllm -u 16 --usd-per-hour 0.9 --utilization 0.5"},
                {"Electricity of a card at home", "qwenfit cost qwen3-8b -d rtx-4090 --usd-per-kwh 0.35"},
                {"From a speed that you measured", "qwenfit cost --usd-per-hour 3 --tok-s 50"}});
  if (!parse(app, args)) return kAnswered;
  std::vector<CostAt> rows;
  std::string title, workload;
  if (speed->count() > 0) {
    if (!scenario.model.empty() || !scenario.devices.empty() || scenario.require.any())
      throw Error(ErrorCode::usage,
                  "--tok-s stands for a model and its device: leave them, and --require, out");
    rows.push_back(cost_at_speed(scenario, tok_s));
  } else {
    if (scenario.model.empty())
      throw Error(ErrorCode::usage, "a model is missing, or --tok-s: `qwenfit cost --help`");
    apply_defaults(scenario);
    const catalog::Catalog catalog = open_catalog(common);
    Estimator estimator(catalog, ModelFiles::read, surroundings(catalog, common));
    rows = cost_by_concurrency(estimator, scenario);
    const Estimate asked = estimator.estimate(scenario, false);
    title = report::headline(asked);
    workload =
        fmt::format("Prompts of {} tokens, answers of {}.", units::format_grouped(asked.setup.prompt_tokens),
                    units::format_grouped(asked.setup.output_tokens));
  }
  report::Table table = report::cost_table(rows);
  table.title = title;
  if (!workload.empty()) table.notes.push_back(workload);
  print(report::render(table, common.form(), output_style()));
  const bool none = std::none_of(rows.begin(), rows.end(),
                                 [](const CostAt& row) { return row.unmet.value_or("").empty(); });
  return none ? kRequirementNotMet : kAnswered;
}

}  // namespace qwenfit::cli
