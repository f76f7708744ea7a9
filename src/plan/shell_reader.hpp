// The reader behind read_shell: one pass over the text. Characters become words (shell_reader.cpp), words
// become commands, assignments and blocks (shell_commands.cpp).
#pragma once

#include "shell_blocks.hpp"
#include "shell_script.hpp"

namespace qwenfit::plan {

constexpr std::size_t kMostWords = 20000;  // of one command

constexpr bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/// Which commands are wanted; null: all.
using Keep = bool (*)(const std::vector<Word>&);

class ShellReader {
 public:
  ShellReader(std::string_view text, int line, Variables& variables, Keep keep, Script& script, int depth = 0,
              Variables::Branch outer = {})
      : text_(text),
        line_(line),
        variables_(variables),
        keep_(keep),
        script_(script),
        depth_(depth),
        blocks_(script, std::move(outer)) {}

  std::vector<ShellCommand> run();

 private:
  // --- Characters -> words -----------------------------------------------------------------------------
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void step();
  /// A part of a word: quoted, escaped, a variable, or a plain character.
  void piece(char c);
  void single_quoted();
  void double_quoted();
  void backquoted();
  void parameter(bool quoted);
  void begin_word();
  void next_word(bool list);
  void end_word(bool keep_empty = false);
  void add(std::string_view text);
  void add_word(const Word& piece);
  /// Unquoted values fall apart at blanks.
  void add_split(const Word& value);
  void redirection();
  void skip_here_documents();
  void skip_comment_lines();

  // --- Words -> commands ---------------------------------------------------------------------------------
  void operators(char c);
  void end_command();
  void add_command(std::vector<Word> words);
  /// Words that shape the script. @return whether the first word was one, and is gone.
  bool keyword();
  /// for NAME in words
  void loop_variable();
  /// Behind `in` and `;;` of a case stands a pattern up to its bracket.
  void skip_pattern();
  /// Whether the word so far is NAME or NAME+ and stands where assignments do.
  bool plain_assignment() const;
  /// NAME=( words )
  void array();
  void shift(const std::vector<Word>& words);
  const Variables::Branch& branch() const { return blocks_.branch(); }

  // --- Functions -----------------------------------------------------------------------------------------
  /// The body of `name`, which begins behind the brace at or behind `at_`. @return whether there is one.
  bool function(const std::string& name);
  /// Reads the body of a function with the variables of where it is called.
  void call(Script::Function& function);
  /// `name arguments`, where name is a function: its positional parameters are the arguments.
  bool calls_function(const std::vector<Word>& words);

  std::string_view text_;
  std::size_t at_ = 0;
  int line_;
  Variables& variables_;
  Keep keep_;
  Script& script_;
  int depth_;  ///< of functions that call functions
  std::vector<ShellCommand> out_;
  std::vector<Word> words_;  ///< of the command that is being read
  Word word_;                ///< that is being read, where `in_word_`
  bool in_word_ = false;
  bool quoted_ = false;            ///< a part of the word is
  bool assigning_ = false;         ///< the word is NAME=... so far
  int arrays_ = 0;                 ///< open brackets of NAME=( )
  std::vector<std::string> here_;  ///< marks of here-documents that begin behind this line
  Blocks blocks_;
};

/// Whether `word` is NAME=... or NAME+=...: where its equals sign stands, and whether it appends.
bool assignment_name(std::string_view word, std::size_t& equals, bool& append);

/// Whether all of `words` are assignments, or what declares them.
bool only_assignments(const std::vector<Word>& words);

/// export, declare, local ...
bool declares(std::string_view word);

}  // namespace qwenfit::plan
