// What tools and kernel files say of a machine: the first byte chooses which, the rest is its text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "machine/parsers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qwenfit::machine;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto sound = [](const std::vector<Gpu>& gpus) {
    for (const Gpu& gpu : gpus) {
      if (gpu.memory.value_or(0) < 0 || gpu.free.value_or(0) < 0) __builtin_trap();
    }
  };
  Machine machine;
  switch (data[0]) {
    case 'n': sound(parse_nvidia_smi(text).gpus); break;
    case 'L': parse_nvidia_list(text); break;
    case 'C': count_in_list(text); break;
    case 'U': bandwidth_of(parse_udev_dmi(text)); break;
    case 'r': sound(parse_rocm_smi(text)); break;
    case 'd': sound(parse_displays(text)); break;
    case 's': parse_sysctl(text, machine); break;
    case 'v': parse_vm_stat(text); break;
    case 'V': parse_vulkan_summary(text); break;
    case 'c': plain_processor_name(parse_cpuinfo(text).name); break;
    case 'm': parse_meminfo(text); break;
    case 'D': {
      const auto rate = bandwidth_of(parse_dmidecode(text));
      if (rate && !(*rate > 0)) __builtin_trap();
      break;
    }
    case 'u': parse_uevent(text); break;
    case 'a': name_in_amdgpu_ids(text, 0x744c, 0xc8); break;
    case 'p': name_in_pci_ids(text, 0x8086, 0x56a0); break;
    default: break;
  }
  return 0;
}
