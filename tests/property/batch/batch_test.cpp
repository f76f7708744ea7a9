// `qwenfit batch` as a process, on ten thousand scenarios made at random: whatever it is asked, each line is
// answered with an estimate that agrees with itself, or with an error.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "catch.hpp"
#include "draw.hpp"
#include "qwenfit/catalog.hpp"

namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using qwenfit::catalog::Catalog;

constexpr int kScenarios = 10'000;

class Generator : qwenfit::tests::Draws {
 public:
  Generator() : Draws(20261120) {}

  json next(int i) {
    json s{{"id", i}, {"model", pick(Catalog::builtin().models())->id}};
    if (chance(0.7)) s["format"] = pick(Catalog::builtin().formats())->id;
    if (chance(0.6)) s["engine"] = pick(Catalog::builtin().engines())->id;
    if (chance(0.85)) s["device"] = pick(Catalog::builtin().devices())->id;
    if (s.contains("device") && chance(0.3)) s["device_count"] = 1 << number(0, 4);
    if (chance(0.5)) s["context"] = 1 << number(0, 22);
    if (chance(0.4)) s["concurrency"] = 1 << number(0, 10);
    if (chance(0.3)) s["prompt_tokens"] = number(0, 100'000);
    if (chance(0.3)) s["output_tokens"] = number(1, 10'000);
    if (chance(0.2)) s["kv_type"] = pick<std::string>({"f16", "q8_0", "q4_0", "fp8", "bf16"});
    if (chance(0.1)) s["gpu_layers"] = number(0, 100);
    if (chance(0.1)) s["cpu_moe_layers"] = number(0, 100);
    if (chance(0.1)) s["tensor_parallel"] = 1 << number(0, 3);
    if (chance(0.1)) s["gpu_memory_utilization"] = 0.05 * number(1, 20);
    if (chance(0.2)) s["method"] = "quick";
    if (chance(0.1)) s["require"] = "fits,decode=20,context=16k,cost=1";
    if (chance(0.05)) s["explain"] = true;
    if (chance(0.03)) s["contxt"] = 5;
    if (chance(0.03)) s["context"] = -number(0, 5);
    return s;
  }
};

/// Every number below `value` is at least 0; only a headroom may be negative.
void check_numbers(const json& value, const std::string& key) {
  if (value.is_number()) {
    if (key != "headroom") CHECK(value.get<double>() >= 0);
    return;
  }
  if (!value.is_structured()) {
    const bool null = value.is_null();
    if (null) CHECK(key == "met");  // what is not finite would have become null
    return;
  }
  for (const auto& [name, item] : value.items()) check_numbers(item, value.is_array() ? key : name);
}

std::int64_t sum_of(const json& parts, std::initializer_list<const char*> names) {
  std::int64_t sum = 0;
  for (const char* name : names) {
    if (!parts.contains(name)) continue;
    CHECK(parts[name] != 0);  // what does not apply is absent
    sum += parts[name].get<std::int64_t>();
  }
  return sum;
}

void check_memory(const json& memory) {
  std::int64_t sum = 0;
  for (const json& d : memory["devices"]) {
    CHECK(d["total"] ==
          sum_of(d, {"weights", "kv_cache", "recurrent_state", "compute", "graphs", "runtime"}));
    if (d.contains("usable")) {
      CHECK(d["headroom"] == d["usable"].get<std::int64_t>() - d["total"].get<std::int64_t>());
      CHECK(d["usable"] <= d["capacity"]);
    }
    sum += d["total"].get<std::int64_t>();
  }
  if (memory.contains("host")) {
    const json& h = memory["host"];
    CHECK(h["total"] == sum_of(h, {"weights", "kv_cache", "recurrent_state", "compute", "output"}));
    sum += h["total"].get<std::int64_t>();
  }
  CHECK(memory["total"] == sum);
}

void check_speed(const json& speed) {
  for (const auto& [name, figure] : speed.items()) {
    if (!figure.is_object()) continue;
    INFO(name);
    CHECK(figure["value"] > 0);
    CHECK(figure["low"] <= figure["value"]);
    CHECK(figure["value"] <= figure["high"]);
  }
}

void check_fit(const json& e) {
  const std::string verdict = e["fit"]["verdict"];
  const bool device = e["scenario"].contains("device");
  // Without a device nothing can be judged, nor on one of which nobody says how much memory it has.
  const json devices = e["memory"].value("devices", json::array());
  const bool sized = std::all_of(devices.begin(), devices.end(), [](const json& d) {
    return d["total"] == 0 || d.value("capacity", std::int64_t{0}) > 0;  // one that stands idle says nothing
  });
  const bool judged = device && sized;
  CHECK((verdict == "unknown") == !judged);
  CHECK(e["fit"].contains("fits") == judged);
  if (judged) CHECK(e["fit"]["fits"] == (verdict != "does-not-fit"));
  if (!device) CHECK_FALSE(e.contains("speed"));
}

}  // namespace

TEST_CASE("batch answers ten thousand scenarios, each in its place and in agreement with itself") {
  const fs::path input = fs::temp_directory_path() / "qwenfit-batch-test.jsonl";
  Generator generator;
  {
    std::ofstream out(input);
    for (int i = 0; i < kScenarios; ++i) {
      if (i % 1000 == 999) out << "{\"id\": " << i << ", broken\n";
      else out << generator.next(i).dump() << "\n";
    }
  }
  FILE* pipe = popen((std::string(QWENFIT_BINARY) + " batch '" + input.string() + "'").c_str(), "r");
  REQUIRE(pipe);
  std::string text;
  char chunk[65536];
  for (std::size_t n; (n = fread(chunk, 1, sizeof chunk, pipe)) > 0;) text.append(chunk, n);
  CHECK(pclose(pipe) == 2 << 8);  // some lines were no scenarios
  fs::remove(input);

  int line = 0;
  int answered = 0;
  std::set<std::string> codes;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1, ++line) {
    const json e = json::parse(text.substr(begin, end - begin));
    INFO("line " << line + 1 << ": " << e.dump());
    if (e.contains("error")) {
      CHECK(e["line"] == line + 1);
      CHECK_FALSE(e["error"]["message"].get<std::string>().empty());
      codes.insert(e["error"]["code"].get<std::string>());
      if (e["error"]["code"] != "bad_input") CHECK(e["id"] == line);
      continue;
    }
    ++answered;
    CHECK(e["schema"] == 1);
    CHECK(e["id"] == line);
    check_numbers(e, "");
    check_memory(e["memory"]);
    check_fit(e);
    if (e.contains("speed")) check_speed(e["speed"]);
    if (e["scenario"].value("explain", false)) CHECK_FALSE(e["derivation"].empty());
  }
  CHECK(line == kScenarios);
  CHECK(answered > kScenarios / 2);
  for (const std::string& code : codes) {
    INFO(code);
    CHECK(std::set<std::string>{"bad_input", "invalid_value", "unknown_key", "unsupported", "undecidable"}
              .count(code) == 1);
  }
}
