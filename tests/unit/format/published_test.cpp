// Counts and sizes of published quantized repositories.
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "qwenfit/format.hpp"

using namespace qwenfit;

TEST_CASE("element counts of published quantized repositories") {
  const catalog::Catalog& all = catalog::Catalog::builtin();
  int fp8 = 0;
  int integer = 0;
  int exceptions = 0;
  for (const catalog::Model* model : all.models()) {
    for (const std::string& problem : format::check_published(all, *model)) FAIL_CHECK(problem);
    for (const catalog::PublishedCount& count : model->published_counts) {
      if (count.of == "fp8-checkpoint") ++fp8;
      if (count.of.find("-unpacked") != std::string_view::npos) {
        ++integer;
        exceptions += count.exception.empty() ? 0 : 1;
      }
    }
  }
  fmt::print("FP8 {} repositories, GPTQ and AWQ {}, of these {} listed as exceptions\n", fp8, integer,
             exceptions);
  CHECK(fp8 >= 22);
  CHECK(integer >= 35);
  CHECK(exceptions <= 1);
}

TEST_CASE("a wrong count is found") {
  const catalog::Catalog& all = catalog::Catalog::builtin();
  const auto problems_with = [&](std::string_view of, std::int64_t elements, std::string_view exception) {
    const catalog::PublishedCount count{"somebody/Qwen3-8B", elements, of, "a test", exception};
    catalog::Model model = *all.model("qwen3-8b");
    model.published_counts = {&count, 1};
    return format::check_published(all, model).size();
  };
  CHECK(problems_with("fp8-checkpoint", 8'191'159'296, "") == 0);
  CHECK(problems_with("fp8-checkpoint", 8'191'159'297, "") == 1);
  CHECK(problems_with("fp8-checkpoint", 8'191'159'297, "a tensor more") == 0);
  CHECK(problems_with("fp8-checkpoint", 8'191'159'296, "not so") == 1);
  CHECK(problems_with("awq-int4-unpacked", 8'190'735'360, "") == 0);
  CHECK(problems_with("no-such-format-unpacked", 8'190'735'360, "") == 1);
  CHECK(problems_with("checkpoint", 1, "") == 0);  // the model room's
}

TEST_CASE("tensor bytes of the official FP8 repositories") {
  // Values + 2 x what stays in 16 bit + 2 x scales, fixed by the published element counts.
  const std::vector<std::pair<std::string, Bytes>> repositories = {
      {"qwen3-0.6b", 1'062'916'608},
      {"qwen3-1.7b", 2'654'365'696},
      {"qwen3-4b", 5'189'976'192},
      {"qwen3-8b", 9'436'551'168},
      {"qwen3-235b-a22b", 236'416'915'456},
      {"qwen3-4b-instruct-2507", 5'189'976'192},
      {"qwen3-30b-a3b-instruct-2507", 31'170'895'872},
      {"qwen3-235b-a22b-instruct-2507", 236'416'915'456},
      {"qwen3-235b-a22b-thinking-2507", 236'416'915'456},
      {"qwen3-coder-30b-a3b-instruct", 31'170'895'872},
      {"qwen3-next-80b-a3b-instruct", 82'023'025'792},
      {"qwen3-coder-next", 80'362'904'064},
      {"qwen3-vl-2b-instruct", 3'468'279'808},
      {"qwen3-vl-4b-instruct", 6'020'671'616},
      {"qwen3-vl-8b-instruct", 10'589'327'840},
      {"qwen3-vl-235b-a22b-instruct", 237'569'692'128},
      {"qwen3.5-27b", 30'866'663'264},
      {"qwen3.5-35b-a3b", 37'454'789'472},
      {"qwen3.5-122b-a10b", 127'152'299'488},
      {"qwen3.5-397b-a17b", 406'125'164'000},
      {"qwen3.6-27b", 30'866'663'264},
      {"qwen3.6-35b-a3b", 37'454'789'472},
  };
  const catalog::Catalog& all = catalog::Catalog::builtin();
  for (const auto& [id, bytes] : repositories) {
    INFO(id);
    CHECK(format::quantize(all, *all.model(id), *all.format("fp8")).total() == bytes);
  }
  CHECK(repositories.size() == 22);
  // Qwen3.8-27B-FP8: 30,866,866,928 bytes on disk, 203,664 of them headers.
  CHECK(format::quantize(all, *all.model("qwen3.8-27b"), *all.format("fp8")).total() ==
        30'866'866'928 - 203'664);
}
