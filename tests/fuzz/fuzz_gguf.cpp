// Headers of gguf files.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  try {
    const qwenfit::input::ModelFile file = qwenfit::input::read_gguf(
        qwenfit::catalog::Catalog::builtin(), in, static_cast<qwenfit::Bytes>(size), "fuzz");
    if (file.tensor_bytes() < 0 || file.tensors.size() > size) __builtin_trap();
  } catch (const qwenfit::Error&) {  // what a damaged file should give
  }
  return 0;
}
