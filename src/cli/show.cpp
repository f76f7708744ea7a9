// qwenfit show NAME: the card of a model, device, format or engine.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/nearest.hpp"
#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"
#include "report/knowledge.hpp"

namespace qwenfit::cli {
namespace {

using report::Card;

const std::vector<std::string_view> kKinds{"model", "device", "format", "engine"};

Card model(const catalog::Catalog& catalog, const std::string& name) {
  const catalog::ModelMatch match = catalog.find_model(name);
  Estimator estimator(catalog);
  return report::model_card(*match.model, match.variant, model_facts(estimator, *match.model),
                            family(estimator, *match.model), derivatives(catalog, *match.model),
                            downloads(catalog, *match.model, match.variant));
}

Card card_of_kind(const catalog::Catalog& catalog, std::string_view kind, const std::string& name) {
  if (kind == "engine") return report::engine_card(catalog.find_engine(name));
  if (kind == "format") return report::format_card(catalog.find_format(name));
  if (kind == "device") return report::device_card(*catalog.find_device(name).device);
  return model(catalog, name);
}

/// The first kind that has the name; engines and formats, whose names are exact, come first.
Card card_of(const catalog::Catalog& catalog, const std::string& name) {
  std::vector<Error> near_misses;
  for (const std::string_view kind : {"engine", "format", "model", "device"}) {
    try {
      return card_of_kind(catalog, kind, name);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unknown_name && e.code() != ErrorCode::unknown_device) throw;
      if (std::string_view(e.what()).find("did you mean") != std::string_view::npos) near_misses.push_back(e);
    }
  }
  if (near_misses.empty())
    throw Error(ErrorCode::unknown_name,
                fmt::format("nothing is called '{}': `qwenfit list models`, devices, formats or engines has "
                            "what is known",
                            name));
  if (near_misses.size() == 1) throw Error(near_misses.front());
  std::string all;
  for (const Error& miss : near_misses) all += fmt::format("{}{}", all.empty() ? "" : "; ", miss.what());
  throw Error(ErrorCode::unknown_name, all);
}

}  // namespace

int run_show(const std::vector<std::string>& args) {
  CLI::App app("What the catalog knows of a model, device, weight format or engine, with its sources.",
               "qwenfit show");
  std::string name;
  std::string kind;
  CommonOptions common;
  app.add_option("name", name, "any name that people use for it")->required();
  app.add_option("--kind", kind, "model, device, format or engine, when the name could be several")
      ->type_name("KIND");
  add_common_options(app, common);
  add_examples(app, {{"A model", "qwenfit show qwen2.5-0.5b"},
                     {"By its tag", "qwenfit show qwen3:30b-a3b --markdown"},
                     {"A device", "qwenfit show rtx-4090"},
                     {"A weight format", "qwenfit show q4_k_m --json"},
                     {"An engine and its constants", "qwenfit show vllm"}});
  if (!parse(app, args)) return kAnswered;
  if (!kind.empty() && std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end())
    throw Error(ErrorCode::usage,
                fmt::format("--kind: '{}'{}", kind, catalog::did_you_mean_of_few(kind, kKinds)));
  const catalog::Catalog catalog = open_catalog(common);
  if (input::is_path(catalog, name))
    throw Error(ErrorCode::usage, fmt::format("'{}' is a path: `qwenfit inspect` tells what is there", name));
  print(report::render(kind.empty() ? card_of(catalog, name) : card_of_kind(catalog, kind, name),
                       common.form(), output_style()));
  return kAnswered;
}

}  // namespace qwenfit::cli
