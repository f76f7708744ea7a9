// NVIDIA's cards, from nvidia-smi's CSV and list.
#include <algorithm>

#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

constexpr std::size_t kMostCards = 1024;
constexpr std::size_t kMostSlices = 64;
constexpr std::size_t kMostMessages = 3;
constexpr std::size_t kLongestMessage = 200;

void add_message(std::string_view line, std::vector<std::string>& messages) {
  line = trimmed(line);
  if (line.ends_with('.')) line.remove_suffix(1);
  if (!line.empty() && messages.size() < kMostMessages)
    messages.emplace_back(line.substr(0, kLongestMessage));
}

/// "24564 MiB", or a plain number under a header that says MiB.
std::optional<Bytes> mebibytes(std::string_view cell) {
  return scaled(leading_number(cell), units::kMiB);
}

}  // namespace

NvidiaCards parse_nvidia_smi(std::string_view text) {
  NvidiaCards out;
  std::vector<Gpu>& gpus = out.gpus;
  std::vector<std::string_view> keys;
  for (const std::string_view line : split(text, '\n')) {
    if (gpus.size() == kMostCards) break;
    std::vector<std::string_view> cells = split(line, ',');
    for (std::string_view& cell : cells) cell = trimmed(cell);
    if (keys.empty()) {
      // What stands before the header is a warning of the driver's.
      if (std::find(cells.begin(), cells.end(), "name") != cells.end()) keys = cells;
      else add_message(line, out.messages);
      continue;
    }
    if (cells.size() != keys.size()) {
      add_message(line, out.messages);
      continue;
    }
    Gpu gpu;
    gpu.source = "nvidia-smi";
    gpu.vendor = catalog::Vendor::nvidia;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string_view key = keys[i].substr(0, keys[i].find(" ["));
      if (key == "name") gpu.name = cells[i];
      else if (key == "pci.bus_id") gpu.bus = lower(cells[i]);
      else if (key == "memory.total") gpu.memory = mebibytes(cells[i]);
      else if (key == "memory.free") gpu.free = mebibytes(cells[i]);
      else if (key == "driver_version") gpu.driver = cells[i];
    }
    gpu.unified = !gpu.memory;
    if (!gpu.name.empty()) gpus.push_back(std::move(gpu));
  }
  return out;
}

std::vector<std::vector<std::string>> parse_nvidia_list(std::string_view text) {
  std::vector<std::vector<std::string>> cards;
  for (std::string_view line : split(text, '\n')) {
    if (line.starts_with("GPU ") && cards.size() < kMostCards) cards.emplace_back();
    line = trimmed(line);
    if (cards.empty() || !line.starts_with("MIG ") || cards.back().size() == kMostSlices) continue;
    const std::string_view profile = trimmed(line.substr(4));
    cards.back().emplace_back(profile.substr(0, profile.find(' ')));
  }
  return cards;
}

}  // namespace qwenfit::machine
