// Values of variables in shell scripts, compose files and container environments, and their expansion as
// text. Nothing is executed: what only a running shell could tell stays as it was written and is named.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace qwenfit::plan {

/// Longer values than this are no settings: `A=$B$B B=$C$C ...` would grow without end.
constexpr std::size_t kLongestValue = std::size_t{1} << 16;

/// Bytes looked through for brackets, braces and ends of documents that never come, in one text.
constexpr std::size_t kMostSearchedInVain = std::size_t{64} << 20;

/// A word of a command line after expansion.
struct Word {
  std::string text;
  int line = 0;
  std::vector<std::string> unresolved{};  ///< what in it could not be told: "$MODEL", "$(nproc)"
  std::vector<std::size_t> where{};       ///< of each of these, the byte of `text` it stands at
  bool literal = false;                   ///< a shell has read it: a `$` that is left in it is itself
};

/// Appends `from` to the text of `to`, with what is unresolved in it.
void append(Word& to, const Word& from);

/// What stands in a word from byte `at` on.
Word tail(const Word& word, std::size_t at);

/// The pieces of a word at its blanks, each with what is unresolved in it.
std::vector<Word> pieces(const Word& word);

/// The text of `words` with blanks between them; no longer than a value is read.
std::string joined(const std::vector<Word>& words);

/// A text after expansion.
using Expanded = Word;

/// What is known of variables while a script is read. Assignments inside branches (`if`, `case`, loops) are
/// kept apart: which of them runs is not known.
class Variables {
 public:
  /// The branch that is being read: one number for every open `if`, `case` or loop.
  using Branch = std::vector<int>;

  void set(const std::string& name, std::vector<Word> words, bool list, const Branch& branch = {});
  void set(const std::string& name, const std::string& text, int line = 0);
  void append(const std::string& name, std::vector<Word> words, bool list, const Branch& branch);
  /// A variable that exists but whose value is not in the file (valueFrom, a positional parameter).
  void set_unknown(const std::string& name);
  void erase(const std::string& name) { assignments_.erase(name); }
  std::size_t size() const { return assignments_.size(); }

  std::size_t searched = 0;  ///< bytes looked through for brackets that never close

  struct Found {
    bool set = false;
    bool list = false;
    std::vector<Word> words;  ///< one word unless a list
    std::string doubt;        ///< other values that other branches give it
  };
  Found find(const std::string& name, const Branch& branch = {}) const;
  /// The text of a variable that is known for certain, else empty.
  std::string text(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  struct Assignment {
    Branch branch;
    bool list;
    std::vector<Word> words;
  };
  std::map<std::string, std::vector<Assignment>> assignments_;
};

/// How variables are written.
enum class Dialect {
  shell,       ///< $X, ${X:-d}, $(command), arrays
  compose,     ///< $X, ${X:-d}; $$ is a dollar sign
  kubernetes,  ///< $(X); $$ is a dollar sign
  systemd,     ///< $X, ${X}; $$ is a dollar sign
};

/// The piece of text behind a `$` at `at`: sets `end` to the first byte behind it. Words are several for a
/// list.
struct Parameter {
  std::vector<Word> words;
  bool list = false;
  bool known = true;  ///< false: a lone `$`, which is itself
  std::size_t end = 0;
};
Parameter expand_parameter(std::string_view text, std::size_t at, Dialect dialect, Variables& variables,
                           const Variables::Branch& branch, int depth = 0);

/// Expands every variable of `text`, which is one word whatever it holds.
Expanded expand(std::string_view text, Dialect dialect, Variables& variables,
                const Variables::Branch& branch = {}, int depth = 0);

}  // namespace qwenfit::plan
