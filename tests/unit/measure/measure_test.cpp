#include "qwenfit/measure.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
namespace fs = std::filesystem;

namespace {

/// A folder with one measurement file, gone at the end of the test.
class Folder {
 public:
  explicit Folder(const std::string& text)
      : path_(fs::temp_directory_path() / ("qwenfit-measure-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
    std::ofstream(path_ / "a.jsonl") << text;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

constexpr const char* kHeader = R"({"kind":"memory","sources":{"s":"https://example.org"}})"
                                "\n";

}  // namespace

TEST_CASE("rows carry a scenario, quantities and their source") {
  const Folder folder(
      std::string(kHeader) +
      R"({"id":"a","scenario":{"model":"qwen3-8b"},"measured":{"/kv_cache/bytes_per_token":147456},"source":"s"})"
      "\n"
      R"({"id":"b","scenario":{"model":"qwen3-8b"},"measured":{"/memory/host/output":7},"source":"s","skip":"odd"})"
      "\n");
  const auto files = measure::read_measurements(folder.path(), "memory");
  REQUIRE(files.size() == 1);
  REQUIRE(files[0].rows.size() == 2);
  CHECK(files[0].rows[0].source == "https://example.org");
  Estimator estimator(catalog::Catalog::builtin());
  const measure::Outcome outcome = measure::compare(estimator, files);
  REQUIRE(outcome.comparisons.size() == 1);
  CHECK(outcome.comparisons[0].equal());
  CHECK(outcome.comparisons[0].error() == 0);
  CHECK(outcome.skipped.at("odd") == 1);
}

TEST_CASE("a bad row is named with file and line") {
  const Folder folder(std::string(kHeader) + R"({"id":"a","scenario":{"modl":"qwen3-8b"},"measured":{}})"
                                             "\n");
  CHECK_THROWS_WITH(measure::read_measurements(folder.path(), "memory"),
                    ContainsText("a.jsonl:2: unknown key 'modl'"));
}

TEST_CASE("no measurements is an error, not a perfect score") {
  const Folder folder(kHeader);
  CHECK_THROWS_AS(measure::read_measurements(folder.path(), "speed"), Error);
  CHECK_THROWS_AS(measure::read_measurements(folder.path() + "/none", "memory"), Error);
}

TEST_CASE("every cell weighs the same when asked") {
  measure::Row one, two;
  one.cell = "a";
  two.cell = "b";
  const measure::Quantity hundred{"/x", 100, 0};
  std::vector<measure::Comparison> rows{{&one, &hundred, "", 100, 90, 110},
                                        {&one, &hundred, "", 100, 90, 110},
                                        {&one, &hundred, "", 100, 90, 110},
                                        {&two, &hundred, "", 150, 140, 160}};
  std::vector<const measure::Comparison*> group;
  for (const auto& r : rows) group.push_back(&r);
  const auto by_row = measure::score(group, false);
  const auto by_cell = measure::score(group, true);
  CHECK(by_row.within_5 == Approx(0.75));
  CHECK(by_cell.within_5 == Approx(0.5));
  CHECK(by_cell.cells == 2);
  CHECK(by_row.coverage.value() == Approx(0.75));
  CHECK(by_row.p90 == Approx(0.5));
}
