// qwenfit config: where the settings lie, and what holds.
#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "estimate/scenario_fields.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "report/table.hpp"
#include "settings.hpp"
#include "user_files.hpp"

namespace qwenfit::cli {

std::string settings_file() {
  const std::string folder = config_folder();
  return folder.empty() ? folder : folder + "/config.json";
}

const Settings& user_settings() {
  static const Settings settings = [] {
    const std::string path = settings_file();
    const auto text = path.empty() ? std::nullopt : read_user_file(path);
    return text ? read_settings(*text, path) : Settings();
  }();
  return settings;
}

void apply_defaults(Scenario& scenario) {
  const Settings& settings = user_settings();
  if (scenario.devices.empty() && !settings.default_device.empty())
    set_field_text(scenario, scenario_field("device"), settings.default_device);
  if (!scenario.host && !settings.default_host.empty())
    set_field_text(scenario, scenario_field("host"), settings.default_host);
  if (scenario.devices.size() == 1 && catalog::fold_name(scenario.devices.front().name) == "none")
    scenario.devices.clear();
}

std::string setting_behind(const Error& error, const std::vector<std::string>& args) {
  if (error.code() != ErrorCode::unknown_device) return "";
  const Settings& settings = user_settings();
  for (const SettingKey& key : setting_keys()) {
    const std::string& value = settings.*(key.member);
    if (value.empty() ||
        std::string_view(error.what()).find(fmt::format("'{}'", value)) == std::string::npos ||
        std::find(args.begin(), args.end(), value) != args.end())
      continue;
    return fmt::format(" ({} in {})", key.key, settings_file());
  }
  return "";
}

int run_config(const std::vector<std::string>& args) {
  CLI::App app(
      "Where your settings lie and what holds: a JSON file with defaults for what the command line leaves "
      "open.",
      "qwenfit config");
  CommonOptions common;
  add_common_options(app, common);
  add_examples(app,
               {{"What holds?", "qwenfit config"},
                {"Estimates for this machine unless another is named",
                 "mkdir -p settings/qwenfit && echo '{\"default_device\": \"auto\", \"units\": \"GB\"}' > "
                 "settings/qwenfit/config.json && XDG_CONFIG_HOME=$PWD/settings qwenfit config"}});
  if (!parse(app, args)) return kAnswered;
  const Settings& settings = user_settings();
  const Settings built_in;
  report::Table table;
  table.columns = {{"key", "Setting"},
                   {"value", "Value"},
                   {"changed", "", report::Align::left, false, -1},
                   {"meaning", "Meaning", report::Align::left, true, 1}};
  for (const SettingKey& key : setting_keys()) {
    const std::string& value = settings.*(key.member);
    const bool changed = value != built_in.*(key.member);
    std::string meaning(key.meaning);
    if (!key.choices.empty()) meaning += fmt::format(" ({})", key.choices);
    table.rows.push_back({report::Cell(std::string(key.key)),
                          value.empty() ? report::Cell("none", {}, report::Tone::dim)
                                        : report::Cell(report::printable(value), report::Value(value)),
                          report::Cell("", changed), report::Cell(std::move(meaning))});
  }
  const std::string path = settings_file();
  const bool there = !path.empty() && read_user_file(path).has_value();
  table.notes.push_back(path.empty() ? "Neither XDG_CONFIG_HOME nor HOME is set: there is no file to read."
                        : there
                            ? fmt::format("Read from {}.", report::printable(path))
                            : fmt::format("There is no {}: these are built in.", report::printable(path)));
  print(report::render(table, common.form(), output_style()));
  return kAnswered;
}

}  // namespace qwenfit::cli
