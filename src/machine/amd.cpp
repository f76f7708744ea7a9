// AMD's cards, from rocm-smi's JSON, and their names from libdrm's list.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

using nlohmann::json;

/// The text under one of these keys, whatever its case: ROCm 5 writes "Card series", ROCm 6 "Card Series".
std::string text_of(const json& card, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    for (const auto& [name, value] : card.items()) {
      if (value.is_string() && lower(name) == lower(key)) return value.get<std::string>();
    }
  }
  return "";
}

bool is_number(std::string_view text) {
  return text.empty() || text.starts_with("0x") || text == "N/A";
}

}  // namespace

std::vector<Gpu> parse_rocm_smi(std::string_view text) {
  std::vector<Gpu> gpus;
  // Warnings come first.
  const auto begin = text.find('{');
  if (begin == std::string_view::npos) return gpus;
  const json root = json::parse(std::string(text.substr(begin)), nullptr, false);
  if (!root.is_object()) return gpus;
  std::vector<std::pair<std::int64_t, const json*>> cards;
  for (const auto& [key, card] : root.items()) {
    if (!card.is_object() || !key.starts_with("card")) continue;
    if (const auto number = leading_number(std::string_view(key).substr(4)))
      cards.emplace_back(*number, &card);
  }
  std::sort(cards.begin(), cards.end());
  for (const auto& [number, card] : cards) {
    Gpu gpu;
    gpu.source = "rocm-smi";
    gpu.vendor = catalog::Vendor::amd;
    gpu.name = text_of(*card, {"Card Series"});
    if (is_number(gpu.name)) gpu.name = text_of(*card, {"Card Model"});
    if (is_number(gpu.name)) gpu.name.clear();
    gpu.bus = lower(text_of(*card, {"PCI Bus"}));
    gpu.memory = leading_number(text_of(*card, {"VRAM Total Memory (B)"}));
    const auto used = leading_number(text_of(*card, {"VRAM Total Used Memory (B)"}));
    if (gpu.memory && used) gpu.free = std::max<Bytes>(0, *gpu.memory - *used);
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

std::string name_in_amdgpu_ids(std::string_view ids, std::int64_t device, std::int64_t revision) {
  for (const std::string_view line : split(ids, '\n')) {
    if (line.starts_with('#')) continue;
    const auto parts = split(line, ',');
    if (parts.size() < 3 || leading_number(parts[0], 16) != device ||
        leading_number(parts[1], 16) != revision)
      continue;
    return std::string(trimmed(line.substr(static_cast<std::size_t>(parts[2].data() - line.data()))));
  }
  return "";
}

}  // namespace qwenfit::machine
