#include "setup_devices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "qwenfit/error.hpp"

namespace qwenfit {
namespace {

using engine::DeviceSlot;
using machine::LocalDevice;
using machine::LocalDevices;

constexpr std::int64_t kMostDevices = 65536;

/// Names of this machine's parts, folded.
constexpr std::string_view kAuto = "auto";
constexpr std::string_view kAutoCpu = "autocpu";
constexpr std::string_view kAutoGpu = "autogpu";

/// The devices that a name of this machine's parts stands for.
std::vector<const LocalDevice*> local_parts(const LocalDevices& here, const std::string& name, bool on_cpu,
                                            engine::Setup& setup) {
  const std::string folded = catalog::fold_name(name);
  if (folded == kAutoCpu || (folded == kAuto && (on_cpu || here.gpus.empty()))) return {&here.processor};
  std::vector<const LocalDevice*> parts;
  for (const LocalDevice& gpu : here.gpus) {
    if (folded != kAuto || gpu.aside.empty()) parts.push_back(&gpu);
    else
      add_note(setup, fmt::format("without {} (auto-gpu{}): {}", gpu.device->name, &gpu - here.gpus.data(),
                                  gpu.aside));
  }
  if (folded == kAuto) return parts;
  const auto number = units::parse_count(std::string_view(folded).substr(kAutoGpu.size()));
  if (!number || *number >= std::ssize(parts))
    throw Error(
        ErrorCode::unknown_device,
        fmt::format("device: '{}': this machine has {} graphics cards, auto-gpu0 being the first: `qwenfit "
                    "detect` shows them",
                    name, parts.size()));
  return {parts[static_cast<std::size_t>(*number)]};
}

/// Keeps the first `count` of this machine's parts.
template <class T>
void take_first(std::vector<T>& parts, std::int64_t count) {
  if (count > std::ssize(parts))
    throw Error(ErrorCode::usage,
                fmt::format("device_count: {} are asked for, this machine has {}", count, parts.size()));
  parts.erase(parts.begin() + count, parts.end());
}

void add_local(const Scenario& scenario, const DeviceRequest& request, Estimator::Impl& estimator,
               engine::Setup& setup) {
  const LocalDevices& here = estimator.here();
  auto parts = local_parts(here, request.name, scenario.backend == "cpu", setup);
  if (request.count > 1) take_first(parts, request.count);
  for (const LocalDevice* part : parts) {
    setup.devices.push_back({part->device, part->memory_gb, part->capacity, part->free});
    if (std::find(setup.notes.begin(), setup.notes.end(), part->note) == setup.notes.end())
      add_note(setup, part->note);
  }
  for (const std::string& note : here.notes) add_note(setup, note);
}

}  // namespace

void add_devices(const Scenario& scenario, Estimator::Impl& estimator, engine::Setup& setup) {
  bool local = false;
  for (const DeviceRequest& request : scenario.devices) {
    if (machine::names_this_machine(request.name)) {
      add_local(scenario, request, estimator, setup);
      local = true;
      continue;
    }
    const catalog::DeviceMatch& match = estimator.find_device(request.name);
    add_note(setup, match.note);
    // A system is so many of its single device.
    const catalog::Device* device = match.device;
    std::int64_t count = std::int64_t{match.count} * request.count;
    if (!device->base_device.empty()) {
      count *= device->device_count;
      device = estimator.catalog.device(device->base_device);
    }
    if (count + std::ssize(setup.devices) > kMostDevices)
      throw Error(ErrorCode::invalid_value, "device: more than 65,536 devices");
    DeviceSlot slot{device, match.memory_gb, std::nullopt, std::nullopt};
    if (request.free_gib) slot.free = units::gib(std::min(*request.free_gib, 1e6));
    setup.devices.insert(setup.devices.end(), static_cast<std::size_t>(count), slot);
  }
  if (!scenario.device_count) return;
  if (scenario.devices.empty()) throw Error(ErrorCode::usage, "device_count is given without a device");
  if (scenario.devices.size() > 1)
    throw Error(ErrorCode::usage, "device_count does not go with a list of devices: give each its count");
  if (local) return take_first(setup.devices, *scenario.device_count);
  const DeviceSlot slot = setup.devices.front();
  if (const auto named = std::ssize(setup.devices); named > 1 && named != *scenario.device_count)
    throw Error(ErrorCode::invalid_value,
                fmt::format("device_count: {}, but {} of '{}' are named already: one count is enough",
                            *scenario.device_count, named, scenario.devices.front().name));
  setup.devices.assign(static_cast<std::size_t>(*scenario.device_count), slot);
}

engine::Host host_of(const Scenario& scenario, Estimator::Impl& estimator, engine::Setup& setup) {
  engine::Host host{"dual-channel DDR5-5600", 89.6, std::nullopt};
  if (!setup.devices.empty()) {
    const catalog::Device& device = *setup.devices.front().device;
    if (device.host_bandwidth_gb_s)
      host = {std::string(device.name), *device.host_bandwidth_gb_s, std::nullopt};
    if (device.host_memory_gb) host.memory = units::gib(*device.host_memory_gb);
  }
  if (!scenario.host) {
    const auto local = [](const DeviceRequest& d) { return machine::names_this_machine(d.name); };
    if (std::none_of(scenario.devices.begin(), scenario.devices.end(), local)) return host;
    const LocalDevices& here = estimator.here();
    host.name = here.host_name;
    if (here.host_bandwidth_gb_s) host.bandwidth_gb_s = *here.host_bandwidth_gb_s;
    host.memory = here.host_memory;
    const bool on_cpu = !setup.devices.empty() && setup.devices.front().device == here.processor.device;
    if (!on_cpu) add_note(setup, here.host_note);
    return host;
  }
  if (!scenario.host->name.empty()) {
    const catalog::DeviceMatch match = estimator.catalog.find_device(scenario.host->name);
    add_note(setup, match.note);
    host.name = std::string(match.device->name);
    if (match.device->bandwidth_gb_s) host.bandwidth_gb_s = *match.device->bandwidth_gb_s;
    if (match.memory_gb) host.memory = units::gib(*match.memory_gb);
  } else {
    host.name = "as given";
  }
  if (scenario.host->bandwidth_gb_s) {
    if (*scenario.host->bandwidth_gb_s <= 0)
      throw Error(ErrorCode::invalid_value, "host: bandwidth_gb_s must be above 0");
    host.bandwidth_gb_s = *scenario.host->bandwidth_gb_s;
  }
  if (scenario.host->memory_gib) host.memory = units::gib(std::min(*scenario.host->memory_gib, 1e6));
  return host;
}

}  // namespace qwenfit
