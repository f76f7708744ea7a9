// Fine-tuning against published figures: data/measurements/finetune.jsonl.
#include "catch.hpp"
#include "qwenfit/measure.hpp"

using namespace qwenfit;

TEST_CASE("memory of fine-tuning") {
  Estimator estimator(catalog::Catalog::builtin());
  const auto files =
      measure::read_measurements(std::string(QWENFIT_SOURCE_DIR) + "/data/measurements", "finetune");
  const measure::Outcome outcome = measure::compare(estimator, files);
  CHECK(outcome.refusals.empty());
  std::vector<const measure::Comparison*> totals, readme;
  for (const measure::Comparison& c : outcome.comparisons) {
    if (c.quantity->name != "/train/devices/0/total") continue;
    totals.push_back(&c);
    if (c.row->source.find("QwenLM/Qwen/") != std::string::npos) readme.push_back(&c);
  }
  CHECK(measure::score(totals, false).n >= 70);
  CHECK(measure::score(totals, false).median <= 0.115);
  // The official tables of Qwen v1: LoRA and Q-LoRA from 256 to 8,192 tokens.
  CHECK(measure::score(readme, false).n == 30);
  CHECK(measure::score(readme, false).median <= 0.08);
}
