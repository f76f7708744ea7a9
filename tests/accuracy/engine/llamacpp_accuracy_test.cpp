// Buffers that llama.cpp reports itself: all equal.
#include "catch.hpp"
#include "qwenfit/measure.hpp"

using namespace qwenfit;

TEST_CASE("llama.cpp: reported buffers") {
  std::vector<measure::File> files;
  for (measure::File& file : measure::read_measurements(QWENFIT_SOURCE_DIR "/data/measurements", "memory")) {
    if (file.path.find("memory-llamacpp") != std::string::npos) files.push_back(std::move(file));
  }
  REQUIRE(files.size() == 1);
  Estimator estimator(catalog::Catalog::builtin());
  const measure::Outcome outcome = measure::compare(estimator, files);
  CHECK(outcome.refusals.empty());
  CHECK(outcome.comparisons.size() > 2500);
  for (const measure::Comparison& c : outcome.comparisons) {
    INFO(c.row->id << " " << c.quantity->name << ": " << c.estimated << ", reported " << c.quantity->value);
    CHECK(c.equal());
  }
}
