// Characters of a script -> words.
#include "shell_reader.hpp"

#include <algorithm>

namespace qwenfit::plan {
namespace {

constexpr std::size_t kLongestWord = std::size_t{1} << 18;

bool one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

}  // namespace

void ShellReader::step() {
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

void ShellReader::piece(char c) {
  begin_word();
  if (c == '\'') {
    single_quoted();
  } else if (c == '"') {
    double_quoted();
  } else if (c == '\\') {
    if (at_ + 1 < text_.size()) add(text_.substr(at_ + 1, 1));
    at_ = std::min(at_ + 2, text_.size());
  } else if (c == '`') {
    backquoted();
  } else if (c == '$') {
    parameter(false);
  } else if (c == '=' && peek(1) == '(' && arrays_ < 32 && plain_assignment()) {
    array();
  } else {
    std::size_t end = at_ + 1;
    while (end < text_.size() && !one_of(text_[end], " \t\r\n\\;|()&<>'\"`$=")) ++end;
    add(text_.substr(at_, end - at_));
    at_ = end;
  }
}

void ShellReader::single_quoted() {
  const std::size_t end = std::min(text_.find('\'', at_ + 1), text_.size());
  const std::string_view body = text_.substr(at_ + 1, end - at_ - 1);
  add(body);
  line_ += static_cast<int>(std::count(body.begin(), body.end(), '\n'));
  at_ = std::min(end + 1, text_.size());
  quoted_ = true;
}

void ShellReader::backquoted() {
  const std::size_t end = std::min(text_.find('`', at_ + 1), text_.size() - 1);
  const std::string_view written = text_.substr(at_, end + 1 - at_);
  add(written);
  word_.unresolved.emplace_back(written.substr(0, 200));
  line_ += static_cast<int>(std::count(written.begin(), written.end(), '\n'));
  at_ = std::min(end + 1, text_.size());
}

void ShellReader::double_quoted() {
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

void ShellReader::parameter(bool quoted) {
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

void ShellReader::next_word(bool list) {
  if (list) end_word(true);
  else add(" ");
  begin_word();
}

void ShellReader::add_word(const Word& piece) {
  if (word_.text.size() + piece.text.size() > kLongestWord) return;
  if (piece.unresolved.empty()) add(piece.text);
  else append(word_, piece);
}

void ShellReader::add_split(const Word& value) {
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

void ShellReader::begin_word() {
  if (in_word_) return;
  in_word_ = true;
  quoted_ = false;
  word_ = {"", line_, {}};
  assigning_ = false;
}

void ShellReader::add(std::string_view text) {
  if (word_.text.size() + text.size() <= kLongestWord) word_.text.append(text);
  if (!assigning_ && !quoted_ && text.starts_with('=')) {
    std::size_t equals = 0;
    bool append = false;
    assigning_ = assignment_name(word_.text, equals, append);
  }
}

void ShellReader::end_word(bool keep_empty) {
  if (!in_word_) return;
  in_word_ = false;
  if (word_.text.empty() && !quoted_ && !keep_empty) return;
  word_.literal = true;
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

void ShellReader::redirection() {
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

void ShellReader::skip_here_documents() {
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

void ShellReader::skip_comment_lines() {
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

}  // namespace qwenfit::plan
