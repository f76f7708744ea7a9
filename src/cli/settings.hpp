// The user's settings: defaults for what the command line leaves open.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/error.hpp"
#include "qwenfit/scenario.hpp"

namespace qwenfit::cli {

struct Settings {
  std::string default_device;  ///< as --device takes it; empty: none
  std::string default_host;    ///< as --host takes it
  std::string units = "GiB";   ///< of memory in text and Markdown: "GiB" or "GB"
  std::string color = "auto";  ///< "auto", "always" or "never"
};

struct SettingKey {
  std::string_view key;
  std::string Settings::*member;
  std::string_view meaning;
  std::string_view choices;  ///< joined by commas; empty: any text
};
/// Every key, once: reading, showing and the schema's test walk this list.
std::span<const SettingKey> setting_keys();

/// config.json (data/schema/config.schema.json).
/// @throws Error(bad_input | unknown_key | invalid_value) naming `name`, the key and the nearest right thing.
Settings read_settings(std::string_view text, const std::string& name);

/// The settings of config.json, read once; the built-in ones where there is no such file.
/// @throws Error naming the file and the key.
const Settings& user_settings();

/// Where they are; empty without a home folder.
std::string settings_file();

/// Gives `scenario` the default device and host where it names none; a device named "none" is none.
void apply_defaults(Scenario& scenario);

/// " (default_device in FILE)" where an unknown device is named by a setting and not by the arguments; else
/// empty.
std::string setting_behind(const Error& error, const std::vector<std::string>& args);

}  // namespace qwenfit::cli
