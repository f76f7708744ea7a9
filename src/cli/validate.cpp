// qwenfit validate memory|speed|finetune: the estimator against public measurements.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/measure.hpp"
#include "report/speed_scores.hpp"

namespace qwenfit::cli {
namespace {

using measure::Comparison;
using Groups = std::map<std::string, std::vector<const Comparison*>>;

/// "/memory/devices/3/kv_cache" and "/memory/devices/0/kv_cache" are one quantity.
std::string quantity_name(const std::string& pointer) {
  std::string name;
  std::size_t begin = pointer.starts_with("/") ? 1 : 0;
  while (begin <= pointer.size()) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string part = pointer.substr(begin, end - begin);
    const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (!index && part != "value") name += (name.empty() ? "" : ".") + part;
    begin = end + 1;
  }
  return name;
}

void print_scores(const Groups& groups, bool by_cell) {
  print(fmt::format("{:<48} {:>6} {:>6} {:>7} {:>7} {:>7} {:>6} {:>6} {:>6} {:>6}\n", "engine, quantity",
                    "rows", "cells", "bias", "median", "p90", "equal", "<=5%", "<=20%", "in 80%"));
  for (const auto& [name, group] : groups) {
    const measure::Score s = measure::score(group, by_cell);
    print(fmt::format(
        "{:<48} {:>6} {:>6} {:>+6.1f}% {:>6.1f}% {:>6.1f}% {:>5.1f}% {:>5.1f}% {:>5.1f}% {:>6}\n", name, s.n,
        s.cells, 100 * s.bias, 100 * s.median, 100 * s.p90, 100 * s.equal, 100 * s.within_5,
        100 * s.within_20, s.coverage ? fmt::format("{:.1f}%", 100 * *s.coverage) : "-"));
  }
}

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
                      100 * c.error(), c.row->id, quantity_name(c.quantity->name), c.estimated,
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

/// All groupings, or the one asked for.
void print_speed_scores(const measure::Outcome& outcome, const std::string& by, const CommonOptions& common) {
  for (const Grouping& g : kGroupings) {
    // Scripts get one table: that of the targets unless another is asked for.
    const bool one = !by.empty() || common.form() != report::Form::text;
    if (one && g.name != (by.empty() ? "target" : by)) continue;
    print(report::render(report::speed_scores_table(outcome, std::string(g.name), g.key), common.form(),
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
      ->check(CLI::IsMember({"memory", "speed", "finetune"}));
  app.add_option("--data", folder, "folder with measurements (*.jsonl)")->type_name("DIR");
  app.add_option("--failures", failures, "list the N worst figures with their sources")
      ->type_name("N")
      ->expected(0, 1)
      ->default_str("20");
  std::string by;
  app.add_option("--by", by, "speed: target, engine, vendor, class, concurrency or depth; none: all of them")
      ->type_name("GROUPING")
      ->check(CLI::IsMember({"target", "engine", "vendor", "class", "concurrency", "depth"}));
  app.add_flag("--json", common.json, "speed: the table as JSON");
  app.add_flag("--csv", common.csv, "speed: the table as CSV");
  app.add_flag("--markdown", common.markdown, "speed: the table as Markdown");
  app.add_flag("--by-row", by_row, "every row weighs the same, not every cell");
  bool rows = false;
  app.add_flag("--rows", rows, "speed: every compared figure, with its setup and source")
      ->excludes("--by", "--by-row", "--failures");
  app.add_option("--catalog", common.catalogs, "JSON file or folder with entries of your own")
      ->type_name("PATH");
  add_examples(app, {{"Memory, per engine and quantity", "qwenfit validate memory"},
                     {"Speed, with the rows that are farthest off", "qwenfit validate speed --failures 5"},
                     {"Every figure, for plots and scores of your own",
                      "qwenfit validate speed --rows --csv > speed.csv"}});
  if (!parse(app, args)) return kAnswered;
  if (app.count("--failures") > 0 && failures == 0) failures = 20;
  if (rows && kind != "speed")
    throw Error(ErrorCode::usage, fmt::format("--rows is for speed, not for {}", kind));

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
    if (common.form() != report::Form::text) return kAnswered;
    if (failures > 0) print_failures(outcome, failures);
    return kAnswered;
  }
  Groups groups;
  for (const Comparison& c : outcome.comparisons)
    groups[c.engine + " " + quantity_name(c.quantity->name)].push_back(&c);
  print_scores(groups, false);
  int skipped = 0;
  for (const auto& [reason, n] : outcome.skipped) skipped += n;
  print(fmt::format("\n{} figures compared, {} refused, {} rows left out\n", outcome.comparisons.size(),
                    outcome.refusals.size(), skipped));
  for (const auto& [reason, n] : outcome.skipped) print(fmt::format("  left out: {:>5}  {}\n", n, reason));
  std::map<std::string, int> refused;
  for (const measure::Refusal& r : outcome.refusals) ++refused[r.message];
  for (const auto& [message, n] : refused) print(fmt::format("  refused:  {:>5}  {}\n", n, message));
  if (failures > 0) print_failures(outcome, failures);
  return kAnswered;
}

}  // namespace qwenfit::cli
