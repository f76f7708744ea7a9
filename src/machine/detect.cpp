// Asks every tool and file that may know something, and puts together what they say.
#include <fmt/format.h>

#include <algorithm>

#include "allowance.hpp"
#include "match.hpp"
#include "parsers.hpp"
#include "text.hpp"

namespace qwenfit::machine {
namespace {

constexpr std::int64_t kAmd = 0x1002;
constexpr std::int64_t kIntel = 0x8086;
constexpr std::int64_t kNvidia = 0x10de;

std::string text_of(Source& source, const std::string& path) {
  return std::string(trimmed(source.file(path).value_or("")));
}

std::optional<Bytes> bytes_in(Source& source, const std::string& path) {
  return leading_number(source.file(path).value_or(""));
}

std::string first_file(Source& source, std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    if (auto text = source.file(path)) return *text;
  }
  return "";
}

/// What a program prints when all went well; what it was stopped for is noted.
std::string printed(Source& source, const std::vector<std::string>& command, Machine& machine) {
  auto output = source.output(command);
  if (output && !output->stopped.empty())
    machine.notes.push_back(fmt::format("{} was stopped: {}", command.front(), output->stopped));
  return output && output->well() ? std::move(output->text) : "";
}

/// Memory of an AMD GPU from the kernel's driver. What an integrated one borrows of the machine's counts too.
void add_amdgpu_memory(Source& source, const std::string& folder, const Memory& memory, Gpu& gpu) {
  const auto total = bytes_in(source, folder + "mem_info_vram_total");
  const auto used = bytes_in(source, folder + "mem_info_vram_used");
  if (!total) return;
  gpu.memory = *total;
  if (used) gpu.free = std::max<Bytes>(0, *total - *used);
  auto borrowed = bytes_in(source, folder + "mem_info_gtt_total");
  // Cards report a GTT too, of half the machine's memory, but do not live in it.
  if (!gpu.unified || !borrowed) return;
  gpu.carved = *total;
  gpu.memory = *total + *borrowed;
  *borrowed -= std::min(*borrowed, bytes_in(source, folder + "mem_info_gtt_used").value_or(0));
  if (gpu.free) *gpu.free += std::min(*borrowed, memory.available.value_or(*borrowed));
}

/// Names of the chips whose memory is the machine's: drivers tell them by these.
bool shares_memory(const std::string& name) {
  for (const std::string_view chip : {"8060S", "8050S", "890M", "880M", "780M", "760M", "680M", "660M"}) {
    if (name.find(chip) != std::string::npos) return true;
  }
  return false;
}

/// Lists and drivers that are older than a chip call its graphics no more than this.
bool says_little(const std::string& name) {
  return name.empty() || name == "AMD Radeon Graphics" || name == "AMD Radeon(TM) Graphics";
}

/// The graphics that an AMD processor is sold with: "AMD RYZEN AI MAX+ 395 w/ Radeon 8060S".
std::string graphics_in(const std::string& processor) {
  const auto at = processor.find(" w/ Radeon ");
  return at == std::string::npos ? "" : fmt::format("AMD {}", processor.substr(at + 4));
}

/// Cards as the kernel lists them, but those in `known`, which a tool has told more about.
void add_kernel_cards(Source& source, Machine& machine) {
  const std::string drm = "/sys/class/drm/";
  std::string amdgpu_ids, pci_ids;
  std::optional<std::vector<VulkanDevice>> vulkan;
  for (const std::string& name : source.names(drm)) {
    if (!name.starts_with("card") || name.find('-') != std::string::npos)
      continue;  // "card0-HDMI-A-1" is a plug
    const std::string folder = drm + name + "/device/";
    const PciDevice pci = parse_uevent(source.file(folder + "uevent").value_or(""));
    if (pci.vendor != kAmd && pci.vendor != kIntel && pci.vendor != kNvidia) continue;
    const auto known = std::find_if(machine.gpus.begin(), machine.gpus.end(), [&](const Gpu& g) {
      return !pci.bus.empty() && g.bus.ends_with(pci.bus);
    });
    if (known != machine.gpus.end()) continue;
    Gpu gpu;
    gpu.bus = pci.bus;
    gpu.source = gpu.driver = pci.driver;
    if (pci.vendor == kNvidia) {
      // A card that nvidia-smi told of under another address is there already.
      if (std::any_of(machine.gpus.begin(), machine.gpus.end(),
                      [](const Gpu& g) { return g.source == "nvidia-smi"; }))
        continue;
      gpu.vendor = catalog::Vendor::nvidia;
      if (gpu.source.empty()) gpu.source = "pci";
    } else if (pci.vendor == kAmd) {
      gpu.vendor = catalog::Vendor::amd;
      if (amdgpu_ids.empty())
        amdgpu_ids =
            first_file(source, {"/usr/share/libdrm/amdgpu.ids", "/opt/amdgpu/share/libdrm/amdgpu.ids"});
      const auto revision = leading_number(source.file(folder + "revision").value_or(""), 16).value_or(0);
      gpu.name = text_of(source, folder + "product_name");
      if (gpu.name.empty()) gpu.name = name_in_amdgpu_ids(amdgpu_ids, pci.device, revision);
      if (says_little(gpu.name)) gpu.name = graphics_in(machine.processor.name);
    } else {
      gpu.vendor = catalog::Vendor::intel;
      if (!vulkan) vulkan = parse_vulkan_summary(printed(source, {"vulkaninfo", "--summary"}, machine));
      for (const VulkanDevice& v : *vulkan) {
        if (v.vendor == pci.vendor && v.device == pci.device) gpu.name = v.name;
      }
      for (const char* file : {"tile0/physical_vram_size_bytes", "lmem_total_bytes"}) {
        if (const auto size = bytes_in(source, folder + file)) gpu.memory = size;
      }
    }
    if (gpu.name.empty()) {
      if (pci_ids.empty())
        pci_ids = first_file(source, {"/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids"});
      gpu.name = name_in_pci_ids(pci_ids, pci.vendor, pci.device);
    }
    if (pci.vendor == kAmd) {
      gpu.unified = shares_memory(gpu.name);
      add_amdgpu_memory(source, folder, machine.memory, gpu);
    }
    if (gpu.name.empty()) gpu.name = fmt::format("PCI device {:04x}:{:04x}", pci.vendor, pci.device);
    machine.gpus.push_back(std::move(gpu));
  }
}

void add_linux(Source& source, Machine& machine) {
  if (const auto text = source.file("/proc/cpuinfo")) machine.processor = parse_cpuinfo(*text);
  if (const auto text = source.file("/proc/meminfo")) machine.memory = parse_meminfo(*text);
  machine.board = text_of(source, "/proc/device-tree/model");
  while (machine.board.ends_with('\0')) machine.board.pop_back();
  // The clock of now says little of a processor that is asleep.
  if (const auto khz =
          leading_number(source.file("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq").value_or("")))
    machine.processor.mega_hertz = std::max(machine.processor.mega_hertz, static_cast<double>(*khz) / 1e3);
  for (const std::string& name : source.names("/sys/devices/system/node")) {
    if (name.starts_with("node") && leading_number(std::string_view(name).substr(4)))
      ++machine.memory.numa_nodes;
  }
}

void add_macos(Source& source, Machine& machine) {
  parse_sysctl(printed(source,
                       {"sysctl", "machdep.cpu.brand_string", "hw.memsize", "hw.physicalcpu", "hw.logicalcpu",
                        "hw.packages"},
                       machine),
               machine);
  if (!machine.memory.total) return;
  machine.memory.available = parse_vm_stat(printed(source, {"vm_stat"}, machine));
  for (Gpu& gpu :
       parse_displays(printed(source, {"system_profiler", "SPDisplaysDataType", "-json"}, machine)))
    machine.gpus.push_back(std::move(gpu));
}

/// In WSL it lies where only a login shell looks for it.
constexpr const char* kNvidiaSmi[] = {"nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"};

/// NVIDIA's cards. A tool that fails may have told of some, and says why it failed among its rows.
void add_nvidia(Source& source, Machine& machine) {
  for (const char* program : kNvidiaSmi) {
    const auto output = source.output(
        {program, "--query-gpu=name,pci.bus_id,memory.total,memory.free,driver_version", "--format=csv"});
    if (!output) continue;
    NvidiaCards cards = parse_nvidia_smi(output->text);
    if (output->stopped.empty()) {
      for (const std::string& message : cards.messages)
        machine.notes.push_back(fmt::format("nvidia-smi says: {}", message));
      if (cards.messages.empty() && output->exit_code != 0)
        machine.notes.push_back(fmt::format("nvidia-smi failed with exit code {}", output->exit_code));
    } else {
      machine.notes.push_back(fmt::format("nvidia-smi was stopped: {}", output->stopped));
      continue;  // half a row may be a wrong one
    }
    for (Gpu& gpu : cards.gpus) machine.gpus.push_back(std::move(gpu));
    return;
  }
}

/// Cards that are cut by MIG -> their slices.
void cut_slices(Source& source, Machine& machine) {
  const auto cuttable = [](const Gpu& gpu) {
    return gpu.source == "nvidia-smi" && gpu.match.device && !gpu.match.device->mig.empty();
  };
  if (std::none_of(machine.gpus.begin(), machine.gpus.end(), cuttable)) return;
  std::vector<std::vector<std::string>> lists;
  for (const char* program : kNvidiaSmi) {
    if (lists.empty()) lists = parse_nvidia_list(printed(source, {program, "-L"}, machine));
  }
  std::vector<Gpu> gpus;
  std::size_t number = 0;  // nvidia-smi's cards stand first, in the order of its list
  for (Gpu& gpu : machine.gpus) {
    const std::size_t card = number++;
    if (!cuttable(gpu) || card >= lists.size() || lists[card].empty()) {
      gpus.push_back(std::move(gpu));
      continue;
    }
    for (const std::string& profile : lists[card]) {
      Gpu& slice = gpus.emplace_back(gpu);
      slice.slice = profile;
      slice.name = fmt::format("{} MIG {}", gpu.name, profile);
      slice.memory.reset();
      slice.free.reset();  // of the whole card
    }
  }
  machine.gpus = std::move(gpus);
}

/// A board whose chip has graphics that no tool told of, as on older systems of Jetsons.
void add_board(const catalog::Catalog& catalog, Machine& machine) {
  if (!machine.gpus.empty() || machine.board.empty()) return;
  Gpu gpu;
  gpu.name = machine.board;
  gpu.source = "device-tree";
  gpu.unified = true;
  machine.gpus.push_back(gpu);
  match_parts(catalog, machine);
  if (const catalog::Device* device = machine.gpus.front().match.device)
    machine.gpus.front().vendor = device->vendor;
  else machine.gpus.clear();
}

}  // namespace

Machine detect(const catalog::Catalog& catalog, Source& source) {
  Machine machine;
  add_linux(source, machine);
  if (machine.processor.threads == 0) add_macos(source, machine);
  add_nvidia(source, machine);
  const std::string rocm = printed(
      source, {"rocm-smi", "--showproductname", "--showmeminfo", "vram", "--showbus", "--json"}, machine);
  for (Gpu& gpu : parse_rocm_smi(rocm)) {
    // Without a name the kernel's driver tells more.
    if (!says_little(gpu.name) && !shares_memory(gpu.name)) machine.gpus.push_back(std::move(gpu));
  }
  add_kernel_cards(source, machine);
  if (std::any_of(machine.gpus.begin(), machine.gpus.end(), [](const Gpu& g) {
        return g.vendor == catalog::Vendor::nvidia && g.source != "nvidia-smi";
      }))
    machine.notes.emplace_back(
        "there is an NVIDIA card that no nvidia-smi tells of: how much of its memory is free is not known");
  machine.memory.modules = parse_udev_dmi(source.file("/run/udev/data/+dmi:id").value_or(""));
  for (const char* program : {"dmidecode", "/usr/sbin/dmidecode"}) {
    if (!machine.memory.modules.empty()) break;
    machine.memory.modules = parse_dmidecode(printed(source, {program, "-t", "memory"}, machine));
  }
  machine.memory.bandwidth_gb_s = bandwidth_of(machine.memory.modules);
  add_board(catalog, machine);
  match_parts(catalog, machine);
  apply_allowance(allowance_of(source), machine);
  cut_slices(source, machine);
  for (Gpu& gpu : machine.gpus) {
    if (!gpu.slice.empty()) gpu.match = match_name(catalog, {gpu.name}, std::nullopt);
  }
  for (Gpu& gpu : machine.gpus) {
    if (!gpu.unified) continue;
    if (!gpu.memory) gpu.memory = machine.memory.total;
    if (!gpu.free) gpu.free = machine.memory.available;
  }
  return machine;
}

}  // namespace qwenfit::machine
