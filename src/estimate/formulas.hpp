// How a method gets its figures; everything else of an estimate is the same for all methods.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

struct Formulas {
  engine::MemoryPlan (*plan)(const engine::Setup&, std::vector<engine::Step>*);
  std::unique_ptr<engine::Probe> (*probe)(const engine::Setup&, const engine::MemoryPlan&);
  std::optional<speed::Speed> (*speed)(const engine::Setup&, const engine::MemoryPlan&,
                                       std::vector<engine::Step>*, std::string* why_not,
                                       const speed::Calibration* calibration);
};

/// The formulas that answer `scenario`.
Formulas formulas_of(const Scenario& scenario);

}  // namespace qwenfit
