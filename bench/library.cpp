// library N: estimates a second of the library call alone, scenario structs in, estimate structs out.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <vector>

#include "generator.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

int main(int argc, char** argv) {
  using namespace qwenfit;
  const long n = argc > 1 ? std::atol(argv[1]) : 1000000;
  constexpr std::size_t kDistinct = 20000;
  bench::Generator generator(catalog::Catalog::builtin());
  std::vector<Scenario> scenarios;
  for (std::size_t i = 0; i < kDistinct; ++i) scenarios.push_back(parse_scenario(generator.next()));

  Estimator estimator(catalog::Catalog::builtin());
  long refused = 0;
  const auto start = std::chrono::steady_clock::now();
  for (long i = 0; i < n; ++i) {
    try {
      estimator.estimate(scenarios[static_cast<std::size_t>(i) % kDistinct]);
    } catch (const Error&) {
      ++refused;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{:.0f} {:.3f}\n", static_cast<double>(n) / took.count(),
             static_cast<double>(refused) / static_cast<double>(n));
}
