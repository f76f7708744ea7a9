#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "catalog/nearest.hpp"
#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::cli {
namespace {

constexpr std::size_t kLongest = 256;

constexpr std::array kKeys{
    SettingKey{"default_device", &Settings::default_device,
               "device of commands that are given none: a name as --device takes it, auto for this machine",
               ""},
    SettingKey{"default_host", &Settings::default_host,
               "host memory of commands that are given none, as --host", ""},
    SettingKey{"units", &Settings::units, "of memory in text and Markdown; JSON and CSV have bytes",
               "GiB,GB"},
    SettingKey{"color", &Settings::color, "of text on terminals", "auto,always,never"}};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    out.push_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

std::string checked(const SettingKey& key, const nlohmann::json& value, const std::string& where) {
  if (!value.is_string()) throw Error(ErrorCode::invalid_value, where + " is not a text");
  std::string text = value.get<std::string>();
  if (text.size() > kLongest) throw Error(ErrorCode::invalid_value, where + " is longer than any name");
  const std::vector<std::string_view> choices = split(key.choices);
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end())
    throw Error(ErrorCode::invalid_value, fmt::format("{}: unknown value '{}'{}", where, text,
                                                      catalog::did_you_mean_of_few(text, choices)));
  // Whether such a device is known depends on the catalog; how one is written does not.
  Scenario scenario;
  if (!text.empty() && key.key == "default_device") set_field_text(scenario, scenario_field("device"), text);
  if (!text.empty() && key.key == "default_host") set_field_text(scenario, scenario_field("host"), text);
  return text;
}

}  // namespace

std::span<const SettingKey> setting_keys() {
  return kKeys;
}

Settings read_settings(std::string_view text, const std::string& name) {
  nlohmann::json object;
  try {
    object = parse_json(text);
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("{}: {}", name, e.what()));
  }
  if (!object.is_object()) throw Error(ErrorCode::bad_input, fmt::format("{}: is not an object", name));
  Settings settings;
  std::vector<std::string_view> known;
  for (const SettingKey& key : kKeys) known.push_back(key.key);
  for (const auto& [key, value] : object.items()) {
    if (key == "$schema") continue;
    const auto* const it =
        std::find_if(kKeys.begin(), kKeys.end(),
                     [&, k = std::string_view(key)](const SettingKey& s) { return s.key == k; });
    if (it == kKeys.end())
      throw Error(ErrorCode::unknown_key,
                  fmt::format("{}: unknown key '{}'{}", name, key, catalog::did_you_mean_of_few(key, known)));
    const std::string where = fmt::format("{}: {}", name, key);
    try {
      settings.*(it->member) = checked(*it, value, where);
    } catch (const Error& e) {
      const std::string what = e.what();
      throw Error(e.code(), what.starts_with(name) ? what : fmt::format("{}: {}", where, what));
    }
  }
  return settings;
}

}  // namespace qwenfit::cli
