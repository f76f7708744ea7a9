#include "machine/parsers.hpp"

#include "catch.hpp"

using namespace qwenfit;
using namespace qwenfit::machine;

TEST_CASE("nvidia-smi: columns by their header, units in cells or header") {
  const auto [gpus, silence] = parse_nvidia_smi(
      "name, pci.bus_id, memory.total [MiB], memory.free [MiB], driver_version\n"
      "NVIDIA GeForce RTX 4090, 00000000:01:00.0, 24564 MiB, 22874 MiB, 570.86.15\n"
      "NVIDIA GB10, 0000000F:01:00.0, [N/A], [N/A], 580.95.05\n");
  CHECK(silence.empty());
  REQUIRE(gpus.size() == 2);
  CHECK(gpus[0].name == "NVIDIA GeForce RTX 4090");
  CHECK(gpus[0].bus == "00000000:01:00.0");
  CHECK(gpus[0].memory == Bytes{24564} << 20);
  CHECK(gpus[0].free == Bytes{22874} << 20);
  CHECK(gpus[0].driver == "570.86.15");
  CHECK_FALSE(gpus[0].unified);
  CHECK(gpus[1].unified);
  CHECK_FALSE(gpus[1].memory);

  const auto [plain, warnings] = parse_nvidia_smi("a warning.\nmemory.free [MiB], name\n 10, A\n\n99\n");
  REQUIRE(plain.size() == 1);
  CHECK(plain[0].free == Bytes{10} << 20);
  CHECK(warnings == std::vector<std::string>{"a warning", "99"});
  CHECK(parse_nvidia_smi("").gpus.empty());
  CHECK_FALSE(parse_nvidia_smi("name, memory.total [MiB]\nA, 99999999999999999999 MiB\n").gpus[0].memory);
}

TEST_CASE("nvidia-smi -L: slices of each card, as drivers from 450 on write them") {
  const auto cards = parse_nvidia_list(
      "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-1)\n  MIG 3g.20gb Device 0: (UUID: MIG-GPU-1/1/0)\n"
      "  MIG 1g.5gb+me   Device  1: (UUID: MIG-2)\nGPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-3)\n");
  REQUIRE(cards.size() == 2);
  CHECK(cards[0] == std::vector<std::string>{"3g.20gb", "1g.5gb+me"});
  CHECK(cards[1].empty());
  CHECK(parse_nvidia_list("  MIG 1g.5gb Device\nNo devices were found\n").empty());
}

TEST_CASE("lists of processors") {
  CHECK(count_in_list("0-3,8,10-11") == 7);
  CHECK(count_in_list("5") == 1);
  for (const char* none : {"", "a", "3-1", "0-", "0-99999999999999999999", "0,,1", "-1"})
    CHECK(count_in_list(none) == 0);
}

TEST_CASE("rocm-smi: JSON behind warnings, keys of ROCm 5 and 6, cards in order") {
  const auto gpus = parse_rocm_smi(
      "WARNING: low-power state\n"
      R"json({"card10": {"Card series": "B", "VRAM Total Memory (B)": "100"},
          "card2": {"Card Series": "0x744c", "Card Model": "A", "VRAM Total Memory (B)": "25753026560",
                    "VRAM Total Used Memory (B)": "1073741824", "PCI Bus": "0000:03:00.0"},
          "system": {"Driver version": "6.7"}})json");
  REQUIRE(gpus.size() == 2);
  CHECK(gpus[0].name == "A");
  CHECK(gpus[0].bus == "0000:03:00.0");
  CHECK(gpus[0].free == 25753026560 - 1073741824);
  CHECK(gpus[1].name == "B");
  CHECK_FALSE(gpus[1].free);
  CHECK(parse_rocm_smi("{\"card0\": 5, \"card1\": {").empty());
  CHECK(parse_rocm_smi("[]").empty());
}

TEST_CASE("names of PCI devices come from the lists that systems have") {
  const char* amdgpu =
      "# List\n1.0.0\n744C,\tC8,\tAMD Radeon RX 7900 XTX\n744C,\tCC,\tAMD Radeon RX 7900 XT\n";
  CHECK(name_in_amdgpu_ids(amdgpu, 0x744c, 0xcc) == "AMD Radeon RX 7900 XT");
  CHECK(name_in_amdgpu_ids(amdgpu, 0x744c, 0x01).empty());
  const char* pci =
      "1002  AMD\n\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]\n\t\t1002 0e3b  X\n8086  Intel\n\t56a0  DG2 "
      "[Arc A770]\n";
  CHECK(name_in_pci_ids(pci, 0x8086, 0x56a0) == "DG2 [Arc A770]");
  CHECK(name_in_pci_ids(pci, 0x1002, 0x56a0).empty());
  const PciDevice device = parse_uevent("DRIVER=xe\nPCI_ID=8086:E20B\nPCI_SLOT_NAME=0000:03:00.0\n");
  CHECK(device.driver == "xe");
  CHECK(device.vendor == 0x8086);
  CHECK(device.device == 0xe20b);
}

TEST_CASE("vulkaninfo, sysctl, vm_stat, system_profiler") {
  const auto vulkan = parse_vulkan_summary(
      "Devices:\n========\nGPU0:\n\tvendorID           = 0x8086\n\tdeviceID           = 0xe20b\n"
      "\tdeviceType         = PHYSICAL_DEVICE_TYPE_DISCRETE_GPU\n\tdeviceName         = Arc B580\n");
  REQUIRE(vulkan.size() == 1);
  CHECK(vulkan[0].name == "Arc B580");
  CHECK(vulkan[0].device == 0xe20b);
  CHECK(vulkan[0].discrete);

  Machine mac;
  parse_sysctl("machdep.cpu.brand_string: Apple M3 Max\nhw.memsize: 68719476736\nhw.physicalcpu: 16\n", mac);
  CHECK(mac.processor.name == "Apple M3 Max");
  CHECK(mac.memory.total == Bytes{64} << 30);
  CHECK(mac.processor.cores == 16);
  CHECK(parse_vm_stat("Mach Virtual Memory Statistics: (page size of 16384 bytes)\nPages free:   100.\n"
                      "Pages active:  7.\nPages inactive: 20.\n") == 120 * 16384);
  CHECK_FALSE(parse_vm_stat("Pages free: 100."));

  const auto displays = parse_displays(
      R"({"SPDisplaysDataType": [{"sppci_model": "Apple M3 Max", "sppci_cores": "40",
          "spdisplays_vendor": "sppci_vendor_Apple"}, {"sppci_model": "AMD Radeon Pro 5500M",
          "spdisplays_vendor": "sppci_vendor_amd"}, 7]})");
  REQUIRE(displays.size() == 1);
  CHECK(displays[0].cores == 40);
  CHECK(displays[0].unified);
  CHECK(parse_displays("not JSON").empty());
}

TEST_CASE("the processor: cores are counted once, hyperthreads not") {
  const Processor p = parse_cpuinfo(
      "processor : 0\nmodel name : AMD Ryzen\nphysical id : 0\ncore id : 0\ncpu MHz : 4500.1\nflags : avx2 "
      "avx512f\n\n"
      "processor : 1\nphysical id : 0\ncore id : 0\n\nprocessor : 2\nphysical id : 1\ncore id : 0\n");
  CHECK(p.name == "AMD Ryzen");
  CHECK(p.threads == 3);
  CHECK(p.cores == 2);
  CHECK(p.sockets == 2);
  CHECK(p.mega_hertz == 4500);
  CHECK(p.vector_sets == std::vector<std::string>{"AVX2", "AVX-512"});
  CHECK(parse_cpuinfo("").threads == 0);

  CHECK(plain_processor_name("Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz") == "Intel Core i7-9750H");
  CHECK(plain_processor_name("12th Gen Intel(R) Core(TM) i7-12700K") == "Intel Core i7-12700K");
  CHECK(plain_processor_name("AMD Ryzen 9 7950X 16-Core Processor") == "AMD Ryzen 9 7950X");
  CHECK(plain_processor_name("AMD RYZEN AI MAX+ 395 w/ Radeon 8060S") == "AMD RYZEN AI MAX+ 395");

  const Memory m = parse_meminfo("MemTotal:       65534716 kB\nMemFree: 1 kB\nMemAvailable:   55250124 kB\n");
  CHECK(m.total == Bytes{65534716} * 1024);
  CHECK(m.available == Bytes{55250124} * 1024);
}

TEST_CASE("memory modules: bandwidth of the channels that hold some") {
  const auto slot = [](const char* size, const char* place, const char* bank) {
    return std::string("Handle 0x1, DMI type 17, 92 bytes\nMemory Device\n\tData Width: 64 bits\n\tSize: ") +
           size + "\n\tLocator: " + place + "\n\tBank Locator: " + bank +
           "\n\tType: DDR5\n\tSpeed: 5600 MT/s\n\tConfigured Memory Speed: 4800 MT/s\n\n";
  };
  const auto two = parse_dmidecode(slot("32 GB", "DIMM 1", "P0 CHANNEL A") +
                                   slot("No Module Installed", "DIMM 0", "P0 CHANNEL A") +
                                   slot("32768 MB", "DIMM 1", "P0 CHANNEL B"));
  REQUIRE(two.size() == 2);
  CHECK(two[1].size == Bytes{32} << 30);
  CHECK(two[0].mega_transfers == 4800);
  CHECK(*bandwidth_of(two) == Approx(2 * 8 * 4.8));
  // Four modules on two channels.
  const auto four =
      parse_dmidecode(slot("8 GB", "ChannelA-DIMM0", "BANK 0") + slot("8 GB", "ChannelA-DIMM1", "BANK 1") +
                      slot("8 GB", "ChannelB-DIMM0", "BANK 2") + slot("8 GB", "ChannelB-DIMM1", "BANK 3"));
  REQUIRE(four.size() == 4);
  CHECK(*bandwidth_of(four) == Approx(2 * 8 * 4.8));
  const auto letters = parse_dmidecode(slot("8 GB", "DIMM_A1", "x") + slot("8 GB", "DIMM_A2", "x") +
                                       slot("8 GB", "DIMM_B1", "x"));
  CHECK(*bandwidth_of(letters) == Approx(2 * 8 * 4.8));
  // Nobody can tell on how many channels these are.
  const auto three =
      parse_dmidecode(slot("8 GB", "X1", "x") + slot("8 GB", "X2", "x") + slot("8 GB", "X3", "x"));
  CHECK(three.size() == 3);
  CHECK_FALSE(bandwidth_of(three));
  // What udev keeps of the same table, for everybody to read.
  const auto kept = parse_udev_dmi(
      "E:MEMORY_DEVICE_1_PRESENT=0\nE:MEMORY_DEVICE_0_DATA_WIDTH=64\nE:MEMORY_DEVICE_0_SIZE=8589934592\n"
      "E:MEMORY_DEVICE_0_LOCATOR=ChannelA-DIMM0\nE:MEMORY_DEVICE_0_TYPE=<OUT OF SPEC>\n"
      "E:MEMORY_DEVICE_0_SPEED_MTS=5600\nE:MEMORY_DEVICE_0_CONFIGURED_SPEED_MTS=4800\n"
      "E:MEMORY_DEVICE_99999999999_SIZE=1\nE:MEMORY_DEVICE_0\nE:MEMORY_DEVICE__SIZE=3\n");
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].size == Bytes{8} << 30);
  CHECK(kept[0].type.empty());
  CHECK(kept[0].channel == "channela");
  CHECK(kept[0].mega_transfers == 4800);
  CHECK(*bandwidth_of(kept) == Approx(8 * 4.8));
  CHECK_FALSE(bandwidth_of({}));
}
