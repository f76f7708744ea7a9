#include <filesystem>

#include "catch.hpp"
#include "validator.hpp"

TEST_CASE("every file of data/benchmarks is valid") {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(QWENFIT_SOURCE_DIR) + "/data/benchmarks")) {
    const std::string file = "data/benchmarks/" + entry.path().filename().string();
    INFO(file);
    CHECK(violation("benchmarks", repository_file(file)) == "");
    ++files;
  }
  CHECK(files > 30);
  CHECK(violation("benchmarks", R"({"scores": [{"model": "qwen3-8b"}]})") != "");
}
