#include "qwenfit/calibration.hpp"

#include <cmath>

#include "catch.hpp"
#include "qwenfit/estimate.hpp"

using namespace qwenfit;
using speed::Calibration;
using speed::OwnMeasurement;

namespace {

constexpr const char* kScenario =
    R"({"model": "qwen3-8b", "format": "q4_k_m", "device": "rtx-4090", "engine": "llama.cpp"})";

OwnMeasurement measured(double ratio, const char* model = "qwen3-8b", bool prefill = false) {
  return {"1",         {"rtx-4090", 1, "llama.cpp", "cuda"},
          model,       "q4_k_m",
          prefill,     100 * ratio,
          100,         "as given",
          "2026-11-27"};
}

speed::Speed speed_with(std::vector<OwnMeasurement> rows, const char* scenario = kScenario) {
  Estimator estimator(catalog::Catalog::builtin(), ModelFiles::ignore,
                      {{}, std::make_shared<Calibration>(std::move(rows))});
  return *estimator.estimate(parse_scenario(scenario)).speed;
}

double width(const speed::Figure& f) {
  return f.high / f.low;
}

}  // namespace

TEST_CASE("own measurements correct a speed by the median of their ratios") {
  const double before = speed_with({}).decode_tok_s.value;
  const speed::Speed s = speed_with({measured(0.8), measured(0.5), measured(0.9)});
  CHECK(s.decode_tok_s.value == Approx(0.8 * before));
  CHECK(s.confidence == speed::Confidence::measured);
  CHECK(s.based_on == 3);
  CHECK(s.itl_ms.value == Approx(1e3 / (0.8 * before)));
  CHECK(s.prefill_tok_s.value == Approx(speed_with({}).prefill_tok_s.value));
  CHECK(speed_with({measured(2, "qwen3-8b", true)}).prefill_tok_s.value ==
        Approx(2 * speed_with({}).prefill_tok_s.value));
  // An even number of them.
  CHECK(speed_with({measured(0.5), measured(0.8)}).decode_tok_s.value == Approx(std::sqrt(0.4) * before));
}

TEST_CASE("the interval follows from how measurements scatter and how many they are") {
  const double one = width(speed_with({measured(1)}).decode_tok_s);
  const double many =
      width(speed_with({measured(1), measured(1.01), measured(0.99), measured(1)}).decode_tok_s);
  const double wild =
      width(speed_with({measured(1), measured(2), measured(0.5), measured(1.5)}).decode_tok_s);
  CHECK(many < one);
  CHECK(wild > one);
}

TEST_CASE("measurements of the model itself count before those of others, other machines not at all") {
  const double before = speed_with({}).decode_tok_s.value;
  const speed::Speed s = speed_with({measured(0.8, "qwen3-14b"), measured(0.7)});
  CHECK(s.decode_tok_s.value == Approx(0.7 * before));
  CHECK(s.based_on == 1);
  const speed::Speed other = speed_with({measured(0.8, "qwen3-14b")});
  CHECK(other.decode_tok_s.value == Approx(0.8 * before));
  CHECK(width(other.decode_tok_s) > width(s.decode_tok_s));
  OwnMeasurement elsewhere = measured(0.5);
  elsewhere.key.device = "rtx-3090";
  OwnMeasurement two = measured(0.5);
  two.key.devices = 2;
  OwnMeasurement vulkan = measured(0.5);
  vulkan.key.backend = "vulkan";
  CHECK(speed_with({elsewhere, two, vulkan}).decode_tok_s.value == Approx(before));
  CHECK(speed_with({measured(0), measured(-1)}).decode_tok_s.value == Approx(before));
}
