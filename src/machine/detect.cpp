// Asks every tool and file that may know something, and puts together what they say.
#include <fmt/format.h>

#include <algorithm>

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

/// Memory of an AMD GPU from the kernel's driver. What an integrated one borrows of the machine's counts too.
void add_amdgpu_memory(Source& source, const std::string& folder, const Memory& memory, Gpu& gpu) {
  const auto total = bytes_in(source, folder + "mem_info_vram_total");
  const auto used = bytes_in(source, folder + "mem_info_vram_used");
  if (!total) return;
  gpu.memory = *total;
  if (used) gpu.free = std::max<Bytes>(0, *total - *used);
  const auto borrowed = bytes_in(source, folder + "mem_info_gtt_total");
  // Cards report a GTT too, of half the machine's memory, but do not live in it.
  if (!gpu.unified || !borrowed) return;
  gpu.memory = *total + *borrowed;
  if (gpu.free) *gpu.free += std::min(*borrowed, memory.available.value_or(*borrowed));
}

/// Names of the chips whose memory is the machine's: drivers tell them by these.
bool shares_memory(const std::string& name) {
  for (const std::string_view chip : {"8060S", "8050S", "890M", "880M", "780M", "760M", "680M", "660M"}) {
    if (name.find(chip) != std::string::npos) return true;
  }
  return false;
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
      // Without nvidia-smi its memory is not told; with it, it is there already.
      if (std::any_of(machine.gpus.begin(), machine.gpus.end(),
                      [](const Gpu& g) { return g.vendor == catalog::Vendor::nvidia; }))
        continue;
      gpu.vendor = catalog::Vendor::nvidia;
      machine.notes.emplace_back("there is an NVIDIA card but no nvidia-smi: its memory is not known");
    } else if (pci.vendor == kAmd) {
      gpu.vendor = catalog::Vendor::amd;
      if (amdgpu_ids.empty())
        amdgpu_ids =
            first_file(source, {"/usr/share/libdrm/amdgpu.ids", "/opt/amdgpu/share/libdrm/amdgpu.ids"});
      const auto revision = leading_number(source.file(folder + "revision").value_or(""), 16).value_or(0);
      gpu.name = text_of(source, folder + "product_name");
      if (gpu.name.empty()) gpu.name = name_in_amdgpu_ids(amdgpu_ids, pci.device, revision);
    } else {
      gpu.vendor = catalog::Vendor::intel;
      if (!vulkan) vulkan = parse_vulkan_summary(source.output({"vulkaninfo", "--summary"}).value_or(""));
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
  const auto text = source.output(
      {"sysctl", "machdep.cpu.brand_string", "hw.memsize", "hw.physicalcpu", "hw.logicalcpu", "hw.packages"});
  if (!text) return;
  parse_sysctl(*text, machine);
  machine.memory.available = parse_vm_stat(source.output({"vm_stat"}).value_or(""));
  for (Gpu& gpu :
       parse_displays(source.output({"system_profiler", "SPDisplaysDataType", "-json"}).value_or("")))
    machine.gpus.push_back(std::move(gpu));
}

}  // namespace

Machine detect(const catalog::Catalog& catalog, Source& source) {
  Machine machine;
  add_linux(source, machine);
  if (machine.processor.threads == 0) add_macos(source, machine);
  const auto smi = source.output(
      {"nvidia-smi", "--query-gpu=name,pci.bus_id,memory.total,memory.free,driver_version", "--format=csv"});
  for (Gpu& gpu : parse_nvidia_smi(smi.value_or(""))) machine.gpus.push_back(std::move(gpu));
  const auto rocm =
      source.output({"rocm-smi", "--showproductname", "--showmeminfo", "vram", "--showbus", "--json"});
  for (Gpu& gpu : parse_rocm_smi(rocm.value_or(""))) {
    // Without a name the kernel's driver tells more.
    if (!gpu.name.empty() && !shares_memory(gpu.name)) machine.gpus.push_back(std::move(gpu));
  }
  add_kernel_cards(source, machine);
  for (const char* program : {"dmidecode", "/usr/sbin/dmidecode"}) {
    if (!machine.memory.modules.empty()) break;
    machine.memory.modules = parse_dmidecode(source.output({program, "-t", "memory"}).value_or(""));
  }
  machine.memory.bandwidth_gb_s = bandwidth_of(machine.memory.modules);
  match_parts(catalog, machine);
  for (Gpu& gpu : machine.gpus) {
    if (!gpu.unified) continue;
    if (!gpu.memory) gpu.memory = machine.memory.total;
    if (!gpu.free) gpu.free = machine.memory.available;
  }
  return machine;
}

}  // namespace qwenfit::machine
