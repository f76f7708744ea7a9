// qwenfit compare A B ...: models, or formats, devices or engines of one model, side by side.
#include "qwenfit/compare.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "report/advice.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

/// More columns than this nobody can read.
constexpr std::size_t kMostColumns = 12;

struct Sides {
  std::vector<std::string> models, formats, devices, engines;
};

/// A device, engine or format in the place of a model: the option that compares those.
void check_models(const catalog::Catalog& catalog, const std::vector<std::string>& models) {
  const auto known = [](auto&& find) {
    try {
      find();
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  for (const std::string& name : models) {
    if (known([&] { catalog.find_model(name); })) continue;
    const char* what = known([&] { catalog.find_device(name); })   ? "device"
                       : known([&] { catalog.find_engine(name); }) ? "engine"
                       : known([&] { catalog.find_format(name); }) ? "format"
                                                                   : nullptr;
    if (what)
      throw Error(ErrorCode::usage,
                  fmt::format("'{}' is no model: {}s are compared for one, as in `qwenfit compare qwen3-8b "
                              "--{}s {},...`",
                              name, what, what, name));
  }
}

/// What varies becomes the columns; the rest of the scenario stays.
std::vector<Scenario> vary(const Scenario& scenario, const Sides& sides, std::vector<std::string>& names) {
  const int varied = (sides.models.size() > 1 ? 1 : 0) + (sides.formats.empty() ? 0 : 1) +
                     (sides.devices.empty() ? 0 : 1) + (sides.engines.empty() ? 0 : 1);
  if (varied != 1)
    throw Error(
        ErrorCode::usage,
        "compare takes two models or more, or one model with one of --formats, --devices and --engines");
  const auto only_one = [](const std::vector<std::string>& varied_values, bool given, const char* plural,
                           const char* singular) {
    if (!varied_values.empty() && given)
      throw Error(ErrorCode::usage, fmt::format("{} has what is compared: leave {} out", plural, singular));
  };
  only_one(sides.formats, scenario.format.has_value(), "--formats", "--format");
  only_one(sides.devices, !scenario.devices.empty(), "--devices", "--device");
  only_one(sides.engines, scenario.engine.has_value(), "--engines", "--engine");
  std::vector<Scenario> out;
  const auto add = [&](const std::string& name, auto&& change) {
    names.push_back(name);
    out.push_back(scenario);
    out.back().model = sides.models.front();
    change(out.back());
  };
  for (const auto& f : sides.formats) add(f, [&](Scenario& s) { s.format = f; });
  for (const auto& d : sides.devices) add(d, [&](Scenario& s) { s.devices = {{d, 1}}; });
  for (const auto& e : sides.engines) add(e, [&](Scenario& s) { s.engine = e; });
  if (out.empty()) {
    for (const auto& m : sides.models) add(m, [&](Scenario& s) { s.model = m; });
  }
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name)
      throw Error(ErrorCode::usage, fmt::format("'{}' stands twice in what is compared", *name));
  }
  if (out.size() < 2) throw Error(ErrorCode::usage, "compare needs two or more to compare");
  if (out.size() > kMostColumns)
    throw Error(ErrorCode::usage, fmt::format("compare takes at most {}", kMostColumns));
  return out;
}

}  // namespace

int run_compare(const std::vector<std::string>& args) {
  CLI::App app("Models side by side, or formats, devices or engines of one model.", "qwenfit compare");
  Scenario scenario;
  CommonOptions common;
  Sides sides;
  app.add_option("model", sides.models,
                 "catalog ids, Hugging Face ids, Ollama tags, GGUF file names or paths")
      ->required();
  app.add_option("--formats", sides.formats, "weight formats to compare, joined by commas")->delimiter(',');
  app.add_option("--devices", sides.devices, "devices to compare, joined by commas")->delimiter(',');
  app.add_option("--engines", sides.engines, "engines to compare, joined by commas")->delimiter(',');
  add_scenario_options(app, args, scenario, {"model", "train", "explain"});
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(app,
               {{"Two small models of two generations", "qwenfit compare qwen2.5-0.5b-instruct qwen3-0.6b"},
                {"On a device", "qwenfit compare qwen3-14b qwen3-30b-a3b -d rtx-4090"},
                {"Formats of one model", "qwenfit compare qwen3-8b --formats q4_k_m,q8_0 -d 'RTX 3060 12GB'"},
                {"Devices", "qwenfit compare qwen3-32b --devices rtx-5090,l40s,h100"}});
  if (!parse(app, args)) return kAnswered;
  if (sides.devices.empty()) apply_defaults(scenario);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::read, surroundings(catalog, common));
  check_models(catalog, sides.models);
  std::vector<std::string> names;
  const std::vector<Scenario> scenarios = vary(scenario, sides, names);
  const Comparison comparison = compare(estimator, scenarios, names);
  print(report::render(report::comparison_sections(comparison), common.form(), output_style()));
  const bool none = std::none_of(comparison.columns.begin(), comparison.columns.end(),
                                 [](const Compared& c) { return c.unmet.empty(); });
  return none ? kRequirementNotMet : kAnswered;
}

}  // namespace qwenfit::cli
