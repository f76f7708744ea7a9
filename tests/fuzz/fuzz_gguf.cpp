// GGUF headers, and the models they describe.
#include "model_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(fuzz::text(data, size));
  try {
    qwenfit::input::ModelFile file = qwenfit::input::read_gguf(qwenfit::catalog::Catalog::builtin(), in,
                                                               static_cast<qwenfit::Bytes>(size), "fuzz");
    if (file.tensor_bytes() < 0 || file.tensors.size() > size) __builtin_trap();
    fuzz::make_model(std::move(file));
  } catch (const qwenfit::Error&) {  // what a damaged file should give
  }
  return 0;
}
