// Shell text as a list of simple commands with their variables put in. It is read, never executed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shell_value.hpp"

namespace qwenfit::plan {

/// One simple command: words behind the assignments that stand ahead of it.
struct ShellCommand {
  std::vector<Word> words;
  Variables variables;  ///< as known when it would run, its own assignments included
  int line = 0;
};

/// The commands of `text`. Words end at operators and redirections; comment lines inside a continued command
/// are left out; here-documents are skipped.
/// @param first_line the line of the file that `text` begins in.
/// @param variables what is known before; receives the assignments of the script.
/// @param keep says which commands are wanted, from their words: others are not copied.
std::vector<ShellCommand> read_shell(std::string_view text, int first_line, Variables& variables,
                                     bool (*keep)(const std::vector<Word>&));

/// The words of one command line in which nothing but quotes and backslashes has a meaning (systemd,
/// a compose command as one string). Comment lines are left out.
std::vector<Word> split_words(std::string_view text, int first_line);

}  // namespace qwenfit::plan
