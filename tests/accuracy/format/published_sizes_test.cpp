// Published files of data/measurements/memory-sizes.jsonl: thresholds just above what is reached.
#include <map>

#include "catch.hpp"
#include "qwenfit/measure.hpp"

using namespace qwenfit;

TEST_CASE("sizes of published files") {
  std::vector<measure::File> files;
  for (measure::File& file : measure::read_measurements(QWENFIT_SOURCE_DIR "/data/measurements", "memory")) {
    if (file.path.find("memory-sizes") != std::string::npos) files.push_back(std::move(file));
  }
  REQUIRE(files.size() == 1);
  Estimator estimator(catalog::Catalog::builtin());
  const measure::Outcome outcome = measure::compare(estimator, files);
  CHECK(outcome.refusals.empty());
  std::map<std::string, std::vector<const measure::Comparison*>> groups;
  for (const measure::Comparison& c : outcome.comparisons) {
    const std::string format = c.row->scenario.format.value_or("");
    const bool mix = format.starts_with("ud-") || format.ends_with("_l") || format.ends_with("_xl");
    groups[c.engine + (mix ? ", own mixes" : "")].push_back(&c);
  }
  const measure::Score gguf = measure::score(groups["llama.cpp"], false);
  CHECK(gguf.n > 1900);
  CHECK(gguf.median < 0.004);
  CHECK(gguf.p90 < 0.015);
  CHECK(gguf.within_5 > 0.96);
  // Most of these sizes are known from one publication of several: no test of the ratios.
  const measure::Score mixes = measure::score(groups["llama.cpp, own mixes"], false);
  CHECK(mixes.n > 700);
  CHECK(mixes.median < 0.005);
  CHECK(mixes.p90 < 0.025);
  const measure::Score ollama = measure::score(groups["ollama"], false);
  CHECK(ollama.n > 500);
  CHECK(ollama.median < 0.004);
  CHECK(ollama.within_5 > 0.98);
  const measure::Score mlx = measure::score(groups["mlx"], false);
  CHECK(mlx.n > 160);
  CHECK(mlx.median < 0.004);
  CHECK(mlx.p90 < 0.009);
}
