// Files of any shape: the first line is the file's name, the rest its text.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "read_check_report.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(input.find('\n'), input.size());
  qwenfit::read_check_report(std::string(input.substr(0, line)), input.substr(std::min(line + 1, size)));
  return 0;
}
