// qwenfit inspect PATH: what a model file or folder holds.
#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "report/file_card.hpp"

namespace qwenfit::cli {

int run_inspect(const std::vector<std::string>& args) {
  CLI::App app(
      "What a GGUF or safetensors file, an index of such files, a model's folder, its config.json, an "
      "adapter or "
      "a manifest of Ollama holds, which model it is, and what differs from the catalog's. Only headers are "
      "read.",
      "qwenfit inspect");
  std::string path;
  CommonOptions common;
  app.add_option("path", path, "file or folder")->required();
  add_common_options(app, common);
  add_examples(app, {{"A configuration alone",
                      "echo '{\"model_type\": \"qwen3\"}' > config.json && qwenfit inspect config.json"},
                     {"A checkpoint's folder",
                      "mkdir -p model && echo '{\"model_type\": \"qwen3\"}' > model/config.json && qwenfit "
                      "inspect model --json"}});
  if (!parse(app, args)) return kAnswered;
  const catalog::Catalog catalog = open_catalog(common);
  const input::ModelFile file = input::read_model(catalog, path);
  std::shared_ptr<const input::LocalModel> model;
  std::string why_not;
  try {
    model = input::model_of(catalog, path, file);
  } catch (const Error& e) {
    why_not = e.what();
    if (why_not.starts_with(path + ": ")) why_not.erase(0, path.size() + 2);
  }
  print(report::render(report::file_card(path, file, model.get(), why_not), common.form(), output_style()));
  return kAnswered;
}

}  // namespace qwenfit::cli
