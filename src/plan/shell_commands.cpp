// Words of a script -> commands, assignments, blocks and functions.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "qwenfit/error.hpp"
#include "shell_reader.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::size_t kMostCommands = 20000;  // of one script, that are kept
constexpr std::size_t kMostKept = 500'000;    // variables, with every command that is kept
constexpr int kDeepestCall = 8;
constexpr int kMostFunctionCalls = 1000;  // of functions, in one script

}  // namespace

bool assignment_name(std::string_view word, std::size_t& equals, bool& append) {
  equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  append = word[equals - 1] == '+';
  const std::string_view name = word.substr(0, append ? equals - 1 : equals);
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

bool only_assignments(const std::vector<Word>& words) {
  return !words.empty() && std::all_of(words.begin(), words.end(), [&](const Word& word) {
    std::size_t equals = 0;
    bool append = false;
    return declares(word.text) || assignment_name(word.text, equals, append);
  });
}

bool declares(std::string_view word) {
  return word == "export" || word == "declare" || word == "local" || word == "readonly" || word == "typeset";
}

std::vector<ShellCommand> ShellReader::run() {
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

void ShellReader::call(Script::Function& function) {
  function.called = true;
  if (depth_ >= kDeepestCall || ++script_.calls > kMostFunctionCalls) return;
  ShellReader inner(function.body, function.line, variables_, keep_, script_, depth_ + 1, branch());
  for (ShellCommand& command : inner.run()) {
    if (out_.size() < kMostCommands) out_.push_back(std::move(command));
  }
}

bool ShellReader::calls_function(const std::vector<Word>& words) {
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

bool ShellReader::function(const std::string& name) {
  std::size_t open = at_;
  while (open < text_.size() && (blank(text_[open]) || text_[open] == '\n')) ++open;
  if (open >= text_.size() || text_[open] != '{' || script_.searched > kMostSearchedInVain) return false;
  const std::size_t close = closing_brace(text_, open + 1);
  if (close == std::string_view::npos) {
    script_.searched += text_.size() - open;
    return false;
  }
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

bool ShellReader::plain_assignment() const {
  std::size_t equals = 0;
  bool append = false;
  return !quoted_ && assignment_name(word_.text + "=", equals, append);
}

void ShellReader::array() {
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

void ShellReader::operators(char c) {
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

void ShellReader::skip_pattern() {
  std::size_t i = at_;
  while (i < text_.size() && (blank(text_[i]) || text_[i] == '\n')) ++i;
  if (text_.substr(i, 4) == "esac") return;
  std::size_t end = text_.substr(std::min(i, text_.size()), 501).find(')');
  if (end == std::string_view::npos) return;
  end += i;
  const std::string_view skipped = text_.substr(at_, end - at_);
  line_ += static_cast<int>(std::count(skipped.begin(), skipped.end(), '\n'));
  blocks_.pattern(text_.substr(i, end - i));
  at_ = end + 1;
}

bool ShellReader::keyword() {
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
    loop_variable();
    words_.clear();
    return true;
  } else if (word != "do" && word != "{" && word != "}") {
    return false;
  }
  words_.erase(words_.begin());
  return true;
}

void ShellReader::loop_variable() {
  if (words_.size() <= 3 || words_[2].text != "in") return;
  for (std::size_t i = 3; i < words_.size(); ++i) {
    Variables::Branch one = branch();
    one.push_back(blocks_.next_number());
    variables_.set(words_[1].text, {words_[i]}, false, words_.size() == 4 ? branch() : one);
  }
}

void ShellReader::end_command() {
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
  add_command(std::move(words));
}

void ShellReader::add_command(std::vector<Word> words) {
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
    Word value = tail(words[first], equals + 1);
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
  script_.kept += variables_.size() + 1;
  if (script_.kept > kMostKept)
    throw Error(ErrorCode::bad_input,
                fmt::format("line {}: too many variables for so many commands: no deployment plan", line_));
  ShellCommand command{std::move(words), variables_, 0};
  command.line = command.words.front().line;
  for (auto& [name, value] : own) command.variables.set(name, {std::move(value)}, false);
  out_.push_back(std::move(command));
}

void ShellReader::shift(const std::vector<Word>& words) {
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

}  // namespace qwenfit::plan
