// Files of Make, just, Nix, cmd.exe, PowerShell and PM2 as text that reads like a shell script.
#pragma once

#include <string>
#include <string_view>

#include "shell_value.hpp"

namespace qwenfit::plan {

/// `text` of `file`, whose name says what it is, with its variables, line ends and paths as a shell has them;
/// lines keep their numbers. Other files stay as they are.
/// @param variables receives what the file assigns in its own way.
std::string as_shell(std::string_view file, std::string_view text, Variables& variables);

}  // namespace qwenfit::plan
