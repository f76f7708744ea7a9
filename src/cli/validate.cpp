// qwenfit validate memory|speed|finetune: the estimator against public measurements.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/measure.hpp"
#include "report/scores.hpp"
#include "report/speed_scores.hpp"

namespace qwenfit::cli {
namespace {

using measure::Comparison;

void print_failures(const measure::Outcome& outcome, int most) {
  std::vector<const Comparison*> worst;
  for (const Comparison& c : outcome.comparisons) {
    if (!c.equal()) worst.push_back(&c);
  }
  std::stable_sort(worst.begin(), worst.end(), [](const Comparison* a, const Comparison* b) {
    return std::fabs(a->error()) > std::fabs(b->error());
  });
  print(fmt::format("\n{} figures differ from their source; the worst:\n", worst.size()));
  for (std::size_t i = 0; i < worst.size() && i < static_cast<std::size_t>(most); ++i) {
    const Comparison& c = *worst[i];
    print(fmt::format("  {:>+7.1f}%  {}  {}: estimated {:.6g}, measured {:.6g}\n            {}\n",
                      100 * c.error(), c.row->id, report::quantity_name(c.quantity->name), c.estimated,
                      c.quantity->value, c.row->source));
  }
}

struct Grouping {
  std::string_view name;
  std::string (*key)(const measure::SpeedTraits&);
};
constexpr std::array kGroupings{
    Grouping{"target", [](const measure::SpeedTraits& t) { return t.target; }},
    Grouping{"engine", [](const measure::SpeedTraits& t) { return t.engine; }},
    Grouping{"vendor", [](const measure::SpeedTraits& t) { return t.vendor; }},
    Grouping{"class", [](const measure::SpeedTraits& t) { return t.kind; }},
    Grouping{"concurrency", [](const measure::SpeedTraits& t) { return t.concurrency_bin(); }},
    Grouping{"depth", [](const measure::SpeedTraits& t) { return t.depth_bin(); }}};

/// Runs with drafted tokens are a table of their own: nobody states how many were kept.
constexpr Grouping kDrafted{"speculative", [](const measure::SpeedTraits& t) { return t.engine; }};

/// Those with drafted tokens, or the others.
measure::Outcome part_of(const measure::Outcome& outcome, bool drafted) {
  measure::Outcome part;
  std::copy_if(outcome.comparisons.begin(), outcome.comparisons.end(), std::back_inserter(part.comparisons),
               [&](const Comparison& c) { return (c.speed->target == kDrafted.name) == drafted; });
  return part;
}

/// All groupings, or the one asked for.
void print_speed_scores(const measure::Outcome& all, const std::string& by, const CommonOptions& common) {
  const measure::Outcome outcome = part_of(all, false);
  const measure::Outcome drafted = part_of(all, true);
  std::vector<std::pair<Grouping, const measure::Outcome*>> tables;
  for (const Grouping& g : kGroupings) tables.emplace_back(g, &outcome);
  tables.emplace_back(kDrafted, &drafted);
  for (const auto& [g, rows] : tables) {
    // Scripts get one table: that of the targets unless another is asked for.
    const bool one = !by.empty() || common.form() != report::Form::text;
    if (one && g.name != (by.empty() ? "target" : by)) continue;
    if (!one && rows->comparisons.empty()) continue;
    print(report::render(report::speed_scores_table(*rows, std::string(g.name), g.key), common.form(),
                         output_style()));
    if (!one) print("\n");
  }
}

}  // namespace

int run_validate(const std::vector<std::string>& args) {
  CLI::App app(
      "Compares the estimates with public measurements and prints the error per engine and quantity.",
      "qwenfit validate");
  std::string kind;
  std::string folder;
  int failures = 0;
  bool by_row = false;
  CommonOptions common;
  app.add_option("kind", kind, "memory, speed or finetune")
      ->required()
      ->check(one_of({"memory", "speed", "finetune"}));
  app.add_option("--data", folder, "folder with measurements (*.jsonl)")->type_name("DIR");
  app.add_option("--failures", failures, "list the N worst figures with their sources")
      ->type_name("N")
      ->expected(0, 1)
      ->default_str("20");
  std::string by;
  app.add_option("--by", by,
                 "speed: target, engine, vendor, class, concurrency, depth or speculative; none: all of them")
      ->type_name("GROUPING")
      ->check(one_of({"target", "engine", "vendor", "class", "concurrency", "depth", "speculative"}));
  app.add_flag("--by-row", by_row, "speed: every row weighs the same, not every cell");
  bool rows = false;
  app.add_flag("--rows", rows, "speed: every compared figure, with its setup and source")
      ->excludes("--by", "--by-row", "--failures");
  add_common_options(app, common);
  add_examples(app, {{"Memory, per engine and quantity", "qwenfit validate memory"},
                     {"For a script", "qwenfit validate finetune --json"},
                     {"Speed, with the rows that are farthest off", "qwenfit validate speed --failures 5"},
                     {"Every figure, for plots and scores of your own",
                      "qwenfit validate speed --rows --csv > speed.csv"}});
  if (!parse(app, args)) return kAnswered;
  if (app.count("--failures") > 0 && failures == 0) failures = 20;
  if (rows && kind != "speed")
    throw Error(ErrorCode::usage, fmt::format("--rows is for speed, not for {}", kind));
  if (!by.empty() && (kind != "speed" || by_row))
    throw Error(ErrorCode::usage,
                fmt::format("--by groups the scores of speed{}: {} has them per engine and quantity",
                            by_row ? " without --by-row" : "", kind));
  if (failures > 0 && common.form() != report::Form::text)
    throw Error(ErrorCode::usage,
                "--failures is a list for people: it goes without --json, --csv and --markdown");

  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog);
  const std::vector<measure::File> files =
      measure::read_measurements(folder.empty() ? measure::default_folder() : folder, kind);
  const measure::Outcome outcome = measure::compare(estimator, files);
  if (rows) {
    print(report::render(report::speed_rows_table(outcome), common.form(), output_style()));
    return kAnswered;
  }
  if (kind == "speed" && !by_row) {
    print_speed_scores(outcome, by, common);
    if (failures > 0) print_failures(outcome, failures);
    return kAnswered;
  }
  print(report::render(report::scores_table(outcome), common.form(), output_style()));
  if (failures > 0) print_failures(outcome, failures);
  return kAnswered;
}

}  // namespace qwenfit::cli
