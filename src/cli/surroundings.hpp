// What the program knows beside the catalog: the machine it runs on.
#pragma once

#include "options.hpp"
#include "qwenfit/estimate.hpp"

namespace qwenfit::cli {

/// Looks at this machine when the first device named "auto" occurs; QWENFIT_MACHINE=DIR stands for the
/// machine whose records are in that folder. `catalog` has to outlive it.
Surroundings surroundings(const catalog::Catalog& catalog);

/// The same, with the user's own measurements unless `options` leaves them out.
/// @throws Error where their file can't be read.
Surroundings surroundings(const catalog::Catalog& catalog, const CommonOptions& options);

/// This machine as if nothing ran on it: what was measured on it had its memory.
Surroundings whole_machine(const catalog::Catalog& catalog);

/// The machine as found, with the bandwidth of its memory: measured once and kept in the cache, where nothing
/// else tells it.
machine::Machine look_around(const catalog::Catalog& catalog);

/// The bandwidth that was measured on this very machine and kept, 10^9 bytes a second: another processor or
/// another size of memory makes it void.
std::optional<double> remembered_bandwidth(const machine::Machine& found);

/// Measures the bandwidth of this machine's memory and keeps it for the next time.
void measure_memory(machine::Source& source, machine::Machine& found);

}  // namespace qwenfit::cli
