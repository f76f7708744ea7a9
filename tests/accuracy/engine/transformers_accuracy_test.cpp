// The official speed tables' memory columns: thresholds just above what is reached.
#include <map>

#include "catch.hpp"
#include "qwenfit/measure.hpp"

using namespace qwenfit;

TEST_CASE("transformers: peaks of the official tables") {
  std::vector<measure::File> files;
  for (measure::File& file : measure::read_measurements(QWENFIT_SOURCE_DIR "/data/measurements", "memory")) {
    if (file.path.find("memory-transformers") != std::string::npos) files.push_back(std::move(file));
  }
  REQUIRE(files.size() == 1);
  Estimator estimator(catalog::Catalog::builtin());
  const measure::Outcome outcome = measure::compare(estimator, files);
  CHECK(outcome.refusals.empty());
  std::map<std::string, std::vector<const measure::Comparison*>> groups;
  for (const measure::Comparison& c : outcome.comparisons) groups[c.engine].push_back(&c);
  const measure::Score peaks = measure::score(groups["transformers"], false);
  CHECK(peaks.n > 300);
  CHECK(peaks.median < 0.005);
  CHECK(peaks.p90 < 0.036);
  CHECK(peaks.within_5 > 0.92);
  const measure::Score sizes = measure::score(groups["vllm"], false);
  CHECK(sizes.n == 3);
  CHECK(sizes.p90 < 0.0005);
}
