// A machine as estimates use it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include "qwenfit/machine.hpp"

namespace qwenfit::machine {
namespace {

using catalog::Device;
using catalog::DeviceClass;

/// Below this a GPU without an entry in the catalog is one that draws the desktop.
constexpr Bytes kSmallestCard = 2 * units::kGiB;
/// What the driver reports may differ from the data sheet by so much before it is another amount of memory.
constexpr double kReserve = 0.12;

/// What the devices of a machine point to.
struct Records {
  std::deque<std::string> texts;
  std::deque<Device> devices;

  catalog::Text keep(std::string text) { return texts.emplace_back(std::move(text)); }
};

double whole_gib(Bytes bytes) {
  return std::ceil(units::to_gib(bytes) - 0.25);
}

LocalDevice matched(const Gpu& gpu) {
  const Device& d = *gpu.match.device;
  LocalDevice local{&d, gpu.match.memory_gb, std::nullopt, gpu.free, "", ""};
  if (!gpu.memory) return local;
  if (!d.working_sets.empty()) {  // Apple: what of it the GPU may have is known
    local.memory_gb = units::to_gib(*gpu.memory);
    return local;
  }
  const double known = gpu.match.memory_gb.value_or(d.memory_gb.value_or(0));
  if (gpu.unified || known <= 0 || std::fabs(units::to_gib(*gpu.memory) / known - 1) > kReserve)
    local.capacity = gpu.memory;
  return local;
}

LocalDevice unmatched(const Gpu& gpu, std::size_t number, Records& records) {
  Device& d = records.devices.emplace_back();
  d.id = records.keep(fmt::format("auto-gpu{}", number));
  d.name = records.keep(gpu.name);
  d.vendor = gpu.vendor;
  d.arch = "unknown";
  d.device_class = DeviceClass::consumer;
  d.device_count = 1;
  d.memory_gb = whole_gib(*gpu.memory);
  return {&d, std::nullopt, gpu.memory, gpu.free, "", ""};
}

/// Operations a second of all cores: fused multiply-adds of two vectors of 32-bit numbers each cycle, as the
/// catalog's figures of processors have it (two EPYC Genoa of 96 cores with AVX-512 at 3.55 GHz: 43.6
/// TFLOPS; two Rome of 64 with AVX2 at 2.0 GHz: 8.2).
std::optional<double> tflops_of(const Processor& p) {
  if (p.cores <= 0 || p.mega_hertz <= 0) return std::nullopt;
  const auto has = [&](const char* set) {
    return std::find(p.vector_sets.begin(), p.vector_sets.end(), set) != p.vector_sets.end();
  };
  const double lanes = has("AVX-512") ? 16 : has("AVX2") ? 8 : 4;
  return p.cores * p.mega_hertz * 1e6 * lanes * 2 * 2 / 1e12;
}

/// The processor's record, with the bandwidth that the machine tells.
const Device* processor_record(const Machine& machine, Records& records) {
  const Processor& p = machine.processor;
  const Memory& memory = machine.memory;
  const Device* known = p.match.device;
  if (known && !memory.bandwidth_gb_s && known->bandwidth_gb_s && p.usable_threads >= p.threads) return known;
  Device& d = records.devices.emplace_back();
  if (known) {
    d = *known;
  } else {
    d.id = "auto-cpu";
    d.arch = "unknown";
    d.device_class = DeviceClass::cpu;
    d.device_count = 1;
    d.fp32_tflops = tflops_of(p);
  }
  // Of all its cores: a container may have few of them.
  if (d.fp32_tflops && p.usable_threads > 0 && p.usable_threads < p.threads)
    d.fp32_tflops = *d.fp32_tflops * p.usable_threads / p.threads;
  d.name = records.keep(p.name.empty() ? "processor" : p.name);
  if (memory.bandwidth_gb_s || !d.bandwidth_gb_s)
    d.bandwidth_gb_s = memory.bandwidth_gb_s ? memory.bandwidth_gb_s : memory.measured_gb_s;
  return &d;
}

/// Where the figures of processor and memory are from.
std::string about_memory(const Machine& machine) {
  const Memory& memory = machine.memory;
  const Device* known = machine.processor.match.device;
  std::string text = machine.processor.name.empty() ? "processor" : machine.processor.name;
  text += ": ";
  if (memory.available)
    text += fmt::format("{} of memory are free now, ", units::format_bytes(*memory.available));
  if (memory.bandwidth_gb_s)
    return text + fmt::format("{:.1f} GB/s by its {} modules at {} MT/s", *memory.bandwidth_gb_s,
                              memory.modules.size(), memory.modules.front().mega_transfers);
  if (known && known->bandwidth_gb_s)
    return text + fmt::format("{:.1f} GB/s as {}", *known->bandwidth_gb_s, known->name);
  if (memory.measured_gb_s) return text + fmt::format("{:.1f} GB/s as measured here", *memory.measured_gb_s);
  return text + "its bandwidth is not known: `qwenfit detect --measure` measures it";
}

}  // namespace

bool names_this_machine(std::string_view name) {
  const std::string folded = catalog::fold_name(name);
  constexpr std::string_view kGpu = "autogpu";
  return folded == "auto" || folded == "autocpu" ||
         (folded.starts_with(kGpu) && folded.size() > kGpu.size() &&
          folded.find_first_not_of("0123456789", kGpu.size()) == std::string::npos);
}

LocalDevices local_devices(const Machine& machine) {
  LocalDevices out;
  const auto records = std::make_shared<Records>();
  out.records = records;
  out.notes = machine.notes;
  const bool has_card = std::any_of(machine.gpus.begin(), machine.gpus.end(),
                                    [](const Gpu& g) { return g.match.device && !g.unified; });
  bool has_slice = false;
  for (const Gpu& gpu : machine.gpus) {
    if (gpu.match.device) {
      LocalDevice& local = out.gpus.emplace_back(matched(gpu));
      local.note = gpu.match.note;
      if (gpu.free)
        local.note += fmt::format("{}{}: {} are free now", local.note.empty() ? "" : "; ",
                                  gpu.match.device->name, units::format_bytes(*gpu.free));
      if (gpu.unified && has_card) local.aside = "it has the machine's memory, and there is a card";
      // https://docs.nvidia.com/datacenter/tesla/mig-user-guide/: CUDA gives a program one slice
      if (!gpu.slice.empty() && std::exchange(has_slice, true))
        local.aside = "a program can have one MIG slice";
    } else if (gpu.unified || gpu.memory.value_or(0) < kSmallestCard) {
      out.notes.push_back(fmt::format(
          "{} is left out: the catalog does not know it, and it has no memory of its own to speak of",
          gpu.name));
    } else {
      LocalDevice& local = out.gpus.emplace_back(unmatched(gpu, out.gpus.size(), *records));
      local.note =
          fmt::format("{} is not in the catalog: its memory is known ({} free now), but not how fast it is",
                      gpu.name, units::format_bytes(gpu.free.value_or(*gpu.memory)));
    }
  }
  const Memory& memory = machine.memory;
  out.host_note = about_memory(machine);
  out.processor = {
      processor_record(machine, *records), std::nullopt, memory.total, memory.available, out.host_note, ""};
  out.host_name = out.processor.device->name;
  out.host_bandwidth_gb_s = out.processor.device->bandwidth_gb_s;
  out.host_memory = memory.available;
  return out;
}

}  // namespace qwenfit::machine
