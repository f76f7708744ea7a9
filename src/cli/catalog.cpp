// qwenfit catalog check|add PATH: entries of one's own, before they are used or from a model's files.
#include "qwenfit/catalog.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "catalog/nearest.hpp"
#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"
#include "report/knowledge.hpp"
#include "user_files.hpp"

namespace qwenfit::cli {
namespace {

int run_check(const std::string& path, const CommonOptions& common) {
  const std::vector<CheckedRecord> records = check_overlay(open_catalog(common), path);
  print(report::render(report::overlay_table(records), common.form(), output_style()));
  const bool good =
      std::all_of(records.begin(), records.end(), [](const CheckedRecord& r) { return r.problems.empty(); });
  return good ? kAnswered : kInputError;
}

/// Writes `text` under another name first, so that no reader ever meets half a file.
void write_whole(const std::string& path, const std::string& text, const CommonOptions& common) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::path(path).has_parent_path()) fs::create_directories(fs::path(path).parent_path(), error);
  const std::string unfinished = fmt::format("{}.{}.new", path, getpid());
  const auto fail = [&](const std::string& why) {
    fs::remove(unfinished, error);
    throw Error(ErrorCode::io, fmt::format("can't write {}: {}", path, why));
  };
  std::ofstream out(unfinished, std::ios::binary);
  out << text;
  out.close();
  if (!out) fail(std::strerror(errno));
  try {
    (void)check_overlay(catalog::Catalog::builtin(), unfinished);
    (void)open_catalog(common).with_overlay(unfinished);
  } catch (const Error&) {
    fs::remove(unfinished, error);
    throw;
  }
  fs::rename(unfinished, path, error);
  if (error) fail(error.message());
}

struct AddOptions {
  std::string id;
  std::string to;
  bool force = false;
};

int run_add(const std::string& path, const AddOptions& options, const CommonOptions& common) {
  const catalog::Catalog catalog = open_catalog(common);
  const auto local = input::open_model(catalog, path);
  const std::string entry = input::overlay_entry(catalog, *local, options.id, options.force);
  std::string to = options.to;
  if (to.empty()) {
    if (config_folder().empty())
      throw Error(ErrorCode::usage, "catalog add: there is no home folder to write to: --to FILE names one");
    to = fmt::format("{}/{}.json", config_folder(),
                     options.id.empty() ? local->model.id : catalog::Text(options.id));
  }
  std::error_code error;
  if (!options.force && std::filesystem::exists(to, error))
    throw Error(ErrorCode::usage, fmt::format("{} is there already: --force overwrites it", to));
  write_whole(to, entry, common);
  print(fmt::format("{}\n", to));
  return kAnswered;
}

}  // namespace

int run_catalog(const std::vector<std::string>& args) {
  CLI::App app("Entries of your own: models, devices, formats, engines in JSON, over those built in.",
               "qwenfit catalog");
  std::string action;
  std::string path;
  CommonOptions common;
  AddOptions add;
  app.add_option(
         "action", action,
         "check: what a file or folder adds and changes, and what is wrong with it; add: write an entry for "
         "the model at a path")
      ->required();
  app.add_option(
         "path", path,
         "check: a JSON file, or a folder of them; add: a GGUF file, a checkpoint's folder, a config.json")
      ->required();
  app.add_option("--id", add.id, "add: the id of the entry, else after the model's own name")
      ->type_name("NAME");
  app.add_option("--to", add.to, "add: the file to write, else ID.json in $XDG_CONFIG_HOME/qwenfit/")
      ->type_name("FILE");
  app.add_flag("--force", add.force, "add: overwrite the file, and the entry of this id");
  add_common_options(app, common);
  add_examples(
      app, {{"Is my file good?",
             "echo '{\"devices\": [{\"id\": \"rtx-4090\", \"tdp_w\": 350}]}' > my.json && qwenfit "
             "catalog check my.json"},
            {"Then use it", "qwenfit show rtx-4090 --catalog my.json"},
            {"A model of your own",
             "echo '{\"model_type\": \"qwen3\", \"hidden_size\": 1024, \"intermediate_size\": 3072, "
             "\"num_hidden_layers\": 30, \"num_attention_heads\": 16, \"num_key_value_heads\": 8, "
             "\"vocab_size\": 151936, \"tie_word_embeddings\": true}' > config.json && qwenfit catalog add "
             "config.json --id my-model --to my-model.json --force"}});
  if (!parse(app, args)) return kAnswered;
  if (action == "add") return run_add(path, add, common);
  if (action != "check")
    throw Error(ErrorCode::usage, fmt::format("catalog: unknown action '{}'{}", action,
                                              catalog::did_you_mean_of_few(action, {"check", "add"})));
  return run_check(path, common);
}

}  // namespace qwenfit::cli
