// Grids over scenario keys.
#include "qwenfit/sweep.hpp"

#include "catch.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;

namespace {

using Values = std::vector<std::string>;

std::string refused(std::string_view text) {
  try {
    sweep_values("context", text);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("lists, doubling ranges and steps") {
  CHECK(sweep_values("format", "q4_k_m,q8_0") == Values{"q4_k_m", "q8_0"});
  CHECK(sweep_values("context", "4k..16k") == Values{"4096", "8192", "16384"});
  CHECK(sweep_values("context", "4k..20k") == Values{"4096", "8192", "16384", "20480"});
  CHECK(sweep_values("concurrency", "8..32+8") == Values{"8", "16", "24", "32"});
  CHECK(sweep_values("concurrency", "1..10+4,64") == Values{"1", "5", "9", "64"});
  CHECK(sweep_values("concurrency", "3..3") == Values{"3"});
}

TEST_CASE("ranges that make no sense are refused with the reason") {
  CHECK(refused("9..3") == "context: '9..3' ends before it begins");
  CHECK(refused("0..8") == "context: '0..8' can't double from 0: give a step, as 0..8+1");
  CHECK(refused("1..9+0") == "context: '1..9+0' never ends: its step is 0");
  CHECK(refused("1..99999999+1") == "context: '1..99999999+1' has more than 10,000 values");
  CHECK(refused("a..b").starts_with("context: 'a..b' is not a range"));
}

TEST_CASE("every point is what a single estimate says, the last axis runs fastest") {
  Estimator estimator(catalog::Catalog::builtin());
  Scenario common;
  common.devices = {{"rtx-4090", 1}};
  const std::vector<SweepAxis> axes{{"model", {"qwen3-8b", "qwen2.5-7b"}},
                                    {"context", {"4096", "8192", "0"}}};
  CHECK(sweep_size(axes) == 6);
  std::int64_t seen = 0;
  sweep(common, axes, [&](const Scenario& s, std::int64_t point, const std::string& error) {
    CHECK(point == ++seen);
    // A context of 0 is no context.
    CHECK(error.empty() == (point % 3 != 0));
    if (!error.empty()) return;
    Scenario single;
    single.model = point <= 3 ? "qwen3-8b" : "qwen2.5-7b";
    single.devices = {{"rtx-4090", 1}};
    single.context = point % 3 == 1 ? 4096 : 8192;
    CHECK(estimator.estimate(s).memory.total() == estimator.estimate(single).memory.total());
  });
  CHECK(seen == 6);
}

TEST_CASE("the size of a grid does not overflow") {
  const std::vector<SweepAxis> axes(20, {"context", Values(10'000, "1")});
  CHECK(sweep_size(axes) == std::int64_t{1} << 62);
}
