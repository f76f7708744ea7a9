// The devices and the host of a setup.
#pragma once

#include "estimator_impl.hpp"

namespace qwenfit {

inline void add_note(engine::Setup& setup, const std::string& note) {
  if (!note.empty()) setup.notes.push_back(note);
}

/// Looks the scenario's devices up: names of the catalog, and parts of this machine (`auto`, `auto-cpu`,
/// `auto-gpu0`).
/// @throws Error(unknown_device | ambiguous | usage | invalid_value)
void add_devices(const Scenario& scenario, Estimator::Impl& estimator, engine::Setup& setup);

/// The host: a catalog entry, figures, this machine's, or (for CPUs and Grace machines) the device's own
/// memory.
engine::Host host_of(const Scenario& scenario, Estimator::Impl& estimator, engine::Setup& setup);

}  // namespace qwenfit
