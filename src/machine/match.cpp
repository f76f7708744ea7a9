#include "match.hpp"

#include <fmt/format.h>

#include <cmath>

#include "parsers.hpp"
#include "qwenfit/error.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

using catalog::DeviceClass;

std::optional<Match> look_up(const catalog::Catalog& catalog, const std::string& name, Part part) {
  try {
    const catalog::DeviceMatch found = catalog.find_device(name);
    // A whole server is no part of a machine.
    if (!found.device->base_device.empty()) return std::nullopt;
    if ((found.device->device_class == DeviceClass::cpu) != (part == Part::processor)) return std::nullopt;
    return Match{found.device, found.memory_gb, found.note};
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// "Navi 31 [Radeon RX 7900 XT/7900 XTX]" may be either of what stands in the brackets.
void add_spellings(const std::string& name, std::vector<std::string>& out) {
  const auto open = name.find('[');
  const auto close = name.find(']', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) {
    out.push_back(name);
    return;
  }
  const std::string inside = name.substr(open + 1, close - open - 1);
  for (const std::string_view part : split(inside, '/')) out.emplace_back(trimmed(part));
}

/// Tools add the module's kind to what everybody calls the card, boards what they are sold as.
std::string without_module(std::string name) {
  for (const std::string_view words :
       {" OAM HF", " OAM", " Engineering Reference", " Developer Kit", " (nvgpu)"}) {
    if (const auto at = name.find(words); at != std::string::npos) name.erase(at, words.size());
  }
  return name;
}

}  // namespace

bool has_unified_memory(const catalog::Device& device) {
  return device.device_class == DeviceClass::unified || device.device_class == DeviceClass::edge;
}

Match match_name(const catalog::Catalog& catalog, const std::vector<std::string>& names,
                 std::optional<Bytes> memory, Part part) {
  for (const std::string& name : names) {
    if (name.empty()) continue;
    if (memory) {
      // Sizes are sold in whole GiB, of which drivers keep a little.
      const long size = std::lround(std::ceil(units::to_gib(*memory) - 0.25));
      if (const auto found = look_up(catalog, fmt::format("{} {}GB", name, size), part)) return *found;
    }
    if (auto found = look_up(catalog, name, part)) {
      // The note of a bare name tells which size was assumed: the machine knows better.
      if (memory) found->note.clear();
      return *found;
    }
  }
  return {};
}

void match_parts(const catalog::Catalog& catalog, Machine& machine) {
  for (Gpu& gpu : machine.gpus) {
    std::vector<std::string> names;
    if (gpu.cores) names.push_back(fmt::format("{} {}c", gpu.name, *gpu.cores));
    // "Orin" is any of a family: the board tells which.
    if (gpu.unified && !machine.board.empty()) names.push_back(without_module(machine.board));
    add_spellings(without_module(gpu.name), names);
    std::optional<Bytes> size = gpu.unified ? machine.memory.total : gpu.memory;
    if (gpu.unified && size) *size += gpu.carved;
    gpu.match = match_name(catalog, names, size);
    // nvidia-smi hides a card's memory from who may not read it, and has none to show where it is the
    // machine's: the card tells which of the two.
    if (gpu.vendor == catalog::Vendor::nvidia && gpu.unified && gpu.match.device &&
        !has_unified_memory(*gpu.match.device)) {
      gpu.unified = false;
      gpu.match = match_name(catalog, names, gpu.memory);
    }
    if (gpu.match.device && has_unified_memory(*gpu.match.device)) gpu.unified = true;
  }
  Processor& p = machine.processor;
  const std::string plain = plain_processor_name(p.name);
  std::vector<std::string> names{plain};
  // "Intel Core i7-12700K" is listed as i7-12700K.
  if (const auto space = plain.rfind(' ');
      space != std::string::npos && plain.find('-', space) != std::string::npos)
    names.push_back(plain.substr(space + 1));
  if (!machine.board.empty()) names.push_back(machine.board);
  p.match = match_name(catalog, names, std::nullopt, Part::processor);
}

}  // namespace qwenfit::machine
