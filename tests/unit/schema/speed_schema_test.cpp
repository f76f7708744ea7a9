#include "catch.hpp"
#include "validator.hpp"

namespace {

/// `text` with the first `from` replaced.
std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the constants of the speed model are valid") {
  const std::string model = repository_file("data/speed/model.json");
  CHECK(violation("speed", model) == "");
  CHECK(violation("speed", with(model, "\"e_memory\"", "\"e_memry\"")) != "");
  CHECK(violation("speed", with(model, "\"coverage\": ", "\"coverage\": 1")) != "");
  CHECK(violation("speed", with(model, "decode cell: ", "decoding cell: ")) != "");
  CHECK(violation("speed", with(model, "\"variance\":", "\"variance\":-")) != "");
}
