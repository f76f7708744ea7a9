// Speed against the public measurements that the constants were fitted on; what is left out of the fit is
// scored by scripts/fit_speed.py (docs/accuracy.md).
#include "catch.hpp"
#include "qwenfit/measure.hpp"

using namespace qwenfit;

TEST_CASE("errors and coverage of speed, by group") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto files =
      measure::read_measurements(std::string(QWENFIT_SOURCE_DIR) + "/data/measurements", "speed");
  const measure::Outcome outcome = measure::compare(estimator, files);
  // Ollama's and LM Studio's own builds of MLX run formats that the catalog gives to other engines.
  CHECK(outcome.refusals.size() <= 40);
  struct Threshold {
    const char* target;
    double median;
    double within_20;
  };
  for (const auto& [target, median, within_20] :
       {Threshold{"single local", 0.01, 0.96}, Threshold{"single serving", 0.03, 0.94},
        Threshold{"batched serving", 0.03, 0.88}, Threshold{"offload", 0.025, 0.92},
        Threshold{"prefill", 0.02, 0.90}}) {
    std::vector<const measure::Comparison*> group;
    for (const measure::Comparison& c : outcome.comparisons) {
      if (c.speed && c.speed->target == target) group.push_back(&c);
    }
    INFO(target);
    const measure::Score s = measure::score(group, true);
    CHECK(s.n > 100);
    CHECK(s.median <= median);
    CHECK(s.within_20 >= within_20);
    REQUIRE(s.coverage);
    CHECK(*s.coverage >= 0.70);
  }
}
