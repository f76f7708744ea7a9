// A start command for a shell.
#include <fmt/format.h>

#include "command.hpp"

namespace qwenfit::report {
namespace {

std::string exports(const plan::StartCommand& c) {
  std::string out;
  for (const auto& [name, value] : c.environment)
    out += fmt::format("export {}={}\n", name, shell_word(value));
  return out;
}

/// The Modelfile, the server's environment, the server, and the model put into it.
std::string ollama_script(const plan::StartCommand& c) {
  std::string out = "cat > Modelfile <<'EOF'\n";
  for (const std::string& line : c.modelfile) out += line + "\n";
  out += fmt::format("EOF\n{}ollama serve &\n", exports(c));
  out += "until ollama list > /dev/null 2>&1; do sleep 1; done\n";
  return out + fmt::format("ollama create {} -f Modelfile\n", shell_word(c.served_name));
}

}  // namespace

std::string command_shell(const plan::StartCommand& c, const Estimate& e) {
  std::string out = "#!/bin/sh\n" + command_comments(c, e);
  if (!c.modelfile.empty()) return out + ollama_script(c);
  out += exports(c);
  for (std::size_t i = 0; i < c.program.size(); ++i) out += (i ? " " : "") + shell_word(c.program[i]);
  for (const auto& option : c.options) {
    out += " \\\n ";
    for (const std::string& word : option) out += " " + shell_word(word);
  }
  return out + "\n";
}

}  // namespace qwenfit::report
