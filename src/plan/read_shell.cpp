// Shell scripts: every command that starts an engine.
#include "readers.hpp"

namespace qwenfit::plan {

void read_shell_file(const Source& source) {
  Variables variables;
  for (const auto& [name, value] : source.options.variables) variables.set(name, value);
  Deployment base;
  base.file = source.file;
  for (const Launch& launch : launches_of_script(source.text, 1, variables)) add_launch(launch, base, source);
}

}  // namespace qwenfit::plan
