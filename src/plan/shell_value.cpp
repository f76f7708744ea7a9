#include "shell_value.hpp"

#include <algorithm>
#include <cctype>

namespace qwenfit::plan {
namespace {

/// Defaults may hold variables that hold defaults; no honest script goes this deep.
constexpr int kDeepestValue = 24;

bool name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool variable_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

/// The index behind the bracket that closes the one at `at`; npos when none does. `searched` counts what was
/// looked through in vain.
std::size_t closing(std::string_view text, std::size_t at, char open, char close, std::size_t& searched) {
  if (searched > kMostSearchedInVain) return std::string_view::npos;
  int depth = 0;
  char quote = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || (c == '"' && open == '(')) {
      // An apostrophe without a partner is one: ${X:-it's}
      if (text.find(c, i + 1) != std::string_view::npos) quote = c;
    } else if (c == open) {
      ++depth;
    } else if (c == close && --depth == 0) {
      return i + 1;
    }
  }
  searched += text.size() - at;
  return std::string_view::npos;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

/// Where the parts of `word` that could not be told stand; without a record at its beginning.
std::size_t place(const Word& word, std::size_t i) {
  return i < word.where.size() ? word.where[i] : 0;
}

/// Marks the whole of `word` as uncertain.
void doubt(Word& word, std::string why) {
  word.where.resize(word.unresolved.size());
  word.where.push_back(0);
  word.unresolved.push_back(std::move(why));
}

Parameter unknown(std::string_view written, std::size_t end, std::string name = {}) {
  Parameter p;
  if (name.empty()) name = std::string(written.substr(0, 200));
  p.words.push_back({std::string(written), 0, {std::move(name)}, {0}});
  p.end = end;
  return p;
}

/// $@, $1, ${1:-default}: the words behind the text of `sh -c`, or those of `set --`.
Parameter positional(std::string_view written, std::string_view body, Variables& variables,
                     const Variables::Branch& branch, int depth) {
  const Variables::Found all = variables.find("@", branch);
  Parameter p;
  if (body[0] == '@' || body[0] == '*') {
    if (!all.set) return unknown(written, 0);
    p.words = all.words;
    p.list = true;
    return p;
  }
  std::size_t digits = 0;
  while (digits < body.size() && std::isdigit(static_cast<unsigned char>(body[digits]))) ++digits;
  const std::size_t index =
      digits > 3 ? 1000 : static_cast<std::size_t>(std::stoi(std::string(body.substr(0, digits))));
  if (index > 0 && index <= all.words.size()) {
    p.words.push_back(all.words[index - 1]);
    return p;
  }
  std::string_view rest = body.substr(digits);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  if (!rest.starts_with('-') && !rest.starts_with('=')) return unknown(written, 0);
  p.words.push_back(expand(unquoted(rest.substr(1)), Dialect::shell, variables, branch, depth + 1));
  return p;
}

/// ${NAME...}: `body` is what stands between the braces.
Parameter braces(std::string_view written, std::string_view body, Dialect dialect, Variables& variables,
                 const Variables::Branch& branch, int depth) {
  if (!body.empty() && dialect == Dialect::shell &&
      (body[0] == '@' || body[0] == '*' || std::isdigit(static_cast<unsigned char>(body[0]))))
    return positional(written, body, variables, branch, depth);
  const bool length = body.starts_with('#') && body.size() > 1;
  std::size_t n = length ? 1 : 0;
  if (!length && !body.empty() && !variable_char(body[0])) return unknown(written, 0);
  while (n < body.size() && variable_char(body[n])) ++n;
  const std::string name(body.substr(length ? 1 : 0, n - (length ? 1 : 0)));
  std::string_view rest = body.substr(n);
  if (name.empty() || length) return unknown(written, 0);
  bool all = false;
  if (rest.starts_with("[@]") || rest.starts_with("[*]")) {
    all = true;
    rest.remove_prefix(3);
  } else if (rest.starts_with('[')) {
    return unknown(written, 0);
  }
  Variables::Found found = variables.find(name, branch);
  const bool colon = rest.starts_with(':');
  if (colon) rest.remove_prefix(1);
  const char op = rest.empty() ? 0 : rest[0];
  const std::string_view word = rest.empty() ? rest : rest.substr(1);
  const bool empty_value = found.set && joined(found.words).empty();
  const bool usable = found.set && !(colon && empty_value);
  const auto fallback = [&](std::string_view text) {
    Parameter p;
    const Expanded e =
        expand(dialect == Dialect::shell ? unquoted(text) : text, dialect, variables, branch, depth + 1);
    p.words.push_back(e);
    return p;
  };
  // A variable that is set to something unknown still may have a default written beside it.
  const bool guess = usable && !found.words.empty() && !found.words[0].unresolved.empty();
  Parameter p;
  if (op == '-' || op == '=') {
    if (usable && !guess) {
      p.words = found.words;
      p.list = found.list && all;
    } else {
      p = fallback(word);
      if (op == '=') variables.set(name, p.words, false, branch);
    }
  } else if (op == '+') {
    if (usable) p = fallback(word);
  } else if (op == 0 || op == '?') {
    if (!found.set) return all ? Parameter{{}, true, true, 0} : unknown(written, 0, "$" + name);
    p.words = found.words;
    p.list = found.list && all;
    if (found.list && !all && p.words.size() > 1) p.words.resize(1);
  } else {  // ${X%.gguf}, ${X/a/b}: text surgery is not done
    return unknown(written, 0);
  }
  if (!found.doubt.empty() && !p.words.empty() && usable)
    doubt(p.words.front(), "$" + name + " (" + found.doubt + ")");
  return p;
}

}  // namespace

void append(Word& to, const Word& from) {
  for (std::size_t i = 0; i < from.unresolved.size() && to.unresolved.size() < 64; ++i) {
    to.where.resize(to.unresolved.size());
    to.where.push_back(to.text.size() + place(from, i));
    to.unresolved.push_back(from.unresolved[i]);
  }
  to.text += from.text;
}

Word tail(const Word& word, std::size_t at) {
  Word out = word;
  out.text.erase(0, at);
  for (std::size_t& place : out.where) place = place > at ? place - at : 0;
  return out;
}

std::vector<Word> pieces(const Word& word) {
  std::vector<Word> out;
  std::size_t i = 0;
  std::size_t searched = 0;
  while (i < word.text.size()) {
    const std::size_t begin = word.text.find_first_not_of(" \t\n\r", i);
    if (begin == std::string::npos) break;
    std::size_t end = begin;
    while (end < word.text.size() &&
           std::string_view(" \t\n\r").find(word.text[end]) == std::string_view::npos) {
      // $(a command) is one piece, whatever stands in it.
      const bool command = word.text[end] == '$' && end + 1 < word.text.size() && word.text[end + 1] == '(';
      const std::size_t close = command ? closing(word.text, end + 1, '(', ')', searched) : std::string::npos;
      end = close == std::string::npos ? end + 1 : close;
    }
    Word piece{word.text.substr(begin, end - begin), word.line, {}, {}};
    for (std::size_t k = 0; k < word.unresolved.size(); ++k) {
      if (place(word, k) < begin || place(word, k) >= end) continue;
      piece.unresolved.push_back(word.unresolved[k]);
      piece.where.push_back(place(word, k) - begin);
    }
    out.push_back(std::move(piece));
    i = end;
  }
  return out;
}

Parameter expand_parameter(std::string_view text, std::size_t at, Dialect dialect, Variables& variables,
                           const Variables::Branch& branch, int depth) {
  const std::string_view rest = text.substr(at);
  const char next = rest.size() > 1 ? rest[1] : 0;
  Parameter literal{{{"$", 0, {}}}, false, false, at + 1};
  if (depth > kDeepestValue) return unknown(rest.substr(0, 1), at + 1, "variables nested too deeply");
  if (next == '$' && dialect != Dialect::shell) {
    literal.end = at + 2;
    return literal;
  }
  if (next == '(' && (dialect == Dialect::shell || dialect == Dialect::kubernetes)) {
    const std::size_t end = closing(text, at + 1, '(', ')', variables.searched);
    if (end == std::string_view::npos)
      return dialect == Dialect::shell ? unknown("$", at + 1, "$( without its end") : literal;
    const std::string_view written = text.substr(at, end - at);
    if (dialect == Dialect::shell) return unknown(written, end);
    const std::string name(written.substr(2, written.size() - 3));
    Variables::Found found = variables.find(name);
    if (!found.set) return unknown(written, end);
    return {found.words, false, true, end};
  }
  if (dialect == Dialect::kubernetes) return literal;
  if (next == '{') {
    const std::size_t end = closing(text, at + 1, '{', '}', variables.searched);
    if (end == std::string_view::npos) return unknown("$", at + 1, "${ without its end");
    Parameter p = braces(text.substr(at, end - at), text.substr(at + 2, end - at - 3), dialect, variables,
                         branch, depth);
    p.end = end;
    return p;
  }
  if (name_start(next)) {
    std::size_t end = at + 1;
    while (end < text.size() && variable_char(text[end])) ++end;
    const std::string name(text.substr(at + 1, end - at - 1));
    Parameter p = braces(text.substr(at, end - at), name, dialect, variables, branch, depth);
    p.end = end;
    return p;
  }
  if (dialect == Dialect::shell &&
      (std::isdigit(static_cast<unsigned char>(next)) || next == '@' || next == '*')) {
    Parameter p = positional(rest.substr(0, 2), rest.substr(1, 1), variables, branch, depth);
    p.end = at + 2;
    return p;
  }
  if (dialect == Dialect::shell && (std::isdigit(static_cast<unsigned char>(next)) || next == '@' ||
                                    next == '*' || next == '?' || next == '!' || next == '#'))
    return unknown(rest.substr(0, 2), at + 2);
  return literal;
}

Expanded expand(std::string_view text, Dialect dialect, Variables& variables, const Variables::Branch& branch,
                int depth) {
  Expanded out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      const std::size_t next = std::min(text.find('$', i), text.size());
      out.text.append(text.substr(i, next - i));
      i = next;
      continue;
    }
    const Parameter p = expand_parameter(text, i, dialect, variables, branch, depth);
    for (std::size_t k = 0; k < p.words.size(); ++k) {
      if (k > 0) out.text += ' ';
      append(out, p.words[k]);
      if (out.text.size() > kLongestValue) break;
    }
    i = std::max(p.end, i + 1);
    if (out.text.size() > kLongestValue) {
      out.text.resize(kLongestValue);
      append(out, {"", 0, {"a value of more than 65,536 bytes"}, {0}});
      break;
    }
  }
  return out;
}

}  // namespace qwenfit::plan
