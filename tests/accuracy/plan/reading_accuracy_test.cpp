// How much of deployment files of every shape is read right: tests/data/plan_shapes, a file for every shape
// and trap known, with the facts in facts.jsonl. Thresholds stand just below what is reached.
//
// QWENFIT_PLAN_FACTS=FILE measures another list of facts, whose files are named relative to it.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "qwenfit/plan.hpp"
#include "report/check.hpp"

using namespace qwenfit;
using nlohmann::json;

namespace {

struct Score {
  int right = 0, total = 0;
};

class Reading {
 public:
  void file(const std::filesystem::path& folder, const json& facts) {
    const std::string name = facts["file"];
    plan::Report report;
    plan::read_path((folder / name).string(), {}, report);
    plan::Options options;
    options.estimate = false;
    Estimator estimator(catalog::Catalog::builtin());
    plan::check(report, options, estimator);
    json found = json::parse(report::check_json(report, 0))["deployments"];
    const json& wanted = facts["deployments"];
    fact(name, "deployments", found.size() == wanted.size(),
         fmt::format("{} instead of {}", found.size(), wanted.size()), false);
    for (const json& want : wanted) {
      if (found.empty()) {
        fact(name, "deployments", false, "none left for " + want.dump(), false);
        continue;
      }
      const std::size_t i = likeliest(found, want);
      deployment(name, found[i], want);
      found.erase(i);
    }
  }

  std::map<std::string, Score> fields;
  Score all;
  int silent = 0;  // wrong, and nothing says that it could not be told
  int files_right = 0, files = 0;
  bool file_right = true;

 private:
  /// The deployment that `want` means: that of its model and role.
  static std::size_t likeliest(const json& found, const json& want) {
    std::size_t best = 0;
    int most = -1;
    for (std::size_t i = 0; i < found.size(); ++i) {
      int alike = found[i].value("model_id", "") == want["model"] ? 2 : 0;
      alike += found[i].value("role", "") == want.value("role", "") ? 1 : 0;
      if (alike > most) {
        most = alike;
        best = i;
      }
    }
    return best;
  }

  void deployment(const std::string& name, const json& got, const json& want) {
    bool undecided = !got["unresolved"].empty();
    for (const json& finding : got["findings"]) undecided = undecided || finding.value("undecided", false);
    const auto compare = [&](const std::string& field, const json& is, const json& should) {
      fact(name, field, is == should, fmt::format("{} instead of {}", is.dump(), should.dump()), undecided);
    };
    compare("model", got.value("model_id", ""), want["model"]);
    compare("engine", got.value("engine", ""), want["engine"]);
    for (const auto& [key, shown] :
         std::initializer_list<std::pair<const char*, const char*>>{{"gpus", "gpu_count"},
                                                                    {"device", "device"},
                                                                    {"nodes", "nodes"},
                                                                    {"replicas", "replicas"},
                                                                    {"role", "role"},
                                                                    {"resource", "gpu_resource"}}) {
      if (want.contains(key)) compare(key, got.value(shown, json()), want[key]);
    }
    const json scenario = want.value("scenario", json::object());
    for (const auto& [key, value] : scenario.items()) compare(key, got["scenario"].value(key, json()), value);
    const json absent = want.value("absent", json::array());
    for (const json& key : absent)
      compare(key.get<std::string>(), got["scenario"].value(key.get<std::string>(), json()), json());
    if (!want.contains("unresolved")) {
      fact(name, "undecided", !undecided, got["unresolved"].dump() + " instead of nothing", true);
      return;
    }
    for (const json& open : want["unresolved"]) {
      bool said = false;
      for (const json& entry : got["unresolved"])
        said = said || entry.get<std::string>().find(open.get<std::string>()) != std::string::npos;
      fact(name, "undecided", said, open.dump() + " is not said to be open", undecided);
    }
  }

  void fact(const std::string& file, const std::string& field, bool right, const std::string& wrong,
            bool undecided) {
    for (Score* score : {&fields[field], &all}) {
      score->right += right ? 1 : 0;
      ++score->total;
    }
    if (right) return;
    file_right = false;
    silent += undecided ? 0 : 1;
    fmt::print("  {}: {}: {}{}\n", file, field, wrong, undecided ? " (undecided)" : "");
  }
};

double share(int part, int whole) {
  return static_cast<double>(part) / std::max(whole, 1);
}

}  // namespace

TEST_CASE("deployment files of every shape are read right, or said to be undecided") {
  const char* other = std::getenv("QWENFIT_PLAN_FACTS");
  const std::filesystem::path list = other ? other : QWENFIT_SOURCE_DIR "/tests/data/plan_shapes/facts.jsonl";
  std::ifstream in(list);
  REQUIRE(in);
  Reading reading;
  for (std::string line; std::getline(in, line);) {
    reading.file_right = true;
    reading.file(list.parent_path(), json::parse(line));
    ++reading.files;
    reading.files_right += reading.file_right ? 1 : 0;
  }
  for (const auto& [field, score] : reading.fields)
    fmt::print("{:24} {:4}/{}\n", field, score.right, score.total);
  const Score& all = reading.all;
  fmt::print("facts right {}/{} ({:.1f}%), silently wrong {}, files without a fault {}/{}\n", all.right,
             all.total, 100 * share(all.right, all.total), reading.silent, reading.files_right,
             reading.files);
  if (other) return;
  CHECK(all.total > 800);
  CHECK(share(all.right, all.total) > 0.99);
  CHECK(share(all.total - reading.silent, all.total) > 0.99);
  CHECK(share(reading.files_right, reading.files) > 0.95);
}
