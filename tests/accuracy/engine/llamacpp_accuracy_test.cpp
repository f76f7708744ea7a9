// What llama.cpp reports itself: all equal. What drivers report of a card while it runs: within 2%.
#include <cmath>

#include "catch.hpp"
#include "qwenfit/measure.hpp"

using namespace qwenfit;

namespace {

std::vector<measure::File> file_named(const std::string& name) {
  std::vector<measure::File> files;
  for (measure::File& file : measure::read_measurements(QWENFIT_SOURCE_DIR "/data/measurements", "memory")) {
    if (file.path.find(name) != std::string::npos) files.push_back(std::move(file));
  }
  REQUIRE(files.size() == 1);
  return files;
}

}  // namespace

TEST_CASE("llama.cpp: reported buffers") {
  const std::vector<measure::File> files = file_named("memory-llamacpp.jsonl");
  Estimator estimator(catalog::Catalog::builtin());
  const measure::Outcome outcome = measure::compare(estimator, files);
  CHECK(outcome.refusals.empty());
  CHECK(outcome.comparisons.size() > 2500);
  for (const measure::Comparison& c : outcome.comparisons) {
    INFO(c.row->id << " " << c.quantity->name << ": " << c.estimated << ", reported " << c.quantity->value);
    CHECK(c.equal());
  }
}

TEST_CASE("llama.cpp: memory of cards in use") {
  const std::vector<measure::File> files = file_named("memory-llamacpp-cards.jsonl");
  Estimator estimator(catalog::Catalog::builtin());
  const measure::Outcome outcome = measure::compare(estimator, files);
  CHECK(outcome.refusals.empty());
  CHECK(outcome.comparisons.size() == 22);
  for (const measure::Comparison& c : outcome.comparisons) {
    INFO(c.row->id << ": " << c.estimated << ", measured " << c.quantity->value);
    CHECK(std::abs(c.error()) < 0.02);
  }
}
