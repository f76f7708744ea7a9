#include "cli/settings.hpp"

#include "catch.hpp"
#include "qwenfit/error.hpp"

using namespace qwenfit;
using cli::read_settings;

namespace {

void refused(const std::string& text, const std::string& words) {
  CHECK_THROWS_WITH(read_settings(text, "config.json"), ContainsText("config.json: ") && ContainsText(words));
}

}  // namespace

TEST_CASE("settings are read, what is not there stays as it is") {
  const cli::Settings none = read_settings("{}", "f");
  CHECK(none.units == "GiB");
  CHECK(none.color == "auto");
  CHECK(none.default_device.empty());
  const cli::Settings some = read_settings(
      R"({"$schema": "x", "default_device": "2x rtx-4090", "default_host": "89.6GB/s,64GiB", "units": "GB", "color": "never"})",
      "f");
  CHECK(some.default_device == "2x rtx-4090");
  CHECK(some.default_host == "89.6GB/s,64GiB");
  CHECK(some.units == "GB");
  CHECK(some.color == "never");
}

TEST_CASE("errors in the settings name the file, the key and the nearest right thing") {
  refused("", "not valid JSON");
  refused("[]", "is not an object");
  refused(R"({"defualt_device": "auto"})", "unknown key 'defualt_device': did you mean default_device?");
  refused(R"({"units": "gb"})", "units: unknown value 'gb': did you mean GB or GiB?");
  refused(R"({"units": 1})", "units is not a text");
  refused(R"({"color": "pink"})", "it is one of auto, always or never");
  refused(R"({"default_device": ")" + std::string(300, 'x') + "\"}", "longer than any name");
}
