// qwenfit sweep: a grid over scenario keys, streamed.
#include "qwenfit/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "estimate/scenario_fields.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

/// A larger grid is more likely a slip than a wish.
constexpr std::int64_t kLimit = 1'000'000;

/// Writes points as they come and counts those without an answer.
class Points {
 public:
  Points(const catalog::Catalog& catalog, const CommonOptions& common)
      : estimator_(catalog, ModelFiles::read, surroundings(catalog, common)),
        form_(common.form() == report::Form::text ? report::Form::csv : common.form()) {}

  void point(const Scenario& scenario, std::int64_t number, const std::string& error) {
    ++points_;
    try {
      if (!error.empty()) throw Error(ErrorCode::invalid_value, error);
      write(estimator_.estimate(scenario));
    } catch (const Error& e) {
      if (failed_++ == 0) reason_ = fmt::format("point {}: {}", number, e.what());
      if (form_ == report::Form::json) {
        std::string line;
        report::write_json_error(line, number, scenario, e.code(), e.what());
        print(line + "\n");
      }
    }
  }

  int finish() const {
    if (failed_ == 0) return kAnswered;
    complain(fmt::format("{} of {} points have no answer; {}", failed_, points_, reason_));
    return failed_ == points_ ? kInputError : kAnswered;
  }

 private:
  /// The row is made for scripts: in Markdown its keys are the titles and its values the text.
  static void label(report::Table& row) {
    for (report::Column& column : row.columns) column.title = column.key;
    for (report::Cell& cell : row.rows.front()) {
      if (const auto* text = std::get_if<std::string>(&cell.value)) cell.text = *text;
      else if (const auto* flag = std::get_if<bool>(&cell.value)) cell.text = *flag ? "true" : "false";
      else if (const auto* count = std::get_if<std::int64_t>(&cell.value))
        cell.text = units::format_grouped(*count);
      else if (const auto* figure = std::get_if<double>(&cell.value))
        cell.text = units::format_figure(*figure);
    }
  }

  void write(const Estimate& estimate) {
    std::string text;
    if (form_ == report::Form::json) {
      report::write_json(text, estimate);
      print(text + "\n");
      return;
    }
    report::Table row = report::estimate_row(estimate);
    if (form_ == report::Form::markdown) label(row);
    text = report::render(row, form_, {});
    // The header stands once.
    const int head = form_ == report::Form::markdown ? 2 : 1;
    std::size_t begin = 0;
    for (int i = 0; i < head && headed_; ++i) begin = text.find('\n', begin) + 1;
    headed_ = true;
    print(std::string_view(text).substr(begin));
  }

  Estimator estimator_;
  report::Form form_;
  bool headed_ = false;
  std::int64_t points_ = 0;
  std::int64_t failed_ = 0;
  std::string reason_;
};

/// The default device and host, where no axis is of them.
void add_default_axes(std::vector<SweepAxis>& axes) {
  Scenario defaults;
  apply_defaults(defaults);
  for (const char* key : {"device", "host"}) {
    const bool named =
        std::any_of(axes.begin(), axes.end(), [&](const SweepAxis& axis) { return axis.key == key; });
    const std::string value = field_text(defaults, scenario_field(key));
    if (!named && !value.empty()) axes.push_back({key, {value}});
  }
}

}  // namespace

int run_sweep(const std::vector<std::string>& args) {
  CLI::App app(
      "Estimates for every combination of values: lists (a,b), ranges that double (4k..128k) or step "
      "(8..32+8).",
      "qwenfit sweep");
  CommonOptions common;
  std::vector<SweepAxis> axes;
  std::int64_t limit = kLimit;
  std::string models;
  app.add_option("model", models, "models, joined by commas; --model does the same");
  add_sweep_options(app, args, axes);
  app.add_option("--limit", limit, "refuse a larger grid: 1,000,000")->type_name("POINTS");
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(
      app, {{"Longer contexts, more users: the curve of a deployment",
             "qwenfit sweep qwen3-32b -e vllm -f fp8 -d h100 --context 8k,32k --concurrency 1..64"},
            {"Models and formats on two cards",
             "qwenfit sweep --model qwen3-8b,qwen3-14b --format q4_k_m,q8_0 --device rtx-4090,rtx-3090 "
             "--markdown"},
            {"For a script, as JSON lines", "qwenfit sweep qwen3-8b -d rtx-4090 --context 4k..16k --json"}});
  if (!parse(app, args)) return kAnswered;
  if (!models.empty()) axes.insert(axes.begin(), {"model", sweep_values("model", models)});
  add_default_axes(axes);
  const std::int64_t size = sweep_size(axes);
  if (size > limit)
    throw Error(ErrorCode::usage,
                fmt::format("the grid has {} points, more than {}: narrow it or raise --limit",
                            units::format_grouped(size), units::format_grouped(limit)));
  const catalog::Catalog catalog = open_catalog(common);
  Points points(catalog, common);
  sweep({}, axes, [&](const Scenario& scenario, std::int64_t number, const std::string& error) {
    points.point(scenario, number, error);
  });
  return points.finish();
}

}  // namespace qwenfit::cli
