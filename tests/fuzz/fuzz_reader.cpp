// One reader: QWENFIT_FUZZ_FILE is the name that chooses it.
#include <cstddef>
#include <cstdint>

#include "read_check_report.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  qwenfit::read_check_report(QWENFIT_FUZZ_FILE, {reinterpret_cast<const char*>(data), size});
  return 0;
}
