#include "qwenfit/cost.hpp"

#include <cmath>

#include "catch.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;

TEST_CASE("a million tokens from price and speed") {
  // The rows of a public cost table: USD an hour, tokens a second, USD for a million tokens, rounded.
  const double rows[][3] = {{3, 50, 17}, {3, 41, 20}, {3, 39, 21}, {3, 11, 76}, {6, 18, 93}};
  for (const auto& row : rows) {
    Scenario scenario;
    scenario.usd_per_hour = row[0];
    const CostAt cost = cost_at_speed(scenario, row[1]);
    CHECK(std::llround(*cost.cost.usd_per_million_output_tokens) == std::llround(row[2]));
  }
  CHECK_THROWS_AS(cost_at_speed(Scenario{}, 50), Error);
}

TEST_CASE("idle time is paid for in rent, not in electricity") {
  CHECK(usd_per_million_tokens(3.6, 0, 1000, 1) == Approx(1));
  CHECK(usd_per_million_tokens(3.6, 0, 1000, 0.5) == Approx(2));
  CHECK(usd_per_million_tokens(0, 3.6, 1000, 0.5) == Approx(1));
}

TEST_CASE("more sequences make tokens cheaper; electricity by the data sheet's power") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario scenario;
  scenario.model = "qwen3-8b";
  scenario.engine = "vllm";
  scenario.format = "fp8";
  scenario.devices = {{"h100-sxm", 1}};
  const std::vector<CostAt> rent = cost_by_concurrency(estimator, scenario);
  REQUIRE(rent.size() > 2);
  for (std::size_t i = 1; i < rent.size(); ++i)
    CHECK(*rent[i].cost.usd_per_million_output_tokens < *rent[i - 1].cost.usd_per_million_output_tokens);

  scenario.usd_per_kwh = 0.5;
  scenario.concurrency = 1;
  const std::vector<CostAt> owned = cost_by_concurrency(estimator, scenario);
  REQUIRE(owned.size() == 1);
  const Cost& cost = owned.front().cost;
  CHECK_FALSE(cost.usd_per_hour);
  CHECK(*cost.electricity_usd_per_hour == Approx(*cost.watts / 1000 * 0.5));
  CHECK(*cost.usd_per_million_output_tokens ==
        Approx(*cost.electricity_usd_per_hour / (owned.front().tok_s * 3600) * 1e6));
}
