// config.json alone.
#include "model_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  qwenfit::input::ModelFile file;
  file.kind = "configuration";
  file.config_path = "config.json";
  file.config = fuzz::text(data, size);
  if (file.config.empty()) return 0;
  try {
    fuzz::make_model(std::move(file));
  } catch (const qwenfit::Error&) {
  }
  return 0;
}
