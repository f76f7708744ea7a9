// A checkpoint or an adapter: its configuration in the first line, a safetensors header behind it.
#include "model_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string all = fuzz::text(data, size);
  const std::size_t end = all.find('\n');
  if (end == std::string::npos || end == 0) return 0;
  const std::string rest = all.substr(end + 1);
  std::istringstream in(rest);
  try {
    qwenfit::input::ModelFile file =
        qwenfit::input::read_safetensors(in, static_cast<qwenfit::Bytes>(rest.size()), "fuzz");
    file.config = all.substr(0, end);
    file.config_path = "config.json";
    // The last word of an adapter's configuration is its own.
    if (file.config.find("base_model_name_or_path") != std::string::npos) file.kind = "adapter";
    fuzz::make_model(std::move(file));
  } catch (const qwenfit::Error&) {
  }
  return 0;
}
