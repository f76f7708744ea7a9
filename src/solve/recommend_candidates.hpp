// What competes in a recommendation: models with an ability, their formats, the places they could run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "qwenfit/recommend.hpp"

namespace qwenfit {

struct Candidate {
  const catalog::Model* model;
  std::string name;  ///< of the variant that the ability is of
  Ability ability;
};

/// The models for `wish`, each with the variant that suits it. What drops out is counted in `left_out`.
std::vector<Candidate> candidates_for(const catalog::Catalog& catalog, const Wish& wish,
                                      std::map<std::string, int>& left_out);

/// The formats in which a candidate competes, best first; none where the engine can't run it.
std::vector<const catalog::WeightFormat*> formats_for(Estimator& estimator, const Scenario& scenario,
                                                      const Candidate& candidate);

/// `scenario` on each device that it could use.
std::vector<Scenario> places_of(const catalog::Catalog& catalog, const Scenario& scenario, const Wish& wish);

}  // namespace qwenfit
