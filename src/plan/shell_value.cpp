#include "shell_value.hpp"

#include <algorithm>
#include <cctype>

namespace qwenfit::plan {
namespace {

/// Defaults may hold variables that hold defaults; no honest script goes this deep.
constexpr int kDeepest = 24;
/// Longer values than this are no settings: `A=$B$B B=$C$C ...` would grow without end.
constexpr std::size_t kLongestValue = std::size_t{1} << 16;
constexpr std::size_t kMostWords = 4096;
constexpr std::size_t kMostAssignments = 64;

bool name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool is_prefix(const Variables::Branch& a, const Variables::Branch& b) {
  return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
}

std::string joined(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    if (!out.empty()) out += ' ';
    out += word.text;
    if (out.size() > kLongestValue) break;
  }
  return out;
}

/// The index behind the bracket that closes the one at `at`; npos when none does.
std::size_t closing(std::string_view text, std::size_t at, char open, char close) {
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
  return std::string_view::npos;
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

void add_unresolved(std::vector<std::string>& list, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (list.size() < 64 && std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  }
}

Parameter unknown(std::string_view written, std::size_t end, std::string name = {}) {
  Parameter p;
  if (name.empty()) name = std::string(written.substr(0, 200));
  p.words.push_back({std::string(written), 0, {std::move(name)}});
  p.end = end;
  return p;
}

/// ${NAME...}: `body` is what stands between the braces.
Parameter braces(std::string_view written, std::string_view body, Dialect dialect, Variables& variables,
                 const Variables::Branch& branch, int depth) {
  const bool length = body.starts_with('#') && body.size() > 1;
  std::size_t n = length ? 1 : 0;
  if (!length && !body.empty() && !name_char(body[0])) return unknown(written, 0);
  while (n < body.size() && name_char(body[n])) ++n;
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
    p.words.push_back({e.text, 0, e.unresolved});
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
    p.words.front().unresolved.push_back("$" + name + " (" + found.doubt + ")");
  return p;
}

}  // namespace

void Variables::set(const std::string& name, std::vector<Word> words, bool list, const Branch& branch) {
  auto& known = assignments_[name];
  if (branch.empty()) known.clear();
  if (known.size() >= kMostAssignments) known.erase(known.begin() + 1);
  if (words.size() > kMostWords) words.resize(kMostWords);
  known.push_back({branch, list, std::move(words)});
}

void Variables::set(const std::string& name, const std::string& text, int line) {
  set(name, {Word{text, line, {}}}, false);
}

void Variables::set_unknown(const std::string& name) {
  set(name, {Word{"$" + name, 0, {"$" + name}}}, false);
}

void Variables::append(const std::string& name, std::vector<Word> words, bool list, const Branch& branch) {
  auto& known = assignments_[name];
  // In a branch, what is appended may or may not be there: taken as there.
  if (known.empty()) known.push_back({branch, list, {}});
  Assignment& last = known.back();
  if (list || last.list) {
    last.list = true;
    if (last.words.size() + words.size() <= kMostWords)
      last.words.insert(last.words.end(), words.begin(), words.end());
  } else if (!words.empty()) {
    if (last.words.empty()) last.words.push_back({"", words[0].line, {}});
    Word& word = last.words[0];
    if (word.text.size() + words[0].text.size() <= kLongestValue) word.text += words[0].text;
    add_unresolved(word.unresolved, words[0].unresolved);
  }
}

Variables::Found Variables::find(const std::string& name, const Branch& branch) const {
  const auto it = assignments_.find(name);
  if (it == assignments_.end()) return {};
  const auto& known = it->second;
  std::size_t base = known.size();
  for (std::size_t i = known.size(); i-- > 0;) {
    if (is_prefix(known[i].branch, branch)) {
      base = i;
      break;
    }
  }
  const auto resolved = [](const Assignment& a) {
    return std::all_of(a.words.begin(), a.words.end(), [](const Word& w) { return w.unresolved.empty(); });
  };
  const Assignment* chosen = base < known.size() ? &known[base] : nullptr;
  std::vector<std::string> others;
  for (std::size_t i = chosen ? base + 1 : 0; i < known.size(); ++i) {
    const Assignment& a = known[i];
    if (!resolved(a) && chosen) continue;
    const bool better = !chosen || (!resolved(*chosen) && resolved(a)) ||
                        (joined(chosen->words).empty() && !joined(a.words).empty());
    if (chosen && joined(chosen->words) == joined(a.words)) continue;
    if (better) chosen = &a;
    others.push_back(joined(a.words).substr(0, 80));
  }
  if (!chosen) return {};
  Found found{true, chosen->list, chosen->words, {}};
  const std::string own = joined(chosen->words);
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  for (const std::string& other : others) {
    if (other == own.substr(0, 80) || !resolved(*chosen)) continue;
    found.doubt += (found.doubt.empty() ? "or '" : ", '") + other + "'";
    if (found.doubt.size() > 200) break;
  }
  return found;
}

std::string Variables::text(const std::string& name) const {
  const Found found = find(name);
  if (!found.set || !found.doubt.empty()) return {};
  for (const Word& word : found.words) {
    if (!word.unresolved.empty()) return {};
  }
  return joined(found.words);
}

std::vector<std::string> Variables::names() const {
  std::vector<std::string> out;
  for (const auto& [name, unused] : assignments_) out.push_back(name);
  return out;
}

Parameter expand_parameter(std::string_view text, std::size_t at, Dialect dialect, Variables& variables,
                           const Variables::Branch& branch, int depth) {
  const std::string_view rest = text.substr(at);
  const char next = rest.size() > 1 ? rest[1] : 0;
  Parameter literal{{{"$", 0, {}}}, false, false, at + 1};
  if (depth > kDeepest) return unknown(rest.substr(0, 1), at + 1, "variables nested too deeply");
  if (next == '$' && dialect != Dialect::shell) {
    literal.end = at + 2;
    return literal;
  }
  if (next == '(' && (dialect == Dialect::shell || dialect == Dialect::kubernetes)) {
    const std::size_t end = closing(text, at + 1, '(', ')');
    if (end == std::string_view::npos) return literal;
    const std::string_view written = text.substr(at, end - at);
    if (dialect == Dialect::shell) return unknown(written, end);
    const std::string name(written.substr(2, written.size() - 3));
    Variables::Found found = variables.find(name);
    if (!found.set) return unknown(written, end);
    return {found.words, false, true, end};
  }
  if (dialect == Dialect::kubernetes) return literal;
  if (next == '{') {
    const std::size_t end = closing(text, at + 1, '{', '}');
    if (end == std::string_view::npos) return literal;
    Parameter p = braces(text.substr(at, end - at), text.substr(at + 2, end - at - 3), dialect, variables,
                         branch, depth);
    p.end = end;
    return p;
  }
  if (name_start(next)) {
    std::size_t end = at + 1;
    while (end < text.size() && name_char(text[end])) ++end;
    const std::string name(text.substr(at + 1, end - at - 1));
    Parameter p = braces(text.substr(at, end - at), name, dialect, variables, branch, depth);
    p.end = end;
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
    out.text += joined(p.words);
    for (const Word& word : p.words) add_unresolved(out.unresolved, word.unresolved);
    i = std::max(p.end, i + 1);
    if (out.text.size() > kLongestValue) {
      out.text.resize(kLongestValue);
      add_unresolved(out.unresolved, {"a value of more than 65,536 bytes"});
      break;
    }
  }
  return out;
}

}  // namespace qwenfit::plan
