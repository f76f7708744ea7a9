#include "measure/calibrate.hpp"

#include "catch.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
using measure::BenchRow;
using measure::CalibrateOptions;
using measure::KeptMeasurement;

namespace {

BenchRow row_of(double tok_s) {
  BenchRow row;
  row.label = "tg128";
  row.tok_s = tok_s;
  row.scenario = parse_scenario(
      R"({"model": "qwen3-8b", "format": "q4_k_m", "engine": "llama.cpp", "backend": "cuda", "prompt_tokens": 0})");
  row.gpus = {"NVIDIA GeForce RTX 4090"};
  return row;
}

KeptMeasurement kept_of(const BenchRow& row,
                        const CalibrateOptions& options = {{}, "b.json", "2026-11-27", "v1", false}) {
  Estimator estimator(catalog::Catalog::builtin());
  std::vector<std::string> notes;
  return measure::calibrate(estimator, row, options, notes);
}

std::string file_with(const std::string& from, const std::string& to) {
  std::vector<KeptMeasurement> all;
  measure::keep(all, kept_of(row_of(120)));
  std::string text = measure::write_measurements_kept(all);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

void refused(const std::string& text, const std::string& words) {
  CHECK_THROWS_WITH(measure::read_measurements_kept(text, "calibration.json"),
                    ContainsText("calibration.json: ") && ContainsText(words));
}

}  // namespace

TEST_CASE("a row becomes a measurement of the setup that is estimated") {
  const KeptMeasurement kept = kept_of(row_of(120));
  CHECK(kept.row.key.device == "rtx-4090");
  CHECK(kept.row.key.devices == 1);
  CHECK(kept.row.key.engine == "llama.cpp");
  CHECK(kept.row.key.backend == "cuda");
  CHECK(kept.row.model == "qwen3-8b");
  CHECK(kept.row.format == "q4_k_m");
  CHECK(kept.row.measured == 120);
  CHECK(kept.row.date == "2026-11-27");
  Estimator estimator(catalog::Catalog::builtin());
  const Estimate e = estimator.estimate(kept.scenario, false);
  CHECK(kept.row.predicted == Approx(e.speed->decode_tok_s.value));
  // Kept, it makes the estimate what was measured.
  Estimator corrected(catalog::Catalog::builtin(), ModelFiles::ignore,
                      {{}, std::make_shared<speed::Calibration>(std::vector{kept.row})});
  const Estimate after = corrected.estimate(kept.scenario, false);
  CHECK(after.speed->decode_tok_s.value == Approx(120));
  CHECK(after.speed->confidence == speed::Confidence::measured);
  CHECK(after.speed->own);
}

TEST_CASE("what the user says goes before what the benchmark tells") {
  CalibrateOptions options{{}, "b.json", "2026-11-27", "v1", false};
  options.given.devices = {{"rtx-4090", 2}};
  options.given.format = "q8_0";
  options.given.ubatch = 256;
  const KeptMeasurement kept = kept_of(row_of(90), options);
  CHECK(kept.row.key.devices == 2);
  CHECK(kept.row.format == "q8_0");
  CHECK(kept.scenario.ubatch == 256);
  // Written and read, the scenario is the same.
  std::vector<KeptMeasurement> all;
  measure::keep(all, kept);
  const auto read = measure::read_measurements_kept(measure::write_measurements_kept(all), "f");
  REQUIRE(read.size() == 1);
  CHECK(read[0].row.id == "1");
  CHECK(measure::same_measurement(read[0].row, kept.row));
  Estimator estimator(catalog::Catalog::builtin());
  CHECK(estimator.estimate(read[0].scenario, false).setup.devices.size() == 2);
}

TEST_CASE("the model is found by the name of its file") {
  BenchRow row = row_of(120);
  row.scenario.model.clear();
  row.scenario.format.reset();
  row.model_path = "/models/Qwen3-8B-Q6_K.gguf";
  CHECK(kept_of(row).row.format == "q6_k");
  row.model_path = "C:\\models\\Qwen3-8B-Q6_K.gguf";
  CHECK(kept_of(row).row.model == "qwen3-8b");
  row.model_path = "model.gguf";
  CHECK_THROWS_WITH(kept_of(row), ContainsText("-m MODEL says which model it is"));
  row.model_path.clear();
  row.model_type = "qwen3 8B (guessed) Q4_K - Medium";
  CHECK_THROWS_WITH(kept_of(row), ContainsText("qwen3 8B (guessed)") && ContainsText("-m MODEL"));
  CalibrateOptions options{{}, "b.md", "2026-11-27", "v1", false};
  options.given.model = "qwen3-8b";
  CHECK_THROWS_WITH(kept_of(row, options), ContainsText("-f FORMAT says it"));
  options.given.format = "q4_k_m";
  CHECK(kept_of(row, options).row.format == "q4_k_m");
}

TEST_CASE("what contradicts the setup is refused unless it is forced") {
  const auto says = [](const BenchRow& row, const std::string& words) {
    CHECK_THROWS_WITH(kept_of(row), ContainsText(words) && ContainsText("--force"));
    CHECK(kept_of(row, {{}, "b.json", "2026-11-27", "v1", true}).row.measured == row.tok_s);
  };
  BenchRow row = row_of(120);
  row.parameters = 4'022'468'096;
  says(row, "its model has 4.02B parameters, Qwen3-8B has 8.19B");
  row.parameters = 8'190'000'000;
  row.weights = units::gib(8.1);
  says(row, "its weights take 8.10 GiB");
  says(row_of(120'000), "times the");
  says(row_of(0.5), "times the");
  BenchRow card = row_of(60);
  card.scenario.devices = {{"rtx-3090", 1}};
  says(card, "the benchmark ran on NVIDIA GeForce RTX 4090, not on NVIDIA GeForce RTX 3090");
}

TEST_CASE("without a device there is nothing to correct") {
  BenchRow row = row_of(120);
  row.gpus.clear();
  CHECK_THROWS_WITH(kept_of(row), ContainsText("-d auto"));
  row.gpus = {"A card that nobody knows"};
  CHECK_THROWS_WITH(kept_of(row), ContainsText("-d DEVICE"));
}

TEST_CASE("ids are new ones, and figures that are there already are recognized") {
  std::vector<KeptMeasurement> all;
  measure::keep(all, kept_of(row_of(120)));
  measure::keep(all, kept_of(row_of(125)));
  all.erase(all.begin());
  measure::keep(all, kept_of(row_of(130)));
  CHECK(all[0].row.id == "2");
  CHECK(all[1].row.id == "3");
  CHECK(measure::same_measurement(all[0].row, kept_of(row_of(125)).row));
  CHECK_FALSE(measure::same_measurement(all[0].row, all[1].row));
}

TEST_CASE("another version of the program predicts anew") {
  std::vector<KeptMeasurement> all;
  measure::keep(all, kept_of(row_of(120)));
  const double predicted = all[0].row.predicted;
  all[0].row.predicted = 1;
  Estimator estimator(catalog::Catalog::builtin());
  measure::predict_anew(estimator, all, "v1");
  CHECK(all[0].row.predicted == 1);
  measure::predict_anew(estimator, all, "v2");
  CHECK(all[0].row.predicted == Approx(predicted));
  CHECK(all[0].predicted_by == "v2");
  all[0].scenario.model = "no-such-model";
  all[0].row.predicted = 1;
  measure::predict_anew(estimator, all, "v3");
  CHECK(all[0].row.predicted == 1);
}

TEST_CASE("errors in the file name the key") {
  refused("{", "not valid JSON");
  refused("[]", "is not an object");
  refused("{}", "schema: is missing");
  refused(R"({"schema": 2, "measurements": []})", "schema: is 2; this version reads 1");
  refused(R"({"schema": 1, "measurments": []})", "unknown key 'measurments': did you mean measurements?");
  refused(R"({"schema": 1, "measurements": {}})", "measurements: is not an array");
  refused(file_with("\"measured_tok_s\": 120", "\"measured_tok_s\": -1"),
          "measurements[0]: measured_tok_s: is not");
  refused(file_with("\"measured_tok_s\"", "\"measured_tok\""), "did you mean measured_tok_s?");
  refused(file_with("\"what\": \"decode\"", "\"what\": \"speed\""), "what: 'speed' is neither");
  refused(file_with("\"devices\": 1", "\"devices\": 1.5"), "devices: is not a count");
  refused(file_with("\"prompt_tokens\"", "\"promt_tokens\""), "scenario: unknown key 'promt_tokens'");
  refused(file_with("\"id\": \"1\"", "\"id\": 1"), "id: is not a text");
}
