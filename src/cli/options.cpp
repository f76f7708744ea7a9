#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "catalog/nearest.hpp"
#include "estimate/scenario_fields.hpp"
#include "help.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/units.hpp"
#include "settings.hpp"
#include "user_files.hpp"

namespace qwenfit::cli {
namespace {

const char* group_title(Group group) {
  switch (group) {
    case Group::what: return "Model and engine";
    case Group::device: return "Devices";
    case Group::work: return "Work";
    case Group::llama: return "llama.cpp";
    case Group::serving: return "Serving engines";
    case Group::answer: return "Answer";
  }
  return "";
}

bool is_flag(const Field& field) {
  return field.value.empty();
}

/// The spellings of a field: "-c,--context" -> -c and --context; "!--no-x" sets it to false.
std::vector<std::string_view> spellings(const Field& field) {
  std::vector<std::string_view> out;
  for (std::string_view rest = field.option; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    std::string_view name = rest.substr(0, comma);
    if (name.starts_with('!')) name.remove_prefix(1);
    out.push_back(name);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return out;
}

/// Whether `args` may use the field. CLI11 compares every new option with all before it, which for our
/// many would take longer than an estimate: only those that occur are added, all for the help.
bool occurs(const Field& field, const std::vector<std::string>& args) {
  const auto names = spellings(field);
  return std::any_of(args.begin(), args.end(), [&](const std::string& arg) {
    if (arg == "--help" || arg == "-h") return true;
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      // "-c8192" is one word too.
      return arg.starts_with(name) &&
             (name.size() == 2 || arg.size() == name.size() || arg[name.size()] == '=');
    });
  });
}

/// "quants" of "qwenfit quants".
std::string command_name(const CLI::App& app) {
  const std::string& name = app.get_name();
  return name.substr(name.find_last_of(' ') + 1);
}

/// The word of `args` that is an option's name, if one is.
const std::string* word_of(const Field& field, const std::vector<std::string>& args) {
  const auto names = spellings(field);
  for (const std::string& arg : args) {
    const std::string_view name = std::string_view(arg).substr(0, arg.find('='));
    if (std::find(names.begin(), names.end(), name) != names.end()) return &arg;
  }
  return nullptr;
}

void refuse(const Field& field, const std::vector<std::string>& args, const CLI::App& app,
            std::string_view why) {
  if (const std::string* word = word_of(field, args))
    throw Error(ErrorCode::usage,
                fmt::format("{} takes no {}: {}", command_name(app), word->substr(0, word->find('=')), why));
}

std::string unknown_option(const CLI::App& app, const std::string& typed) {
  const std::string word = typed.substr(0, typed.find('='));
  for (const Field& field : scenario_fields()) {
    if (word_of(field, {word})) return fmt::format("{} takes no {}", command_name(app), word);
  }
  // Of one letter every other is as near.
  if (!word.starts_with("--")) return fmt::format("unknown option '{}'", typed);
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const Field& field : scenario_fields()) {
    for (const std::string_view name : spellings(field)) {
      if (name.starts_with("--")) names.emplace_back(name);
    }
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  return fmt::format("unknown option '{}'{}", typed, catalog::did_you_mean(word, known));
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options) {
  options.reports = true;
  auto* json = app.add_flag("--json", options.json, "JSON, as the contract has it")->group("Output");
  auto* csv = app.add_flag("--csv", options.csv, "CSV with a header line")->group("Output")->excludes(json);
  app.add_flag("--markdown", options.markdown, "a Markdown table")
      ->group("Output")
      ->excludes(json)
      ->excludes(csv);
  app.add_option("--catalog", options.catalogs, "JSON file or folder with entries of your own")
      ->type_name("PATH")
      ->group("Output");
}

void add_calibration_option(CLI::App& app, CommonOptions& options) {
  app.add_flag("--calibration,!--no-calibration", options.calibration,
               "correct speeds by your own measurements (on; `qwenfit calibrate list` shows them)")
      ->group("Answer");
}

void add_scenario_options(CLI::App& app, const std::vector<std::string>& args, Scenario& scenario,
                          const std::vector<NotTaken>& not_taken) {
  for (const Field& field : scenario_fields()) {
    if (!occurs(field, args)) continue;
    const auto not_this = std::find_if(not_taken.begin(), not_taken.end(),
                                       [&](const NotTaken& n) { return n.key == field.key; });
    if (not_this != not_taken.end()) {
      if (!not_this->why.empty()) refuse(field, args, app, not_this->why);
      continue;
    }
    CLI::Option* option = nullptr;
    if (is_flag(field)) {
      option = app.add_flag_function(
          std::string(field.option),
          [&scenario, &field](std::int64_t n) { set_field_text(scenario, field, n > 0 ? "true" : "false"); },
          std::string(field.help));
    } else {
      option = app.add_option_function<std::vector<std::string>>(
          std::string(field.option),
          [&scenario, &field](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) set_field_text(scenario, field, text);
          },
          std::string(field.help));
      option->type_name(std::string(field.value))->expected(1)->take_all();
    }
    option->group(group_title(field.group));
  }
}

void add_sweep_options(CLI::App& app, const std::vector<std::string>& args, std::vector<SweepAxis>& axes) {
  axes.clear();
  app.add_option_function<std::vector<std::string>>(
         "--model",
         [&axes](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) axes.push_back({"model", sweep_values("model", text)});
         },
         "models, joined by commas")
      ->expected(1);
  for (const Field& field : scenario_fields()) {
    if (!occurs(field, args) || field.key == "model" || field.key == "explain") continue;
    // "fits,decode=25" is one value.
    const auto* shape = std::get_if<Shape>(&field.member);
    const bool whole =
        (shape && *shape != Shape::devices && *shape != Shape::method) || field.key == "tensor_split";
    CLI::Option* option = app.add_option_function<std::vector<std::string>>(
        std::string(field.option.substr(0, field.option.find(",!"))),
        [&axes, &field, whole](const std::vector<std::string>& texts) {
          SweepAxis axis{std::string(field.key), {}};
          for (const std::string& text : texts) {
            if (whole) axis.values.push_back(text);
            else
              for (std::string& value : sweep_values(field.key, text))
                axis.values.push_back(std::move(value));
          }
          axes.push_back(std::move(axis));
        },
        std::string(field.help));
    option->type_name("VALUES")->expected(1)->take_all()->group(group_title(field.group));
  }
}

bool parse(CLI::App& app, const std::vector<std::string>& args) {
  app.allow_windows_style_options(false);
  // Options that may come several times take one value each time: the word behind it is another
  // ("compare -d rtx-4090 qwen3-8b qwen3-14b").
  for (CLI::Option* option : app.get_options()) {
    if (option->get_positional()) continue;
    if (option->get_expected_max() > 1) option->expected(1)->take_all();
    option->allow_extra_args(false);
  }
  std::vector<std::string> reversed(args.rbegin(), args.rend());
  try {
    app.parse(reversed);
    return true;
  } catch (const CLI::CallForHelp&) {
    print(requested_help(app, output_style()));
    return false;
  } catch (const CLI::ExtrasError&) {
    const auto extras = app.remaining();
    for (const std::string& word : extras) {
      if (word.starts_with("-")) throw Error(ErrorCode::usage, unknown_option(app, word));
    }
    throw Error(ErrorCode::usage, fmt::format("unexpected word '{}'", extras.empty() ? "" : extras.front()));
  } catch (const CLI::RequiredError& e) {
    throw Error(ErrorCode::usage, fmt::format("{}: `{} --help` has examples", e.what(), app.get_name()));
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string what = e.what();
    throw Error(ErrorCode::usage, fmt::format("{} needs a value", what.substr(0, what.find(':'))));
  } catch (const CLI::ConversionError& e) {
    // "Could not convert: --rank = 1e9"; all others have checks of their own
    const std::string what = e.what();
    const auto name = what.find("--"), value = what.find(" = ");
    if (name == std::string::npos || value == std::string::npos || value < name)
      throw Error(ErrorCode::usage, what);
    throw Error(ErrorCode::usage, fmt::format("{}: '{}' is not a whole number",
                                              what.substr(name, value - name), what.substr(value + 3)));
  } catch (const CLI::ParseError& e) {
    throw Error(ErrorCode::usage, e.what());
  }
}

catalog::Catalog open_catalog(const CommonOptions& options) {
  namespace fs = std::filesystem;
  catalog::Catalog catalog = catalog::Catalog::builtin();
  // Sentences go into JSON too: there they stay as they are.
  const bool people =
      options.reports && (options.form() == report::Form::text || options.form() == report::Form::markdown);
  if (const Settings& settings = user_settings(); people && settings.units == "GB")
    units::write_sizes_in(units::SizeUnits::decimal);
  const std::string config = config_folder();
  std::error_code error;
  if (!config.empty() && fs::is_directory(config, error)) catalog = catalog.with_overlay(config);
  if (const char* path = std::getenv("QWENFIT_CATALOG"); path && *path) catalog = catalog.with_overlay(path);
  for (const std::string& path : options.catalogs) catalog = catalog.with_overlay(path);
  return catalog;
}

CLI::Validator one_of(std::vector<std::string> words) {
  CLI::Validator validator = CLI::IsMember(words);  // for what it says of itself in the help
  validator.operation([words = std::move(words)](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return "";
    return fmt::format("'{}': it is one of {}", text,
                       catalog::alternatives({words.begin(), words.end()}, words.size()));
  });
  return validator;
}

CLI::Validator above_zero() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        const auto number = units::parse_number(text);
        return number && *number > 0 ? "" : fmt::format("'{}' is not a number above 0", text);
      },
      "");
}

}  // namespace qwenfit::cli
