// check.schema.json: what `qwenfit check --json` prints. plan.schema.json: the scenario's keys, and plans.
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "qwenfit/plan.hpp"
#include "report/check.hpp"
#include "validator.hpp"

using namespace qwenfit;
using nlohmann::json;

namespace {

json schema(const std::string& name) {
  return json::parse(repository_file("data/schema/" + name + ".schema.json"));
}

}  // namespace

TEST_CASE("The plan's schema has the keys of a scenario, and reads what init writes") {
  const json plan = schema("plan");
  const json& keys = plan["properties"]["deployments"]["items"]["properties"];
  const json scenario = schema("scenario");
  for (const auto& [key, value] : scenario["properties"].items()) {
    if (key == "id" || key == "explain" || key == "require") continue;
    INFO(key);
    REQUIRE(keys.contains(key));
    CHECK(keys[key] == value);
  }
  plan::Report report;
  plan::read_path(std::string(QWENFIT_SOURCE_DIR) + "/tests/data/plans", {}, report);
  CHECK(violation("plan", report::check_plan(report)).empty());
  CHECK_FALSE(violation("plan", R"({"deployments": [{"modle": "qwen3-8b"}]})").empty());
}

TEST_CASE("The JSON of a run keeps to its schema") {
  plan::Report report;
  plan::Options options;
  options.device = "h100";
  plan::read_path(std::string(QWENFIT_SOURCE_DIR) + "/tests/data/plans", options, report);
  Estimator estimator(catalog::Catalog::builtin());
  plan::check(report, options, estimator);
  CHECK(violation("check", report::check_json(report, 1)).empty());
}
