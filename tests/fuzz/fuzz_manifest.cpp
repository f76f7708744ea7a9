// A file that lists others: an index of safetensors files, a manifest of Ollama, or whatever else a path may
// hold.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "model_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace fs = std::filesystem;
  static const fs::path folder = fs::temp_directory_path() / ("qwenfit-fuzz-" + std::to_string(getpid()));
  static const bool made = fs::create_directories(folder);
  (void)made;
  for (const char* name : {"model.safetensors.index.json", "manifest"}) {
    const fs::path path = folder / name;
    std::ofstream(path, std::ios::binary) << fuzz::text(data, size);
    try {
      fuzz::make_model(qwenfit::input::read_model(qwenfit::catalog::Catalog::builtin(), path.string()));
    } catch (const qwenfit::Error&) {
    }
    fs::remove(path);
  }
  return 0;
}
