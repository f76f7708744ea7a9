// Readers of what tools and kernel files say: text in, facts out. What can't be read is left out; nothing
// throws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/machine.hpp"

namespace qwenfit::machine {

/// `nvidia-smi --query-gpu=name,pci.bus_id,memory.total,memory.free,driver_version --format=csv`: the columns
/// are found by the header. "[N/A]" memory is that of a chip which shares the machine's. Lines that are no
/// row are what the tool has to say of its driver, or of a card that does not answer.
struct NvidiaCards {
  std::vector<Gpu> gpus;
  std::vector<std::string> messages;
};
NvidiaCards parse_nvidia_smi(std::string_view text);

/// `nvidia-smi -L`: the MIG profiles of each card's slices, in the order of the cards; empty for whole ones.
std::vector<std::vector<std::string>> parse_nvidia_list(std::string_view text);

/// `rocm-smi --showproductname --showmeminfo vram --showbus --json`: one object a card; the names of keys
/// changed between ROCm 5 and 6.
std::vector<Gpu> parse_rocm_smi(std::string_view text);

/// The marketing name of a device in libdrm's amdgpu.ids ("744C, C8, AMD Radeon RX 7900 XTX"); empty when it
/// lacks it.
std::string name_in_amdgpu_ids(std::string_view ids, std::int64_t device, std::int64_t revision);

/// The name of a device in pci.ids ("56a0  DG2 [Arc A770]"); empty when it lacks it.
std::string name_in_pci_ids(std::string_view ids, std::int64_t vendor, std::int64_t device);

/// A device of `vulkaninfo --summary`.
struct VulkanDevice {
  std::string name;
  std::int64_t vendor = 0;  ///< PCI numbers
  std::int64_t device = 0;
  bool discrete = false;
};
std::vector<VulkanDevice> parse_vulkan_summary(std::string_view text);

/// `system_profiler SPDisplaysDataType -json`: the chips of Apple, which share the machine's memory.
std::vector<Gpu> parse_displays(std::string_view text);

/// `sysctl NAME ...`, lines "name: value": processor and total memory.
void parse_sysctl(std::string_view text, Machine& machine);

/// `vm_stat`: memory that can be had without swapping.
std::optional<Bytes> parse_vm_stat(std::string_view text);

/// /proc/cpuinfo of x86 and Arm.
Processor parse_cpuinfo(std::string_view text);

/// Processors in a list like "0-3,8,10-11" (cpuset(7)); 0 when it is none.
int count_in_list(std::string_view list);

/// /proc/meminfo.
Memory parse_meminfo(std::string_view text);

/// What udev keeps of the same tables for everybody: lines "E:MEMORY_DEVICE_0_SIZE=17179869184" of
/// /run/udev/data/+dmi:id (systemd's dmi_memory_id.c).
std::vector<Module> parse_udev_dmi(std::string_view text);

/// `dmidecode -t memory`: modules in their slots, empty slots left out.
std::vector<Module> parse_dmidecode(std::string_view text);

/// Bandwidth of all channels that hold modules: their number x data width x transfers. Nothing where the
/// channels can't be told: more than two modules whose places do not name one.
std::optional<double> bandwidth_of(const std::vector<Module>& modules);

/// Lines "KEY=value" of a device's uevent file.
struct PciDevice {
  std::string driver;
  std::string bus;
  std::int64_t vendor = 0;
  std::int64_t device = 0;
};
PciDevice parse_uevent(std::string_view text);

/// The processor's name without marks and words that no catalog has: "Intel(R) Core(TM) i7-9750H CPU
/// @ 2.60GHz" is "Intel Core i7-9750H".
std::string plain_processor_name(std::string_view name);

}  // namespace qwenfit::machine
