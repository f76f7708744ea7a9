// What a device really has to give: driver reserve, working-set limits of unified memory.
#include <algorithm>
#include <cmath>

#include "qwenfit/engine.hpp"

namespace qwenfit::engine {

Bytes device_capacity(const DeviceSlot& slot) {
  const catalog::Device& d = *slot.device;
  if (slot.capacity) return *slot.capacity;
  if (d.memory_cuda_total_mib_linux) return *d.memory_cuda_total_mib_linux * units::kMiB;
  if (slot.memory_gb) return units::gib(*slot.memory_gb);
  if (d.memory_bytes_usable) return *d.memory_bytes_usable;
  if (d.memory_gb) return units::gib(*d.memory_gb);
  return slot.free.value_or(0);
}

Bytes apple_working_set(const DeviceSlot& slot, MacOs system) {
  const Bytes capacity = device_capacity(slot);
  const long size = std::lround(units::to_gib(capacity));
  const bool current = system == MacOs::from_26;
  for (const catalog::WorkingSet& w : slot.device->working_sets) {
    if (w.memory_gb == size) return (current ? w.usable_mib_current : w.usable_mib_older) * units::kMiB;
  }
  // A size that the catalog does not have: the shares that its neighbours have.
  const double share = !current      ? (size <= 32 ? 2.0 / 3 : 0.75)
                       : size <= 24  ? 0.74
                       : size <= 48  ? 0.78
                       : size <= 96  ? 0.81
                       : size <= 128 ? 0.84
                                     : 0.87;
  return static_cast<Bytes>(static_cast<double>(capacity) * share);
}

Bytes device_reach(const DeviceSlot& slot, Backend backend) {
  const catalog::Device& d = *slot.device;
  const Bytes capacity = device_capacity(slot);
  if (backend == Backend::metal && d.vendor == catalog::Vendor::apple)
    return apple_working_set(slot, MacOs::from_26);
  // A driver's own figure is of what the GPU can have already.
  if (d.gpu_memory_fraction && !slot.capacity && backend != Backend::cpu) {
    return static_cast<Bytes>(static_cast<double>(capacity) * *d.gpu_memory_fraction);
  }
  return capacity;
}

Bytes device_usable(const DeviceSlot& slot, Backend backend) {
  const Bytes reach = device_reach(slot, backend);
  return slot.free ? std::min(reach, *slot.free) : reach;
}

}  // namespace qwenfit::engine
