// calibration.json: read strictly, as people may edit it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "bench.hpp"
#include "calibrate.hpp"
#include "catalog/nearest.hpp"
#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"
#include "report/json_writer.hpp"
#include "report/report.hpp"

namespace qwenfit::measure {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
const std::vector<std::string_view> kFileKeys{"schema", "measurements"};
const std::vector<std::string_view> kRowKeys{
    "id",   "device",         "devices",         "engine",       "backend",  "model",  "format",
    "what", "measured_tok_s", "predicted_tok_s", "predicted_by", "scenario", "source", "date"};

/// Reads the members of one object; errors name the file and the key.
class Reader {
 public:
  Reader(const json& object, std::string where, const std::vector<std::string_view>& known)
      : object_(object), where_(std::move(where)) {
    if (!object.is_object()) fail("", "is not an object");
    for (const auto& [key, value] : object.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end())
        throw Error(ErrorCode::unknown_key, fmt::format("{}: unknown key '{}'{}", where_, key,
                                                        catalog::did_you_mean_of_few(key, known)));
    }
  }

  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw Error(ErrorCode::bad_input, fmt::format("{}{}{}: {}", where_, key.empty() ? "" : ": ", key, what));
  }
  const json& at(const char* key) const {
    const auto it = object_.find(key);
    if (it == object_.end()) fail(key, "is missing");
    return *it;
  }
  std::string text(const char* key) const {
    const json& value = at(key);
    if (!value.is_string()) fail(key, "is not a text");
    return value.get<std::string>();
  }
  double figure(const char* key) const {
    const json& value = at(key);
    const double number = value.is_number() ? value.get<double>() : -1;
    if (!(number > 0) || !(number <= kFastest)) fail(key, "is not a speed above 0");
    return number;
  }
  int count(const char* key) const {
    const json& value = at(key);
    const double number = value.is_number() ? value.get<double>() : -1;
    if (!(number >= 0) || number > 65536 || number != std::floor(number)) fail(key, "is not a count");
    return static_cast<int>(number);
  }

 private:
  const json& object_;
  std::string where_;
};

KeptMeasurement read_row(const json& object, const std::string& where) {
  const Reader in(object, where, kRowKeys);
  KeptMeasurement kept;
  speed::OwnMeasurement& row = kept.row;
  row.id = in.text("id");
  if (row.id.empty()) in.fail("id", "is empty");
  row.key = {in.text("device"), in.count("devices"), in.text("engine"), in.text("backend")};
  row.model = in.text("model");
  row.format = in.text("format");
  const std::string what = in.text("what");
  if (what != "decode" && what != "prefill")
    in.fail("what", fmt::format("'{}' is neither decode nor prefill", what));
  row.prefill = what == "prefill";
  row.measured = in.figure("measured_tok_s");
  row.predicted = in.figure("predicted_tok_s");
  row.source = in.text("source");
  row.date = in.text("date");
  kept.predicted_by = in.text("predicted_by");
  try {
    kept.scenario = scenario_from_json(in.at("scenario"));
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("{}: scenario: {}", where, e.what()));
  }
  return kept;
}

}  // namespace

std::vector<KeptMeasurement> read_measurements_kept(std::string_view text, const std::string& name) {
  json file;
  try {
    file = parse_json(text);
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("{}: {}", name, e.what()));
  }
  const Reader in(file, name, kFileKeys);
  if (in.count("schema") != kVersion)
    in.fail("schema", fmt::format("is {}; this version reads {}", in.count("schema"), kVersion));
  const json& rows = in.at("measurements");
  if (!rows.is_array()) in.fail("measurements", "is not an array");
  if (rows.size() > kMostBenchRows)
    in.fail("measurements", fmt::format("holds more than {}", kMostBenchRows));
  std::vector<KeptMeasurement> all;
  std::set<std::string> ids;
  for (const json& row : rows) {
    const std::string where = fmt::format("{}: measurements[{}]", name, all.size());
    all.push_back(read_row(row, where));
    if (!ids.insert(all.back().row.id).second)
      throw Error(ErrorCode::bad_input, fmt::format("{}: id: '{}' is there twice", where, all.back().row.id));
  }
  return all;
}

std::string write_measurements_kept(const std::vector<KeptMeasurement>& all) {
  std::string out;
  report::JsonWriter json(out, 2);
  json.begin_object();
  json.member("schema", kVersion);
  json.key("measurements");
  json.begin_array();
  for (const KeptMeasurement& kept : all) {
    const speed::OwnMeasurement& row = kept.row;
    json.begin_object();
    json.member("id", row.id);
    json.member("device", row.key.device);
    json.member("devices", row.key.devices);
    json.member("engine", row.key.engine);
    json.member("backend", row.key.backend);
    json.member("model", row.model);
    json.member("format", row.format);
    json.member("what", row.prefill ? "prefill" : "decode");
    json.member("measured_tok_s", row.measured);
    json.member("predicted_tok_s", row.predicted);
    json.member("predicted_by", kept.predicted_by);
    json.key("scenario");
    json.begin_object();
    report::write_scenario(json, kept.scenario);
    json.end_object();
    json.member("source", row.source);
    json.member("date", row.date);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace qwenfit::measure
