// What control groups and affinity leave of a Linux machine to this program, as in a container.
#pragma once

#include <limits>
#include <optional>

#include "qwenfit/machine.hpp"

namespace qwenfit::machine {

struct Allowance {
  std::optional<Bytes> memory;     ///< the smallest limit of the groups that this program is in
  std::optional<Bytes> available;  ///< what is left below them
  double processors = std::numeric_limits<double>::infinity();  ///< threads' worth of time
};

/// From /proc/self/status, /proc/self/cgroup and /sys/fs/cgroup, version 1 (also beside 2) and 2.
/// https://docs.kernel.org/admin-guide/cgroup-v2.html, cgroup-v1/memory.html, scheduler/sched-bwc.html
Allowance allowance_of(Source& source);

/// Cuts memory and usable threads of a machine, with notes.
void apply_allowance(const Allowance& allowed, Machine& machine);

}  // namespace qwenfit::machine
