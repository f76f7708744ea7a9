// Build-time tool: data/benchmarks/*.json -> one C++ file of constant arrays.
//   qwenfit-bake-benchmarks DATA_DIR OUTPUT.cpp
// Scores hold the number of their benchmark, not its name: five thousand of them take 50 kB. Fails, with file
// and line, on unknown keys, models and benchmarks and on scores beyond their scale.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "bake_tool.hpp"
#include "json_lines.hpp"
#include "qwenfit/benchmarks.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::catalog {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct File {
  std::string name;
  JsonWithLines document;

  [[noreturn]] void fail(const std::string& pointer, const std::string& what) const {
    throw Error(ErrorCode::bad_input, fmt::format("{}:{}: {}", name, document.line_of(pointer), what));
  }
};

std::vector<File> read_folder(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().string());
  }
  std::sort(names.begin(), names.end());
  std::vector<File> files;
  for (const std::string& name : names) {
    std::ostringstream text;
    text << std::ifstream(name, std::ios::binary).rdbuf();
    files.push_back({name, parse_json_with_lines(name, text.str())});
  }
  return files;
}

/// One record of a list, with checked access to its keys.
class Record {
 public:
  Record(const File& file, const char* list, std::size_t i)
      : file_(file), pointer_(fmt::format("/{}/{}", list, i)), value_(file.document.root[list][i]) {
    if (!value_.is_object()) fail("an object is expected");
  }

  void known(std::initializer_list<std::string_view> keys) const {
    for (const auto& [key, unused] : value_.items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) fail(fmt::format("unknown key '{}'", key));
    }
  }
  std::string text(const char* key, bool required) const {
    if (!value_.contains(key) && !required) return "";
    if (!value_.contains(key) || !value_[key].is_string()) fail(fmt::format("'{}' has to be a text", key));
    return value_[key].get<std::string>();
  }
  double number(const char* key, double otherwise) const {
    if (!value_.contains(key)) return otherwise;
    if (!value_[key].is_number()) fail(fmt::format("'{}' has to be a number", key));
    return value_[key].get<double>();
  }
  bool flag(const char* key) const { return value_.contains(key) && value_[key] == true; }
  const json& list(const char* key) const {
    static const json none = json::array();
    if (!value_.contains(key)) return none;
    if (!value_[key].is_array()) fail(fmt::format("'{}' has to be a list", key));
    return value_[key];
  }
  [[noreturn]] void fail(const std::string& what) const { file_.fail(pointer_, what); }

 private:
  const File& file_;
  std::string pointer_;
  const json& value_;
};

template <class F>
void each(const std::vector<File>& files, const char* list, F&& f) {
  for (const File& file : files) {
    const auto it = file.document.root.find(list);
    if (it == file.document.root.end()) continue;
    for (std::size_t i = 0; i < it->size(); ++i) f(Record(file, list, i));
  }
}

int uses_of(const Record& record) {
  int mask = 0;
  for (const json& word : record.list("uses")) {
    int bit = 0;
    while (bit < kUseCases && word != use_case_name(static_cast<UseCase>(bit))) ++bit;
    if (bit == kUseCases) record.fail(fmt::format("{} is no use case", word.dump()));
    mask |= 1 << bit;
  }
  return mask;
}

void expect_model(const Record& record, const std::set<std::string>& models, const std::string& model) {
  if (models.count(model) == 0) record.fail(fmt::format("model '{}' is no model", model));
}

struct Test {
  std::size_t number;
  double scale;
};

std::string bake_tests(const std::vector<File>& files, std::map<std::string, Test>& tests) {
  std::string out;
  each(files, "benchmarks", [&](const Record& r) {
    r.known({"id", "name", "version", "metric", "scale", "lower_is_better", "uses"});
    const std::string id = r.text("id", true);
    const double scale = r.number("scale", 0);
    if (!tests.emplace(id, Test{tests.size(), scale}).second)
      r.fail(fmt::format("'{}' stands here twice", id));
    out += fmt::format("  {{{}, {}, {}, {}, {:#}, {}, {}}},\n", literal(id), literal(r.text("name", true)),
                       literal(r.text("version", false)), literal(r.text("metric", false)), scale,
                       r.flag("lower_is_better"), uses_of(r));
  });
  return out;
}

/// The scores as one array, the reports as spans of it.
std::string bake_scores(const std::vector<File>& files, const std::map<std::string, Test>& tests,
                        const std::set<std::string>& models, std::string& scores) {
  std::string reports;
  std::size_t count = 0;
  each(files, "scores", [&](const Record& r) {
    r.known({"model", "variant", "source", "third_party", "scores"});
    const std::string model = r.text("model", true);
    expect_model(r, models, model);
    const std::size_t first = count;
    for (const json& score : r.list("scores")) {
      if (!score.is_array() || score.size() != 2 || !score[0].is_string() || !score[1].is_number())
        r.fail("a score is a list of a benchmark's id and a number");
      const auto test = tests.find(score[0].get<std::string>());
      if (test == tests.end()) r.fail(fmt::format("{} is no benchmark", score[0].dump()));
      const double value = score[1].get<double>();
      if (!std::isfinite(value) || value < 0 || (test->second.scale > 0 && value > test->second.scale))
        r.fail(fmt::format("{} of {} is beyond its scale", value, test->first));
      scores += fmt::format("{{{},{:#}f}},{}", test->second.number, value, ++count % 8 == 0 ? "\n" : "");
    }
    reports += fmt::format("  {{{}, {}, {}, {}, {{k_scores + {}, {}}}}},\n", literal(model),
                           literal(r.text("variant", true)), literal(r.text("source", true)),
                           r.flag("third_party"), first, count - first);
  });
  return reports;
}

std::string bake_figures(const std::vector<File>& files, const std::set<std::string>& models) {
  std::string out;
  each(files, "official_figures", [&](const Record& r) {
    r.known({"model", "format", "engine", "what", "devices", "value", "setting", "source"});
    const std::string model = r.text("model", true);
    expect_model(r, models, model);
    out += fmt::format("  {{{}, {}, {}, {}, {:.0f}, {:#}, {}, {}}},\n", literal(model),
                       literal(r.text("format", false)), literal(r.text("engine", false)),
                       literal(r.text("what", true)), r.number("devices", 1), r.number("value", 0),
                       literal(r.text("setting", false)), literal(r.text("source", true)));
  });
  return out;
}

void array(std::string& out, const char* type, const char* name, const std::string& body) {
  out += fmt::format("constexpr {0} k_{1}[] = {{\n{2}}};\n", type, name, body);
}

int bake(const std::string& data_dir, const std::string& output) {
  std::set<std::string> models;
  for (const File& file : read_folder(data_dir + "/models")) {
    for (const json& model : file.document.root["models"]) models.insert(model["id"].get<std::string>());
  }
  const std::vector<File> files = read_folder(data_dir + "/benchmarks");
  std::map<std::string, Test> tests;
  std::string scores;
  std::string out =
      "// Made by qwenfit-bake-benchmarks from data/benchmarks. Do not edit.\n"
      "#include \"qwenfit/benchmarks.hpp\"\n\nnamespace qwenfit::catalog {\nusing namespace "
      "std::string_view_literals;\n\n";
  array(out, "Benchmark", "benchmarks", bake_tests(files, tests));
  const std::string reports = bake_scores(files, tests, models, scores);
  array(out, "Score", "scores", scores);
  array(out, "ScoreReport", "reports", reports);
  array(out, "OfficialFigure", "figures", bake_figures(files, models));
  out +=
      "std::span<const Benchmark> benchmarks() {\n  return k_benchmarks;\n}\n"
      "std::span<const ScoreReport> score_reports() {\n  return k_reports;\n}\n"
      "std::span<const OfficialFigure> official_figures() {\n  return k_figures;\n}\n}  // namespace "
      "qwenfit::catalog\n";
  write_source(output, out);
  return 0;
}

}  // namespace
}  // namespace qwenfit::catalog

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: qwenfit-bake-benchmarks DATA_DIR OUTPUT.cpp\n", stderr);
    return 2;
  }
  try {
    return qwenfit::catalog::bake(argv[1], argv[2]);
  } catch (const std::exception& e) {
    fmt::print(stderr, "benchmarks: {}\n", e.what());
    return 1;
  }
}
