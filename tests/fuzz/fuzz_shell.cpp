// Shell text and the words of engines' command lines.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plan/launch.hpp"
#include "plan/options.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qwenfit::plan;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Variables variables;
  for (const Launch& launch : launches_of_script(input, 1, variables)) {
    const ParsedOptions parsed = parse_options(launch.engine, launch.args);
    if (parsed.settings.size() > launch.args.size() * 8 + 8) __builtin_trap();
  }
  for (const Dialect dialect : {Dialect::shell, Dialect::compose, Dialect::kubernetes, Dialect::systemd}) {
    if (expand(input.substr(0, 4096), dialect, variables).text.size() > (std::size_t{1} << 20))
      __builtin_trap();
  }
  split_words(input, 1);
  return 0;
}
