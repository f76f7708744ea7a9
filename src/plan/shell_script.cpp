#include "shell_script.hpp"

#include <algorithm>
#include <cctype>

#include "shell_blocks.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::size_t kMostWords = 20000;     // of one command
constexpr std::size_t kMostCommands = 20000;  // of one script, that are kept
constexpr std::size_t kLongestWord = std::size_t{1} << 18;
constexpr int kDeepestCall = 8;
constexpr int kMostCalls = 1000;  // of functions, in one script

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

bool assignment_name(std::string_view word, std::size_t& equals, bool& append) {
  equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  append = word[equals - 1] == '+';
  const std::string_view name = word.substr(0, append ? equals - 1 : equals);
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

class Reader {
 public:
  Reader(std::string_view text, int line, Variables& variables, bool (*keep)(const std::vector<Word>&),
         Script& script, int depth = 0, Variables::Branch outer = {})
      : text_(text),
        line_(line),
        variables_(variables),
        keep_(keep),
        script_(script),
        depth_(depth),
        blocks_(script, std::move(outer)) {}

  std::vector<ShellCommand> run() {
    while (at_ < text_.size()) step();
    at_ = text_.size();
    end_command();
    if (depth_ == 0) {
      // Functions that nothing here calls are called from elsewhere.
      for (auto& [name, function] : script_.functions) {
        if (!function.called) call(function);
      }
      std::stable_sort(out_.begin(), out_.end(),
                       [](const ShellCommand& a, const ShellCommand& b) { return a.line < b.line; });
    }
    return std::move(out_);
  }

 private:
  /// Reads the body of a function with the variables of where it is called.
  void call(Script::Function& function) {
    function.called = true;
    if (depth_ >= kDeepestCall || ++script_.calls > kMostCalls) return;
    Reader inner(function.body, function.line, variables_, keep_, script_, depth_ + 1, branch());
    for (ShellCommand& command : inner.run()) {
      if (out_.size() < kMostCommands) out_.push_back(std::move(command));
    }
  }

  /// `name arguments`, where name is a function: its positional parameters are the arguments.
  bool calls_function(const std::vector<Word>& words) {
    const auto it = script_.functions.find(words[0].text);
    if (it == script_.functions.end()) return false;
    const Variables::Found before = variables_.find("@", branch());
    // "$@" of the script, whatever that is, is the function's as well.
    const bool passed_on = words.size() == 2 && (words[1].text == "$@" || words[1].text == "$*");
    if (!passed_on) variables_.set("@", {words.begin() + 1, words.end()}, true);
    call(it->second);
    if (before.set) variables_.set("@", before.words, true);
    else variables_.erase("@");
    return true;
  }

  /// The body of `name`, which begins behind the brace at or behind `at_`. @return whether there is one.
  bool function(const std::string& name) {
    std::size_t open = at_;
    while (open < text_.size() && (blank(text_[open]) || text_[open] == '\n')) ++open;
    if (open >= text_.size() || text_[open] != '{') return false;
    const std::size_t close = closing_brace(text_, open + 1);
    if (close == std::string_view::npos) return false;
    const auto lines = [&](std::size_t from, std::size_t to) {
      const std::string_view part = text_.substr(from, to - from);
      return static_cast<int>(std::count(part.begin(), part.end(), '\n'));
    };
    if (script_.functions.size() < kMostCommands)
      script_.functions[name] = {text_.substr(open + 1, close - open - 1), line_ + lines(at_, open), false};
    line_ += lines(at_, close);
    at_ = close + 1;
    return true;
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void step() {
    const char c = peek();
    if (c == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
      at_ += peek(1) == '\n' ? 2 : 3;
      ++line_;
      end_word();
      skip_comment_lines();
    } else if (blank(c)) {
      end_word();
      ++at_;
    } else if (c == '\n') {
      end_command();
      ++at_;
      ++line_;
      skip_here_documents();
    } else if (c == '#' && !in_word_) {
      while (at_ < text_.size() && peek() != '\n') ++at_;
    } else if (c == ';' || c == '|' || c == '(' || c == ')' || (c == '&' && peek(1) != '>')) {
      operators(c);
    } else if (c == '<' || c == '>' || (c == '&' && peek(1) == '>')) {
      redirection();
    } else {
      piece(c);
    }
  }

  /// A part of a word: quoted, escaped, a variable, or a plain character.
  void piece(char c) {
    begin_word();
    if (c == '\'') {
      const std::size_t end = std::min(text_.find('\'', at_ + 1), text_.size());
      const std::string_view body = text_.substr(at_ + 1, end - at_ - 1);
      add(body);
      line_ += static_cast<int>(std::count(body.begin(), body.end(), '\n'));
      at_ = std::min(end + 1, text_.size());
      quoted_ = true;
    } else if (c == '"') {
      double_quoted();
    } else if (c == '\\') {
      if (at_ + 1 < text_.size()) add(text_.substr(at_ + 1, 1));
      at_ = std::min(at_ + 2, text_.size());
    } else if (c == '`') {
      const std::size_t end = std::min(text_.find('`', at_ + 1), text_.size() - 1);
      const std::string_view written = text_.substr(at_, end + 1 - at_);
      add(written);
      word_.unresolved.emplace_back(written.substr(0, 200));
      line_ += static_cast<int>(std::count(written.begin(), written.end(), '\n'));
      at_ = std::min(end + 1, text_.size());
    } else if (c == '$') {
      parameter(false);
    } else if (c == '=' && peek(1) == '(' && plain_assignment()) {
      array();
    } else {
      std::size_t end = at_ + 1;
      while (end < text_.size() && !one_of(text_[end], " \t\r\n\\;|()&<>'\"`$=")) ++end;
      add(text_.substr(at_, end - at_));
      at_ = end;
    }
  }

  void double_quoted() {
    quoted_ = true;
    ++at_;
    while (at_ < text_.size() && peek() != '"') {
      const char c = peek();
      if (c == '\\' && at_ + 1 < text_.size()) {
        const char next = peek(1);
        if (next == '\n') ++line_;
        else if (next == '"' || next == '\\' || next == '$' || next == '`') add(text_.substr(at_ + 1, 1));
        else add(text_.substr(at_, 2));
        at_ = std::min(at_ + 2, text_.size());
      } else if (c == '$') {
        parameter(true);
      } else {
        if (c == '\n') ++line_;
        add(text_.substr(at_, 1));
        ++at_;
      }
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  void parameter(bool quoted) {
    const Parameter p = expand_parameter(text_, at_, Dialect::shell, variables_, branch());
    const std::string_view written = text_.substr(at_, p.end - at_);
    for (std::size_t i = 0; i < p.words.size(); ++i) {
      if (i > 0) next_word(p.list);
      if (p.list && p.words[i].line > 0) word_.line = p.words[i].line;
      if (quoted || !p.known || assigning_) add_word(p.words[i]);
      else add_split(p.words[i]);
    }
    // "${ARRAY[@]}" of nothing is no word at all; neither is an empty $EXTRA_ARGS.
    if (p.list && p.words.empty() && word_.text.empty()) {
      in_word_ = false;
      quoted_ = false;
    }
    line_ += static_cast<int>(std::count(written.begin(), written.end(), '\n'));
    at_ = std::min(std::max(p.end, at_ + 1), text_.size());
  }

  void next_word(bool list) {
    if (list) end_word(true);
    else add(" ");
    begin_word();
  }

  void add_word(const Word& piece) {
    if (word_.text.size() + piece.text.size() > kLongestWord) return;
    if (piece.unresolved.empty()) add(piece.text);
    else append(word_, piece);
  }

  /// Unquoted values fall apart at blanks.
  void add_split(const Word& value) {
    const auto blank_at = [&](std::size_t i) { return one_of(value.text[i], " \t\n\r"); };
    if (value.text.empty()) {
      append(word_, value);
      return;
    }
    if (blank_at(0)) end_word();
    bool first = true;
    for (const Word& piece : pieces(value)) {
      if (!first) end_word();
      begin_word();
      add_word(piece);
      first = false;
    }
    if (blank_at(value.text.size() - 1)) end_word();
  }

  /// Whether the word so far is NAME or NAME+ and stands where assignments do.
  bool plain_assignment() const {
    std::size_t equals = 0;
    bool append = false;
    return !quoted_ && assignment_name(word_.text + "=", equals, append);
  }

  /// NAME=( words )
  void array() {
    const int line = line_;
    while (keyword()) {  // then A=( ... )
    }
    std::string name = word_.text;
    in_word_ = false;
    word_ = {};
    at_ += 2;
    std::vector<Word> outer = std::move(words_);
    words_.clear();
    ++arrays_;
    while (at_ < text_.size() && !(peek() == ')' && !in_word_)) {
      if (peek() == ')') end_word();
      else if (peek() == '\n') {
        end_word();
        ++at_;
        ++line_;
      } else if (peek() == '(' || peek() == ';' || peek() == '|' || peek() == '&' || peek() == '<' ||
                 peek() == '>') {
        begin_word();
        add(text_.substr(at_, 1));
        ++at_;
      } else {
        step();
      }
    }
    end_word();
    --arrays_;
    if (at_ < text_.size()) ++at_;
    std::vector<Word> items = std::move(words_);
    words_ = std::move(outer);
    for (Word& item : items) {
      if (item.line == 0) item.line = line;
    }
    if (blocks_.dead()) return;
    if (name.ends_with('+')) {
      name.pop_back();
      variables_.append(name, std::move(items), true, branch());
    } else {
      variables_.set(name, std::move(items), true, branch());
    }
  }

  void begin_word() {
    if (in_word_) return;
    in_word_ = true;
    quoted_ = false;
    word_ = {"", line_, {}};
    assigning_ = false;
  }

  void add(std::string_view text) {
    if (word_.text.size() + text.size() <= kLongestWord) word_.text.append(text);
    if (!assigning_ && !quoted_ && text.starts_with('=')) {
      std::size_t equals = 0;
      bool append = false;
      assigning_ = assignment_name(word_.text, equals, append);
    }
  }

  void end_word(bool keep_empty = false) {
    if (!in_word_) return;
    in_word_ = false;
    if (word_.text.empty() && !quoted_ && !keep_empty) return;
    if (words_.size() < kMostWords) words_.push_back(std::move(word_));
    word_ = {};
    const std::size_t n = words_.size();
    if (n >= 3 && arrays_ == 0 && words_[n - 1].text == "in" && words_[n - 3].text == "case") {
      Word subject = std::move(words_[n - 2]);
      words_.resize(n - 3);
      end_command();
      blocks_.open_case(std::move(subject));
      skip_pattern();
    }
  }

  void operators(char c) {
    const bool after_keyword = words_.size() == 1 && words_[0].text == "function";
    if (c == '(' && (words_.empty() ? in_word_ : after_keyword)) {  // name() {
      end_word();
      const std::string name = words_.empty() ? std::string() : words_.back().text;
      words_.clear();
      while (peek() == '(' || peek() == ')' || blank(peek())) ++at_;
      function(name);
      return;
    }
    end_command();
    const bool case_end = c == ';' && peek(1) == ';';
    ++at_;
    const bool doubled = peek() == c && c != '(' && c != ')';
    if (doubled || (c == '|' && peek() == '&')) ++at_;
    if (case_end && blocks_.in_case()) skip_pattern();
  }

  void redirection() {
    // The digit ahead of it is a file descriptor.
    if (in_word_ && !quoted_ && !word_.text.empty() &&
        std::all_of(word_.text.begin(), word_.text.end(), [](char d) { return d >= '0' && d <= '9'; })) {
      in_word_ = false;
      word_ = {};
    }
    end_word();
    const bool here = peek() == '<' && peek(1) == '<' && peek(2) != '<';
    while (peek() == '<' || peek() == '>' || peek() == '&' || peek() == '|') ++at_;
    if (here && peek() == '-') ++at_;
    while (blank(peek())) ++at_;
    const std::size_t mark = words_.size();
    std::vector<Word> outer = std::move(words_);
    words_.clear();
    const std::size_t begin = at_;
    while (at_ < text_.size() && !blank(peek()) && !one_of(peek(), "\n;|&<>()")) step();
    if (at_ == begin && peek() == '(') {  // <(command)
      words_ = std::move(outer);
      return;
    }
    end_word();
    if (here && !words_.empty()) here_.push_back(words_.front().text);
    words_ = std::move(outer);
    words_.resize(std::min(mark, words_.size()));
  }

  void skip_here_documents() {
    for (const std::string& mark : here_) {
      while (at_ < text_.size()) {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        std::string_view l = text_.substr(at_, end - at_);
        while (!l.empty() && blank(l.front())) l.remove_prefix(1);
        while (!l.empty() && blank(l.back())) l.remove_suffix(1);
        at_ = std::min(end + 1, text_.size());
        ++line_;
        if (l == mark) break;
      }
    }
    here_.clear();
  }

  void skip_comment_lines() {
    for (;;) {
      std::size_t i = at_;
      while (i < text_.size() && blank(text_[i])) ++i;
      if (i >= text_.size() || text_[i] != '#') return;
      // Behind assignments alone the comment ends the command, as a shell has it; inside a command that
      // starts something people mean to leave an option out.
      if (only_assignments(words_)) end_command();
      at_ = std::min(text_.find('\n', i), text_.size());
      if (at_ < text_.size()) ++at_;
      ++line_;
    }
  }

  static bool only_assignments(const std::vector<Word>& words) {
    return !words.empty() && std::all_of(words.begin(), words.end(), [&](const Word& word) {
      std::size_t equals = 0;
      bool append = false;
      return declares(word.text) || assignment_name(word.text, equals, append);
    });
  }

  static bool declares(std::string_view word) {
    return word == "export" || word == "declare" || word == "local" || word == "readonly" ||
           word == "typeset";
  }

  /// Behind `in` and `;;` of a case stands a pattern up to its bracket.
  void skip_pattern() {
    std::size_t i = at_;
    while (i < text_.size() && (blank(text_[i]) || text_[i] == '\n')) ++i;
    if (text_.substr(i, 4) == "esac") return;
    const std::size_t end = text_.find(')', i);
    if (end == std::string_view::npos || end - i > 500) return;
    const std::string_view skipped = text_.substr(at_, end - at_);
    line_ += static_cast<int>(std::count(skipped.begin(), skipped.end(), '\n'));
    blocks_.pattern(text_.substr(i, end - i));
    at_ = end + 1;
  }

  const Variables::Branch& branch() const { return blocks_.branch(); }

  /// Words that shape the script. @return whether the first word was one, and is gone.
  bool keyword() {
    if (words_.empty()) return false;
    const std::string& word = words_.front().text;
    if (word == "if") {
      blocks_.open_if();
    } else if (word == "while" || word == "until") {
      blocks_.open_loop();
    } else if (word == "then") {
      blocks_.then();
    } else if (word == "elif" || word == "else") {
      blocks_.otherwise(word == "elif");
    } else if (word == "!") {
      blocks_.negated();
    } else if (word == "fi" || word == "done" || word == "esac") {
      blocks_.close();
      words_.clear();
      return true;
    } else if (word == "for" || word == "select") {
      blocks_.open_loop();
      if (words_.size() > 3 && words_[2].text == "in") {
        for (std::size_t i = 3; i < words_.size(); ++i) {
          Variables::Branch one = branch();
          one.push_back(blocks_.next_number());
          variables_.set(words_[1].text, {words_[i]}, false, words_.size() == 4 ? branch() : one);
        }
      }
      words_.clear();
      return true;
    } else if (word != "do" && word != "{" && word != "}") {
      return false;
    }
    words_.erase(words_.begin());
    return true;
  }

  void end_command() {
    end_word();
    if (arrays_ > 0) return;
    while (keyword()) {
    }
    if (words_.empty()) return;
    std::vector<Word> words = std::move(words_);
    words_.clear();
    if (blocks_.in_condition()) blocks_.condition(words);
    if (words.size() > 1 && words[0].text == "function") {  // function name {
      if (words.back().text == "{" && at_ > 0) {
        at_ = text_.rfind('{', at_ - 1);
        function(words[1].text);
      }
      return;
    }
    if (words.size() > 1 && words[0].text == "set" && words[1].text == "--") {
      variables_.set("@", {words.begin() + 2, words.end()}, true, branch());
      return;
    }
    // What surely does not run sets nothing; starts in it are told all the same.
    if (blocks_.dead() && only_assignments(words)) return;
    const bool declaring = declares(words[0].text);
    std::size_t first = declaring ? 1 : 0;
    std::vector<std::pair<std::string, Word>> own;
    for (; first < words.size(); ++first) {
      std::size_t equals = 0;
      bool append = false;
      const std::string& text = words[first].text;
      if (declaring && text.starts_with('-')) continue;
      if (!assignment_name(text, equals, append)) {
        if (declaring) continue;
        break;
      }
      Word value{text.substr(equals + 1), words[first].line, words[first].unresolved, words[first].where};
      for (std::size_t& at : value.where) at = at > equals ? at - equals - 1 : 0;
      const std::string name = text.substr(0, append ? equals - 1 : equals);
      if (append) variables_.append(name, {value}, false, branch());
      else own.emplace_back(name, std::move(value));
    }
    if (first >= words.size()) {
      for (auto& [name, value] : own) variables_.set(name, {std::move(value)}, false, branch());
      return;
    }
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(first));
    if (words[0].text == "shift") return shift(words);
    if (calls_function(words)) return;
    if (out_.size() >= kMostCommands || (keep_ && !keep_(words))) return;
    ShellCommand command{std::move(words), variables_, 0};
    command.line = command.words.front().line;
    for (auto& [name, value] : own) command.variables.set(name, {std::move(value)}, false);
    out_.push_back(std::move(command));
  }

  void shift(const std::vector<Word>& words) {
    Variables::Found all = variables_.find("@", branch());
    if (!all.set) return;
    const std::size_t n =
        words.size() > 1 && words[1].text.size() == 1 && words[1].text[0] > '0' && words[1].text[0] <= '9'
            ? static_cast<std::size_t>(words[1].text[0] - '0')
            : 1;
    all.words.erase(all.words.begin(),
                    all.words.begin() + static_cast<std::ptrdiff_t>(std::min(n, all.words.size())));
    variables_.set("@", std::move(all.words), true);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_;
  Variables& variables_;
  bool (*keep_)(const std::vector<Word>&);
  Script& script_;
  int depth_;
  std::vector<ShellCommand> out_;
  std::vector<Word> words_;
  Word word_;
  bool in_word_ = false;
  bool quoted_ = false;
  bool assigning_ = false;
  int arrays_ = 0;
  std::vector<std::string> here_;
  Blocks blocks_;
};

}  // namespace

std::vector<ShellCommand> read_shell(std::string_view text, int first_line, Variables& variables,
                                     bool (*keep)(const std::vector<Word>&)) {
  Script script;
  return Reader(text, first_line, variables, keep, script).run();
}

std::vector<Word> split_words(std::string_view text, int first_line) {
  std::vector<Word> words;
  Word word;
  bool in_word = false;
  int line = first_line;
  const auto begin = [&] {
    if (!in_word) word = {"", line, {}};
    in_word = true;
  };
  const auto end = [&] {
    if (in_word && words.size() < kMostWords) words.push_back(std::move(word));
    in_word = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      end();
      ++line;
    } else if (blank(c)) {
      end();
    } else if (c == '#' && !in_word) {
      while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
    } else if (c == '\\' && i + 1 < text.size()) {
      ++i;
      if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      if (text[i] == '\n') {
        end();
        ++line;
      } else {
        begin();
        word.text += text[i];
      }
    } else if (c == '\'' || c == '"') {
      begin();
      for (++i; i < text.size() && text[i] != c; ++i) {
        if (c == '"' && text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\'))
          ++i;
        if (text[i] == '\n') ++line;
        word.text += text[i];
      }
    } else {
      begin();
      word.text += c;
    }
  }
  end();
  return words;
}

}  // namespace qwenfit::plan
