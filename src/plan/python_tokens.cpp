#include "python_tokens.hpp"

#include <algorithm>
#include <cctype>

namespace qwenfit::plan {
namespace {

constexpr std::size_t kMostTokens = 400000;

bool name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<PythonToken> run() {
    std::vector<PythonToken> out;
    while (at_ < text_.size() && out.size() < kMostTokens) {
      const char c = text_[at_];
      if (c == '\n') {
        out.push_back({PythonKind::line_end, text_.substr(at_, 1), {}, false, line_++});
        ++at_;
      } else if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') {
        at_ += 2;
        ++line_;
      } else if (std::isspace(static_cast<unsigned char>(c))) {
        ++at_;
      } else if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == '"' || c == '\'') {
        out.push_back(text_token(at_, false, false));
      } else if (std::isdigit(static_cast<unsigned char>(c)) ||
                 (c == '.' && at_ + 1 < text_.size() &&
                  std::isdigit(static_cast<unsigned char>(text_[at_ + 1])))) {
        const std::size_t begin = at_;
        while (at_ < text_.size() &&
               (name_char(text_[at_]) || text_[at_] == '.' ||
                ((text_[at_] == '-' || text_[at_] == '+') && (text_[at_ - 1] | 0x20) == 'e')))
          ++at_;
        out.push_back({PythonKind::number, text_.substr(begin, at_ - begin), {}, false, line_});
      } else if (name_char(c)) {
        const std::size_t begin = at_;
        while (at_ < text_.size() && name_char(text_[at_])) ++at_;
        const std::string_view name = text_.substr(begin, at_ - begin);
        const bool prefix = name.size() <= 2 && name.find_first_not_of("rRbBfFuU") == std::string_view::npos;
        if (prefix && at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\''))
          out.push_back(text_token(begin, name.find_first_of("fF") != std::string_view::npos,
                                   name.find_first_of("rR") != std::string_view::npos));
        else out.push_back({PythonKind::name, name, {}, false, line_});
      } else {
        const bool two = c == '=' && at_ + 1 < text_.size() && text_[at_ + 1] == '=';
        out.push_back({PythonKind::sign, text_.substr(at_, two ? 2 : 1), {}, false, line_});
        at_ += two ? 2 : 1;
      }
    }
    out.push_back({PythonKind::end, {}, {}, false, line_});
    return out;
  }

 private:
  PythonToken text_token(std::size_t begin, bool formed, bool raw) {
    PythonToken t{PythonKind::text, {}, {}, formed, line_};
    const char quote = text_[at_];
    const bool three = text_.substr(at_, 3) == std::string(3, quote);
    at_ += three ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (three ? text_.substr(at_, 3) == std::string(3, quote) : c == quote) break;
      if (c == '\n') {
        if (!three) break;  // a broken literal ends with its line
        ++line_;
      }
      if (c == '\\' && !raw && at_ + 1 < text_.size()) {
        const char next = text_[++at_];
        if (next == '\n') ++line_;
        else t.value += next == 'n' ? '\n' : next == 't' ? '\t' : next;
      } else {
        t.value += c;
      }
      ++at_;
    }
    if (at_ < text_.size() && text_[at_] == quote) at_ += three ? 3 : 1;
    at_ = std::min(at_, text_.size());
    t.written = text_.substr(begin, at_ - begin);
    if (t.formed && t.value.find('{') == std::string::npos) t.formed = false;
    return t;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<PythonToken> python_tokens(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace qwenfit::plan
