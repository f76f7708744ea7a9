// scenario.schema.json and estimate.schema.json: the keys of the code, and what it really writes.
#include <nlohmann/json.hpp>
#include <set>

#include "catch.hpp"
#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"
#include "report/report.hpp"
#include "validator.hpp"

using namespace qwenfit;
using nlohmann::json;

namespace {

json schema(const std::string& name) {
  return json::parse(repository_file("data/schema/" + name + ".schema.json"));
}

/// The JSON types that a member of a scenario takes.
template <class R>
json types_of(const Member<R>& member) {
  return std::visit(
      [](auto pointer) -> json {
        using T = std::remove_cvref_t<decltype(std::declval<R&>().*pointer)>;
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::optional<std::string>>)
          return "string";
        else if constexpr (std::is_same_v<T, std::vector<double>>) return "array";
        else if constexpr (std::is_same_v<T, std::optional<double>>) return {"number", "string"};
        else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::optional<bool>>)
          return {"boolean", "string"};
        else return {"integer", "string"};
      },
      member);
}

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& [key, unused] : object.items()) keys.insert(key);
  return keys;
}

template <class R>
void compare_object(const json& property, std::span<const SubField<R>> fields) {
  const json& object = property["oneOf"][1];
  CHECK(object["additionalProperties"] == false);
  std::set<std::string> keys;
  for (const SubField<R>& field : fields) {
    INFO(field.key);
    keys.insert(std::string(field.key));
    REQUIRE(object["properties"].contains(std::string(field.key)));
    CHECK(object["properties"][std::string(field.key)]["type"] == types_of<R>(field.member));
  }
  CHECK(keys_of(object["properties"]) == keys);
}

/// Questions that between them fill every part of an answer.
const char* const kScenarios[] = {
    R"({"id": 7, "model": "qwen3-8b"})",
    R"({"id": "a", "model": "qwen3-8b", "device": "rtx-4090", "context": "32k", "explain": true,
        "require": {"fits": true, "decode_tok_s": 25, "ttft_ms": 1500, "context": 32768, "concurrency": 2,
                    "headroom_fraction": 0.1, "usd_per_million_tokens": 2}})",
    R"({"model": "qwen3-30b-a3b", "device": [{"device": "rtx-3090", "count": 2}, "rtx-4090"], "format": "q4_k_m",
        "tensor_split": [1, 1, 1], "cpu_moe_layers": 10, "host": {"bandwidth_gb_s": 60, "memory_gib": 64}})",
    R"({"model": "qwen3.5-27b", "engine": "vllm", "format": "fp8", "device": "2x H100", "tensor_parallel": 2,
        "concurrency": 16, "gpu_memory_utilization": 0.9, "speculative": {"method": "mtp", "tokens": 2, "acceptance": 0.7}})",
    R"({"model": "qwen3-235b-a22b", "engine": "sglang", "format": "bf16", "device": "dgx-h200", "usd_per_hour": 30,
        "utilization": 0.5, "mem_fraction_static": 0.85})",
    R"({"model": "qwen3-vl-8b-instruct", "device": "M3 Max 64GB", "format": "mlx-4bit", "engine": "mlx"})",
    R"({"model": "qwen2.5-0.5b", "method": "quick", "device": "rx-7900-xtx"})",
    R"({"model": "qwen2.5-7b", "device": "rtx-4090", "train": {"method": "qlora", "rank": 16, "sequence": 2048, "batch": 1}})",
    R"({"model": "qwen3-next", "device": "cpu", "kv_type": "q8_0"})"};

}  // namespace

TEST_CASE("the scenario schema has the keys of the code") {
  const json scenario = schema("scenario");
  CHECK(scenario["additionalProperties"] == false);
  std::set<std::string> keys;
  for (const Field& field : scenario_fields()) {
    const std::string key(field.key);
    INFO(key);
    keys.insert(key);
    REQUIRE(scenario["properties"].contains(key));
    const json& property = scenario["properties"][key];
    CHECK(property.contains("description"));
    const auto* member = std::get_if<Member<Scenario>>(&field.member);
    if (!member) continue;
    const json types = types_of<Scenario>(*member);
    CHECK(property["type"] == types);
    if (types == json{"integer", "string"}) {
      CHECK(property["minimum"] == field.min);
      CHECK(property["maximum"] == field.max);
    }
  }
  CHECK(keys_of(scenario["properties"]) == keys);
  compare_object(scenario["properties"]["host"], host_fields());
  compare_object(scenario["properties"]["speculative"], speculative_fields());
  compare_object(scenario["properties"]["train"], train_fields());
  compare_object(scenario["properties"]["require"], require_fields());
}

TEST_CASE("scenarios are valid, and so are the answers to them") {
  Estimator estimator(catalog::Catalog::builtin());
  std::set<std::string> seen;
  for (const char* text : kScenarios) {
    INFO(text);
    CHECK(violation("scenario", text) == "");
    std::string out;
    try {
      report::write_json(out, estimator.estimate(parse_scenario(text)));
    } catch (const Error& e) {
      report::write_json_error(out, 1, {}, e.code(), e.what());
      CHECK(e.code() == ErrorCode::unsupported);
      continue;
    }
    CHECK(violation("estimate", out) == "");
    const json answer = json::parse(out);
    seen.merge(keys_of(answer));
    // The echo is a scenario again, and asking it gives the same answer.
    CHECK(violation("scenario", answer["scenario"].dump()) == "");
    CHECK_NOTHROW(parse_scenario(answer["scenario"].dump()));
  }
  for (const char* key : {"id", "speed", "requirements", "notes"}) {
    INFO(key);
    CHECK(seen.count(key) == 1);
  }
}

TEST_CASE("what the schema does not know is refused") {
  CHECK(violation("scenario", R"({"model": "qwen3-8b", "contxt": 1})") != "");
  CHECK(violation("scenario", R"({"device": "rtx-4090"})") != "");
  CHECK(violation("scenario", R"({"model": "qwen3-8b", "context": 0})") != "");
  CHECK(violation("scenario", R"({"model": "qwen3-8b", "device": []})") != "");
  CHECK(violation("scenario", R"({"model": "qwen3-8b", "require": {"fitz": true}})") != "");
  Estimator estimator(catalog::Catalog::builtin());
  std::string out;
  report::write_json(out,
                     estimator.estimate(parse_scenario(R"({"model": "qwen3-8b", "device": "rtx-4090"})")));
  json answer = json::parse(out);
  answer["speed"]["decode"] = 1;
  CHECK(violation("estimate", answer.dump()) != "");
  answer = json::parse(out);
  answer.erase("memory");
  CHECK(violation("estimate", answer.dump()) != "");
  answer = json::parse(out);
  answer["schema"] = 2;
  CHECK(violation("estimate", answer.dump()) != "");
}

TEST_CASE("a line without an answer has the shape of an error") {
  std::string out;
  Scenario scenario;
  scenario.id = "x";
  report::write_json_error(out, 7, scenario, ErrorCode::unknown_name, "no such model");
  const json definition = schema("estimate")["definitions"]["error"];
  const json line = json::parse(out);
  CHECK(keys_of(line) == keys_of(definition["properties"]));
  const json codes = definition["properties"]["error"]["properties"]["code"]["enum"];
  for (const ErrorCode code :
       {ErrorCode::usage, ErrorCode::invalid_value, ErrorCode::unknown_key, ErrorCode::unknown_name,
        ErrorCode::unknown_device, ErrorCode::ambiguous, ErrorCode::unsupported, ErrorCode::bad_input,
        ErrorCode::io, ErrorCode::undecidable}) {
    CHECK(std::find(codes.begin(), codes.end(), json(code_name(code))) != codes.end());
  }
  CHECK(codes.size() == 10);
}
