// Schemas of the user's own files, against what the program writes and reads.
#include "catch.hpp"
#include "cli/settings.hpp"
#include "measure/calibrate.hpp"
#include "validator.hpp"

using namespace qwenfit;

TEST_CASE("what calibrate writes is valid") {
  std::vector<measure::KeptMeasurement> all;
  CHECK(violation("calibration", measure::write_measurements_kept(all)) == "");
  Estimator estimator(catalog::Catalog::builtin());
  std::vector<std::string> notes;
  measure::BenchRow row;
  row.tok_s = 120;
  row.scenario = parse_scenario(R"({"model": "qwen3-8b", "format": "q4_k_m", "device": "rtx-4090"})");
  measure::keep(all, measure::calibrate(estimator, row, {{}, "as given", "2026-11-27", "v", false}, notes));
  std::string text = measure::write_measurements_kept(all);
  CHECK(violation("calibration", text) == "");
  text.replace(text.find("\"decode\""), 8, "\"speed\"");
  CHECK(violation("calibration", text) != "");
}

TEST_CASE("the schema of the settings has the keys and values that are read") {
  for (const cli::SettingKey& key : cli::setting_keys()) {
    const std::string value =
        key.choices.empty() ? "auto" : std::string(key.choices.substr(0, key.choices.find(',')));
    const std::string text = "{\"" + std::string(key.key) + "\": \"" + value + "\"}";
    CHECK(violation("config", text) == "");
    CHECK(cli::read_settings(text, "f").*(key.member) == value);
    if (!key.choices.empty()) CHECK(violation("config", "{\"" + std::string(key.key) + "\": \"?\"}") != "");
  }
  CHECK(violation("config", R"({"unit": "GB"})") != "");
}
