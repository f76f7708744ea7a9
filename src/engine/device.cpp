// What a device really has to give: driver reserve, working-set limits of unified memory.
#include <cmath>

#include "qwenfit/engine.hpp"

namespace qwenfit::engine {

Bytes device_capacity(const DeviceSlot& slot) {
  const catalog::Device& d = *slot.device;
  if (d.memory_cuda_total_mib_linux) return *d.memory_cuda_total_mib_linux * units::kMiB;
  if (slot.memory_gb) return units::gib(*slot.memory_gb);
  if (d.memory_bytes_usable) return *d.memory_bytes_usable;
  if (d.memory_gb) return units::gib(*d.memory_gb);
  return 0;
}

Bytes device_usable(const DeviceSlot& slot, Backend backend) {
  const catalog::Device& d = *slot.device;
  const Bytes capacity = device_capacity(slot);
  if (backend == Backend::metal) {
    for (const catalog::WorkingSet& w : d.working_sets) {
      if (w.memory_gb == std::lround(units::to_gib(capacity))) return w.usable_mib_current * units::kMiB;
    }
  }
  if (d.gpu_memory_fraction && backend != Backend::cpu) {
    return static_cast<Bytes>(static_cast<double>(capacity) * *d.gpu_memory_fraction);
  }
  return capacity;
}

}  // namespace qwenfit::engine
