// NVIDIA's cards, from nvidia-smi's CSV.
#include <algorithm>

#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

constexpr std::size_t kMostCards = 1024;

/// "24564 MiB", or a plain number under a header that says MiB.
std::optional<Bytes> mebibytes(std::string_view cell) {
  return scaled(leading_number(cell), units::kMiB);
}

}  // namespace

std::vector<Gpu> parse_nvidia_smi(std::string_view text) {
  std::vector<Gpu> gpus;
  std::vector<std::string_view> keys;
  for (const std::string_view line : split(text, '\n')) {
    if (gpus.size() == kMostCards) break;
    std::vector<std::string_view> cells = split(line, ',');
    for (std::string_view& cell : cells) cell = trimmed(cell);
    if (keys.empty()) {
      // What stands before the header is a warning of the driver's.
      if (std::find(cells.begin(), cells.end(), "name") != cells.end()) keys = cells;
      continue;
    }
    if (cells.size() != keys.size()) continue;
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
  return gpus;
}

}  // namespace qwenfit::machine
