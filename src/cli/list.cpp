// qwenfit list models|devices|formats|engines [FILTER]
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "catalog/filter.hpp"
#include "catalog/nearest.hpp"
#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "report/knowledge.hpp"

namespace qwenfit::cli {
namespace {

const std::vector<std::string_view> kListed{"models", "devices", "formats", "engines"};

template <class T>
std::vector<const T*> filtered(const std::vector<const T*>& records, std::string_view what,
                               const std::string& filter) {
  std::vector<const T*> out;
  for (const T* record : records) {
    if (catalog::matches(*record, filter)) out.push_back(record);
  }
  if (out.empty())
    throw Error(ErrorCode::unknown_name, fmt::format("none of {} {} has '{}': `qwenfit list {}` shows all",
                                                     records.size(), what, filter, what));
  return out;
}

report::Table table_of(const catalog::Catalog& catalog, std::string_view kind, const std::string& filter) {
  if (kind == "devices") return report::devices_list(filtered(catalog.devices(), kind, filter));
  if (kind == "formats") return report::formats_list(filtered(catalog.formats(), kind, filter));
  if (kind == "engines") return report::engines_list(filtered(catalog.engines(), kind, filter));
  Estimator estimator(catalog);
  std::vector<report::ListedModel> models;
  for (const catalog::Model* model : filtered(catalog.models(), kind, filter)) {
    report::ListedModel listed{model, {}};
    if (model->arch != catalog::Arch::unknown) listed.counts = estimator.summary(*model);
    models.push_back(listed);
  }
  return report::models_list(models);
}

}  // namespace

int run_list(const std::vector<std::string>& args) {
  CLI::App app("What the catalog knows: models, devices, weight formats, engines.", "qwenfit list");
  std::string kind;
  std::vector<std::string> words;
  CommonOptions common;
  app.add_option("kind", kind, "models, devices, formats or engines")->required();
  app.add_option("filter", words, "words that all have to occur in a name, family, kind, class ...");
  add_common_options(app, common);
  add_examples(app, {{"All models", "qwenfit list models"},
                     {"Those for code, of the third generation", "qwenfit list models coder qwen3"},
                     {"Laptops with an NVIDIA GPU", "qwenfit list devices laptop nvidia"},
                     {"The formats of MLX, for a spreadsheet", "qwenfit list formats mlx --csv"},
                     {"Engines", "qwenfit list engines"}});
  if (!parse(app, args)) return kAnswered;
  if (std::find(kListed.begin(), kListed.end(), kind) == kListed.end())
    throw Error(ErrorCode::usage,
                fmt::format("can't list '{}'{}", kind, catalog::did_you_mean_of_few(kind, kListed)));
  const std::string filter = fmt::format("{}", fmt::join(words, " "));
  print(report::render(table_of(open_catalog(common), kind, filter), common.form(), output_style()));
  return kAnswered;
}

}  // namespace qwenfit::cli
