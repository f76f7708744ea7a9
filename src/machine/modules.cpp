// Memory modules, from the firmware's tables as dmidecode and udev tell them.
#include <algorithm>
#include <set>

#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

constexpr std::size_t kMostModules = 1024;

/// "16 GB", "16384 MB", "2 TB": binary units, whatever they are called. Empty slots say "No Module
/// Installed".
Bytes size_of(std::string_view text) {
  const auto number = leading_number(text);
  if (!number) return 0;
  for (const auto& [unit, bytes] :
       {std::pair{" TB", units::kGiB * 1024}, {" GB", units::kGiB}, {" MB", units::kMiB}}) {
    if (text.ends_with(unit)) return scaled(number, bytes).value_or(0);
  }
  return 0;
}

/// What names the channel in "P0 CHANNEL A", "ChannelA-DIMM0", "CPU1_DIMM_C2", "DIMM_A1": up to and with the
/// letter, so that both slots of a channel give the same.
std::string channel_of(std::string_view bank, std::string_view slot) {
  for (const std::string_view place : {bank, slot}) {
    const std::string text = lower(place);
    if (const auto at = text.find("channel"); at != std::string::npos) {
      std::size_t end = at + 7;
      while (end < text.size() && (text[end] == ' ' || text[end] == '_' || text[end] == '-')) ++end;
      if (end < text.size()) return text.substr(0, end + 1);
    }
  }
  const std::string text = lower(slot);
  if (const auto at = text.find("dimm"); at != std::string::npos) {
    std::size_t end = at + 4;
    while (end < text.size() && (text[end] == ' ' || text[end] == '_')) ++end;
    const bool letter = end < text.size() && text[end] >= 'a' && text[end] <= 'z';
    if (letter)
      return std::string(lower(bank).starts_with("p") ? lower(bank).substr(0, 2) : "") +
             text.substr(0, end + 1);
  }
  return "";
}

/// A place for a module, as the firmware's table has it.
struct Place {
  Module module;
  std::string bank, slot;
};

/// Takes one line of a table: the keys of dmidecode and those of udev, which has sizes in bytes.
void read_line(Place& place, std::string_view key, std::string_view value) {
  Module& module = place.module;
  const auto small = [&] {
    return static_cast<int>(std::min<std::int64_t>(leading_number(value).value_or(0), 1'000'000));
  };
  if (key == "Size") module.size = size_of(value);
  else if (key == "SIZE") module.size = leading_number(value).value_or(0);
  else if (key == "Type" || key == "TYPE")
    module.type = value.starts_with('<') ? "" : value;  // <OUT OF SPEC>
  else if (key == "Data Width" || key == "DATA_WIDTH") module.width_bits = small();
  else if (key == "Locator" || key == "LOCATOR") place.slot = value;
  else if (key == "Bank Locator" || key == "BANK_LOCATOR") place.bank = value;
  else if (key == "Configured Memory Speed" || key == "Configured Clock Speed" ||
           key == "CONFIGURED_SPEED_MTS") {
    if (small() > 0) module.mega_transfers = small();
  } else if ((key == "Speed" || key == "SPEED_MTS") && module.mega_transfers == 0) {
    module.mega_transfers = small();
  }
}

/// Those that hold a module.
std::vector<Module> modules_in(const std::vector<Place>& places) {
  std::vector<Module> modules;
  for (const Place& place : places) {
    if (place.module.size <= 0) continue;
    modules.push_back(place.module);
    modules.back().channel = channel_of(place.bank, place.slot);
  }
  return modules;
}

}  // namespace

std::vector<Module> parse_dmidecode(std::string_view text) {
  std::vector<Place> places;
  bool inside = false;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with('\t')) {
      if (line.starts_with("Handle ")) inside = false;
      else if (trimmed(line) == "Memory Device" && places.size() < kMostModules) {
        inside = true;
        places.emplace_back();
      }
      continue;
    }
    if (!inside) continue;
    const auto [key, value] = key_value(line, ':');
    read_line(places.back(), key, value);
  }
  return modules_in(places);
}

std::vector<Module> parse_udev_dmi(std::string_view text) {
  constexpr std::string_view kStart = "E:MEMORY_DEVICE_";
  std::vector<Place> places;
  for (std::string_view line : split(text, '\n')) {
    if (!line.starts_with(kStart)) continue;
    line.remove_prefix(kStart.size());
    const auto number = static_cast<std::size_t>(leading_number(line).value_or(kMostModules));
    const auto bar = line.find('_');
    if (number >= kMostModules || bar == std::string_view::npos) continue;
    if (places.size() <= number) places.resize(number + 1);
    const auto [key, value] = key_value(line.substr(bar + 1), '=');
    read_line(places[number], key, value);
  }
  return modules_in(places);
}

std::optional<double> bandwidth_of(const std::vector<Module>& modules) {
  if (modules.empty()) return std::nullopt;
  std::set<std::string> channels;
  int slowest = modules.front().mega_transfers;
  const int width = modules.front().width_bits;
  for (const Module& m : modules) {
    slowest = std::min(slowest, m.mega_transfers);
    if (m.channel.empty() && modules.size() > 2) return std::nullopt;
    if (m.width_bits != width) return std::nullopt;
    channels.insert(m.channel);
  }
  // Two modules are on two channels, as every manual asks for.
  const std::size_t count = modules.size() <= 2 ? modules.size() : channels.size();
  if (slowest <= 0 || width <= 0 || width > 256) return std::nullopt;
  return static_cast<double>(count) * width / 8 * slowest / 1e3;
}

}  // namespace qwenfit::machine
