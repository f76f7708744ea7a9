// Start-up logs of vLLM and SGLang: the thresholds stand just above what is reached.
#include <map>

#include "catch.hpp"
#include "qwenfit/measure.hpp"

using namespace qwenfit;

namespace {

/// Errors by engine and quantity over the rows of memory-serving.jsonl.
struct Scores {
  std::map<std::string, measure::Score> by_quantity;
  std::size_t refused = 0;

  Scores() {
    std::vector<measure::File> files;
    for (measure::File& file :
         measure::read_measurements(QWENFIT_SOURCE_DIR "/data/measurements", "memory")) {
      if (file.path.find("memory-serving") != std::string::npos) files.push_back(std::move(file));
    }
    REQUIRE(files.size() == 1);
    Estimator estimator(catalog::Catalog::builtin());
    const measure::Outcome outcome = measure::compare(estimator, files);
    refused = outcome.refusals.size();
    std::map<std::string, std::vector<const measure::Comparison*>> groups;
    for (const measure::Comparison& c : outcome.comparisons)
      groups[c.engine + c.quantity->name].push_back(&c);
    for (const auto& [name, group] : groups) by_quantity[name] = measure::score(group, false);
  }
  const measure::Score& operator[](const std::string& name) {
    REQUIRE(by_quantity.count(name) == 1);
    return by_quantity[name];
  }
};

}  // namespace

TEST_CASE("serving engines: start-up logs") {
  Scores scores;
  CHECK(scores.refused == 0);

  const measure::Score& weights = scores["vllm/memory/devices/0/weights"];
  CHECK(weights.n >= 30);
  CHECK(weights.median < 0.001);
  CHECK(weights.p90 < 0.012);
  CHECK(scores["sglang/memory/devices/0/weights"].median < 0.002);
  CHECK(scores["sglang/memory/devices/0/weights"].p90 < 0.011);

  const measure::Score& pool = scores["vllm/pool/kv_bytes"];
  CHECK(pool.n >= 12);
  CHECK(pool.median < 0.005);
  CHECK(pool.within_10 > 0.9);
  const measure::Score& tokens = scores["vllm/pool/kv_tokens"];
  CHECK(tokens.n >= 13);
  CHECK(tokens.median < 0.021);
  CHECK(tokens.within_10 > 0.9);
  const measure::Score& concurrency = scores["vllm/pool/max_concurrency"];
  CHECK(concurrency.n >= 10);
  CHECK(concurrency.median < 0.005);
  CHECK(concurrency.within_10 == 1);
  CHECK(scores["sglang/pool/kv_tokens"].median < 0.005);

  CHECK(scores["vllm/memory/devices/0/compute"].median < 0.003);
  CHECK(scores["vllm/memory/devices/0/compute"].p90 < 0.02);
  CHECK(scores["vllm/memory/devices/0/total"].p90 < 0.055);
  // Graphs follow no rule that the logs show: only their order of magnitude.
  CHECK(scores["vllm/memory/devices/0/graphs"].median < 0.4);

  CHECK(scores["vllm/fit/fits"].n >= 10);
  CHECK(scores["vllm/fit/fits"].equal == 1);
  CHECK(scores["vllm/scenario/block_size"].equal == 1);
}
