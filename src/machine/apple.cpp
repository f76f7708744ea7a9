// Macs: chip, GPU cores and memory.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

}  // namespace

std::vector<Gpu> parse_displays(std::string_view text) {
  std::vector<Gpu> gpus;
  const nlohmann::json root = nlohmann::json::parse(text, nullptr, false);
  if (!root.is_object()) return gpus;
  const auto list = root.find("SPDisplaysDataType");
  if (list == root.end() || !list->is_array()) return gpus;
  for (const auto& display : *list) {
    if (!display.is_object() || !text_of(display, "spdisplays_vendor").ends_with("Apple")) continue;
    Gpu gpu;
    gpu.name = text_of(display, "sppci_model");
    if (gpu.name.empty()) continue;
    gpu.source = "system_profiler";
    gpu.vendor = catalog::Vendor::apple;
    gpu.unified = true;
    if (const auto cores = leading_number(text_of(display, "sppci_cores")); cores && *cores < 10'000)
      gpu.cores = static_cast<int>(*cores);
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

void parse_sysctl(std::string_view text, Machine& machine) {
  const auto small = [](std::string_view value) {
    return static_cast<int>(std::min<std::int64_t>(leading_number(value).value_or(0), 1 << 20));
  };
  for (const std::string_view line : split(text, '\n')) {
    const auto [key, value] = key_value(line, ':');
    if (key == "machdep.cpu.brand_string") machine.processor.name = value;
    else if (key == "hw.memsize") machine.memory.total = leading_number(value);
    else if (key == "hw.physicalcpu") machine.processor.cores = small(value);
    else if (key == "hw.logicalcpu") machine.processor.threads = small(value);
    else if (key == "hw.packages") machine.processor.sockets = small(value);
    else if (key == "hw.optional.arm.FEAT_SME" && value == "1")
      machine.processor.vector_sets.emplace_back("SME");
    else if (key == "hw.optional.avx2_0" && value == "1") machine.processor.vector_sets.emplace_back("AVX2");
    else if (key == "hw.optional.neon" && value == "1") machine.processor.vector_sets.emplace_back("NEON");
  }
}

std::optional<Bytes> parse_vm_stat(std::string_view text) {
  // "Mach Virtual Memory Statistics: (page size of 16384 bytes)"
  constexpr std::string_view kPage = "page size of ";
  const auto at = text.find(kPage);
  if (at == std::string_view::npos) return std::nullopt;
  const auto page = leading_number(text.substr(at + kPage.size()));
  if (!page || *page < 1 || *page > units::kGiB) return std::nullopt;
  std::int64_t pages = 0;
  for (const std::string_view line : split(text, '\n')) {
    const auto [key, value] = key_value(line, ':');
    for (const std::string_view counted :
         {"Pages free", "Pages inactive", "Pages speculative", "Pages purgeable"}) {
      if (key == counted) pages += std::min<std::int64_t>(leading_number(value).value_or(0), 1LL << 40);
    }
  }
  return scaled(pages, *page);
}

}  // namespace qwenfit::machine
