// The user's own files: the first byte chooses, 'c' calibration.json, else config.json.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/settings.hpp"
#include "measure/calibrate.hpp"
#include "qwenfit/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qwenfit;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] != 'c') {
      cli::read_settings(text, "config.json");
      return 0;
    }
    const auto all = measure::read_measurements_kept(text, "calibration.json");
    for (const measure::KeptMeasurement& kept : all) {
      if (!(kept.row.measured > 0) || !(kept.row.predicted > 0)) __builtin_trap();
    }
    if (measure::read_measurements_kept(measure::write_measurements_kept(all), "again").size() != all.size())
      __builtin_trap();
  } catch (const Error&) {  // a sentence is an answer
    return 0;
  }
  return 0;
}
