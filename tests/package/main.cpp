#include <iostream>
#include <qwenfit/estimate.hpp>

int main() {
  qwenfit::Scenario scenario;
  scenario.model = "qwen3-8b";
  scenario.format = "q8_0";
  scenario.devices = {{"rtx-4090", 1}};
  qwenfit::Estimator estimator(qwenfit::catalog::Catalog::builtin());
  const qwenfit::Estimate estimate = estimator.estimate(scenario);
  std::cout << estimate.model.parameters << " parameters, " << (estimate.fit.fits ? "fits" : "does not fit")
            << '\n';
}
