// qwenfit recommend: which model, in which format, for a purpose on a device; or the guide to a generation.
#include "qwenfit/recommend.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/guide.hpp"
#include "report/advice.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

struct RecommendOptions {
  std::string use;
  std::string priority = "balance";
  std::string min_context;
  double min_tok_s = 0;
  double budget = 0;
  std::string generation;
  std::size_t count = 10;
};

void add_options(CLI::App& app, RecommendOptions& o) {
  const auto add = [](auto* option, const char* type) { option->group("Wishes")->type_name(type); };
  std::vector<std::string> uses{"edge"};
  for (int i = 0; i < catalog::kUseCases; ++i)
    uses.emplace_back(catalog::use_case_name(static_cast<catalog::UseCase>(i)));
  add(app.add_option("--for", o.use,
                     "chat, code, math, agents, long-context, multilingual, edge, vision, embedding")
          ->check(one_of(uses)),
      "USE");
  add(app.add_option("--priority", o.priority, "quality, speed, cost or balance (balance)")
          ->check(one_of({"quality", "speed", "cost", "balance"})),
      "GOAL");
  add(app.add_option("--min-context", o.min_context, "context that has to fit"), "TOKENS");
  add(app.add_option("--min-tok-s", o.min_tok_s, "tokens a second for each user")->check(above_zero()), "N");
  add(app.add_option("--budget-per-hour", o.budget, "most that the devices may cost")->check(above_zero()),
      "USD");
  add(app.add_option("--generation", o.generation, "qwen1, qwen1.5, qwen2, qwen2.5, qwen3, qwen3.5 ..."),
      "NAME");
  add(app.add_option("--top", o.count, "answers shown (10)")->check(CLI::Range(1, 200)), "N");
}

Wish wish_of(const RecommendOptions& o) {
  Wish wish;
  wish.edge = o.use == "edge";
  if (!o.use.empty() && !wish.edge) wish.use = catalog::parse_use_case(o.use);
  wish.priority = o.priority == "quality" ? Priority::quality
                  : o.priority == "speed" ? Priority::speed
                  : o.priority == "cost"  ? Priority::cost
                                          : Priority::balance;
  if (!o.min_context.empty()) {
    wish.min_context = units::parse_count(o.min_context);
    if (!wish.min_context || *wish.min_context < 1 || *wish.min_context > std::int64_t{1} << 40)
      throw Error(ErrorCode::invalid_value,
                  fmt::format("--min-context: '{}' is not a number of tokens", o.min_context));
  }
  if (o.min_tok_s > 0) wish.min_tok_s = o.min_tok_s;
  if (o.budget > 0) wish.budget_per_hour = o.budget;
  wish.generation = o.generation;
  return wish;
}

}  // namespace

int run_recommend(const std::vector<std::string>& args) {
  CLI::App app(
      "Which model, in which format, for a purpose on a device; with --generation alone, the guide to it.",
      "qwenfit recommend");
  Scenario scenario;
  CommonOptions common;
  RecommendOptions options;
  add_options(app, options);
  std::vector<std::string> words;  // --users is what people say for concurrency
  for (const std::string& word : args) {
    const bool users = word == "--users" || word.starts_with("--users=");
    words.push_back(users ? "--concurrency" + word.substr(7) : word);
  }
  add_scenario_options(app, words, scenario, {"model", "train", "explain"});
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(
      app, {{"An assistant for programming on a gaming card", "qwenfit recommend --for code -d rtx-4090"},
            {"The best answers that 16 users get at once",
             "qwenfit recommend --for chat -d h100 -e vllm --users 16 --priority quality --min-tok-s 20"},
            {"Long documents on a laptop",
             "qwenfit recommend --for long-context -d 'M3 Max 64GB' --min-context 64k"},
            {"On rented cards", "qwenfit recommend --for agents -e vllm --budget-per-hour 2.5"},
            {"The guide to the first generation", "qwenfit recommend --generation qwen1 --usd-per-hour 3"}});
  if (!parse(app, words)) return kAnswered;
  Wish wish = wish_of(options);
  if (!wish.min_context) wish.min_context = scenario.context ? scenario.context : scenario.require.context;
  if (!wish.budget_per_hour) apply_defaults(scenario);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::ignore, surroundings(catalog, common));
  if (options.use.empty() && !options.generation.empty()) {
    if (!scenario.devices.empty() || scenario.format || scenario.engine || scenario.context ||
        scenario.concurrency || scenario.require.any() || wish.min_context || wish.min_tok_s ||
        wish.budget_per_hour || app.count("--priority") > 0)
      throw Error(ErrorCode::usage,
                  "--generation alone is the guide to it, which takes --usd-per-hour only: --for makes it a "
                  "recommendation");
    print(report::render(report::guide_sections(guide(estimator, options.generation, scenario.usd_per_hour)),
                         common.form(), output_style()));
    return kAnswered;
  }
  const Recommendation answer = recommend(estimator, scenario, wish);
  print(
      report::render(report::recommendation_sections(answer, options.count), common.form(), output_style()));
  return answer.ranked.empty() ? kRequirementNotMet : kAnswered;
}

}  // namespace qwenfit::cli
