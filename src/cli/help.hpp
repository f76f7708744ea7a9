// The help of a command: what it is for, its options by subject, and examples that work.
#pragma once

#include <CLI/CLI.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "report/screen.hpp"

namespace qwenfit::cli {

struct Example {
  std::string_view question;  ///< "Does an 8B model fit a 4090?"
  std::string_view command;   ///< a line for the shell
};

/// The examples that the help of `app` ends with. The tests run every one of them.
void add_examples(CLI::App& app, std::initializer_list<Example> examples);

/// One entry of a list: `names`, and `text` wrapped beside it from `column` on, or below where the names are
/// too long.
void add_entry(std::string& out, const std::string& names, const std::string& text,
               const report::Style& style, int column);

std::string help_text(const CLI::App& app, const report::Style& style);

/// What `--help` prints: the help, its section of the manual page, or, a line each for a shell that completes
/// them, the names of the options or the words that one of them takes.
enum class HelpForm : std::uint8_t { text, man, names, words };

/// Sets the form for the rest of the run. @param prefix of the names: those that begin otherwise are left out
void set_help_form(HelpForm form, std::string prefix);

/// What a command says of the value of an option.
struct OptionWords {
  bool takes_value = false;        ///< there is such an option, and something follows it
  std::vector<std::string> words;  ///< it is one of these; empty: any text
};

/// Asks for the words of this option instead of the help. @param option "--as"; "": the command's first word
void ask_for_words(std::string option);

/// What the command answered, after it ran with `--help`.
const OptionWords& words_told();

/// The help of `app` in the form that was set.
std::string requested_help(const CLI::App& app, const report::Style& style);

}  // namespace qwenfit::cli
