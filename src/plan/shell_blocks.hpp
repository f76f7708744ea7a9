// Which commands of a script run: `if`, `case` and loops, as far as their conditions are known. Nothing is
// executed: a test is decided when it compares texts or numbers that stand in the script.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell_value.hpp"

namespace qwenfit::plan {

/// What `[ ... ]`, `[[ ... ]]` or `test ...` comes to; nothing when it asks for files, commands or variables
/// that nothing sets.
std::optional<bool> test_result(const std::vector<Word>& words);

/// Whether `text` matches a shell pattern with `*`, `?` and sets.
bool matches_pattern(std::string_view pattern, std::string_view text);

/// The index of the brace that closes the group whose body begins at `at`; npos when none does. Braces of
/// variables, quotes and comments are none.
std::size_t closing_brace(std::string_view text, std::size_t at);

/// What the readers of a script and of its functions share.
struct Script {
  struct Function {
    std::string_view body;
    int line = 0;
    bool called = false;
  };
  std::map<std::string, Function> functions;
  int calls = 0;
  int branches = 0;          ///< numbers given to branches
  std::size_t searched = 0;  ///< bytes looked through for braces that never close
  std::size_t kept = 0;      ///< variables, with every command that is kept
};

/// The blocks that are open where a script is read.
class Blocks {
 public:
  Blocks(Script& script, Variables::Branch outer) : script_(script), outer_(std::move(outer)) { update(); }

  void open_if() { open(Kind::condition, Alive::unknown); }
  void open_loop() { open(Kind::loop, Alive::unknown); }
  /// `case word in`.
  void open_case(Word word);
  /// A command between `if` and `then`.
  void condition(const std::vector<Word>& command);
  void negated();
  void then();
  void otherwise(bool with_condition);  ///< else, elif
  /// "a|b)" of a case.
  void pattern(std::string_view text);
  void close();  ///< fi, done, esac

  /// Whether commands here are known not to run.
  bool dead() const { return dead_; }
  bool in_condition() const { return !open_.empty() && open_.back().pending; }
  bool in_case() const { return !open_.empty() && open_.back().kind == Kind::choice; }
  /// The branches of which it is not known whether they run.
  const Variables::Branch& branch() const { return branch_; }
  int next_number() { return ++script_.branches; }

 private:
  enum class Kind : std::uint8_t { condition, choice, loop };
  enum class Alive : std::uint8_t { yes, no, unknown };
  struct Block {
    Kind kind;
    Alive alive;
    int number;
    bool pending = false;       ///< between `if` and `then`
    bool taken = false;         ///< an earlier branch is known to run
    bool may_be_taken = false;  ///< an earlier branch may run
    int conditions = 0;
    std::optional<bool> result{};
    Word word{};  ///< of a case
  };
  void open(Kind kind, Alive alive);
  void update();
  void set(Block& block, std::optional<bool> runs);

  Script& script_;
  Variables::Branch outer_;
  std::vector<Block> open_;
  Variables::Branch branch_;
  bool dead_ = false;
};

}  // namespace qwenfit::plan
