// Outputs of benchmarks, of all programs and forms, and what is made of them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "measure/bench.hpp"
#include "measure/calibrate.hpp"
#include "qwenfit/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qwenfit;
  try {
    const measure::Bench bench = measure::read_bench({reinterpret_cast<const char*>(data), size}, "bench");
    measure::CalibrateOptions options{{}, "bench", "2026-11-27", "fuzz", false};
    options.given.model = "qwen3-0.6b";
    options.given.devices = {{"rtx-4090", 1}};
    int tried = 0;
    for (const measure::BenchRow& row : bench.rows) {
      if (!(row.tok_s > 0)) __builtin_trap();
      if (++tried > 4) break;
      // As `calibrate` has it, and with what the file names.
      static Estimator estimator(catalog::Catalog::builtin());
      for (const bool named : {true, false}) {
        std::vector<std::string> notes;
        try {
          const measure::KeptMeasurement kept =
              measure::calibrate(estimator, row, named ? options : measure::CalibrateOptions{}, notes);
          if (!(kept.row.predicted > 0)) __builtin_trap();
          std::vector<measure::KeptMeasurement> all;
          measure::keep(all, kept);
          if (measure::read_measurements_kept(measure::write_measurements_kept(all), "kept").size() != 1)
            __builtin_trap();
        } catch (const Error&) {  // no such model, device ...
          continue;
        }
      }
    }
  } catch (const Error&) {  // a sentence is an answer
    return 0;
  }
  return 0;
}
