#include "shell_blocks.hpp"

#include <algorithm>

#include "qwenfit/units.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::size_t kDeepestBlock = 64;

std::optional<bool> compare(const std::string& a, const std::string& op, const std::string& b,
                            bool patterns) {
  if (op == "=" || op == "==") return patterns ? matches_pattern(b, a) : a == b;
  if (op == "!=") return !(patterns ? matches_pattern(b, a) : a == b);
  const auto x = units::parse_count(a), y = units::parse_count(b);
  if (!x || !y) return std::nullopt;
  if (op == "-eq") return *x == *y;
  if (op == "-ne") return *x != *y;
  if (op == "-gt") return *x > *y;
  if (op == "-ge") return *x >= *y;
  if (op == "-lt") return *x < *y;
  if (op == "-le") return *x <= *y;
  return std::nullopt;
}

}  // namespace

std::optional<bool> test_result(const std::vector<Word>& words) {
  if (words.empty()) return std::nullopt;
  const std::string& name = words[0].text;
  const bool brackets = name == "[" || name == "[[";
  if (!brackets && name != "test") return std::nullopt;
  std::vector<std::string> args;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!words[i].unresolved.empty()) return std::nullopt;
    args.push_back(words[i].text);
  }
  if (brackets) {
    if (args.empty() || (args.back() != "]" && args.back() != "]]")) return std::nullopt;
    args.pop_back();
  }
  bool negated = false;
  if (args.size() > 1 && args[0] == "!") {
    negated = true;
    args.erase(args.begin());
  }
  std::optional<bool> result;
  if (args.size() == 2 && args[0] == "-n") result = !args[1].empty();
  else if (args.size() == 2 && args[0] == "-z") result = args[1].empty();
  else if (args.size() == 1 && !args[0].starts_with('-')) result = !args[0].empty();
  else if (args.size() == 3) result = compare(args[0], args[1], args[2], name == "[[");
  if (result && negated) result = !*result;
  return result;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // Where the last star stands, and how much of the text it has taken.
  std::size_t p = 0, t = 0, star = std::string_view::npos, taken = 0;
  while (t < text.size()) {
    const bool set =
        p < pattern.size() && pattern[p] == '[' && pattern.find(']', p + 1) != std::string_view::npos;
    if (set) {
      const std::size_t end = pattern.find(']', p + 2 < pattern.size() ? p + 2 : p + 1);
      const std::size_t last = end == std::string_view::npos ? pattern.find(']', p + 1) : end;
      std::string_view members = pattern.substr(p + 1, last - p - 1);
      const bool other = members.starts_with('!') || members.starts_with('^');
      if (other) members.remove_prefix(1);
      bool in = false;
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (i + 2 < members.size() && members[i + 1] == '-') {
          in = in || (members[i] <= text[t] && text[t] <= members[i + 2]);
          i += 2;
        } else {
          in = in || members[i] == text[t];
        }
      }
      if (in != other) {
        p = last + 1;
        ++t;
        continue;
      }
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
      continue;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
      continue;
    }
    if (star == std::string_view::npos) return false;
    p = star + 1;
    t = ++taken;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::size_t closing_brace(std::string_view text, std::size_t at) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  int depth = 1;
  bool begins = true;  // a word could begin here
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (c == '\'' || c == '`') {
      i = std::min(text.find(c, i + 1), text.size());
    } else if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1 : 0;
    } else if (c == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      i = std::min(text.find('}', i), text.size());
    } else if (c == '#' && begins) {
      i = std::min(text.find('\n', i), text.size());
      begins = true;
      continue;
    } else if (begins && c == '{' && (i + 1 >= text.size() || blank(text[i + 1]))) {
      ++depth;
    } else if (begins && c == '}' && --depth == 0) {
      return i;
    }
    begins = blank(c) || c == ';' || c == '&' || c == '|' || c == '(' || c == ')';
  }
  return std::string_view::npos;
}

void Blocks::open(Kind kind, Alive alive) {
  if (open_.size() >= kDeepestBlock) return;
  open_.push_back({kind, alive, next_number()});
  open_.back().pending = kind == Kind::condition;
  update();
}

void Blocks::open_case(Word word) {
  open(Kind::choice, Alive::unknown);
  if (!open_.empty()) open_.back().word = std::move(word);
}

void Blocks::condition(const std::vector<Word>& command) {
  Block& block = open_.back();
  ++block.conditions;
  block.result = test_result(command);
}

void Blocks::negated() {
  if (in_condition()) ++open_.back().conditions;
}

/// Sets whether the branch that begins now runs, given what its own condition says.
void Blocks::set(Block& block, std::optional<bool> runs) {
  if (block.taken || runs == false) {
    block.alive = Alive::no;
  } else if (runs == true && !block.may_be_taken) {
    block.alive = Alive::yes;
    block.taken = true;
  } else {
    block.alive = Alive::unknown;
    block.may_be_taken = true;
  }
  block.number = next_number();
  update();
}

void Blocks::then() {
  if (!in_condition()) return;
  Block& block = open_.back();
  block.pending = false;
  set(block, block.conditions == 1 ? block.result : std::nullopt);
}

void Blocks::otherwise(bool with_condition) {
  if (open_.empty() || open_.back().kind != Kind::condition) return;
  Block& block = open_.back();
  block.conditions = 0;
  block.result.reset();
  block.pending = with_condition;
  if (!with_condition) set(block, true);
}

void Blocks::pattern(std::string_view text) {
  if (!in_case()) return;
  Block& block = open_.back();
  std::optional<bool> runs;
  if (block.word.unresolved.empty() && text.find('$') == std::string_view::npos) {
    runs = false;
    while (!text.empty()) {
      const std::size_t bar = std::min(text.find('|'), text.size());
      std::string_view one = text.substr(0, bar);
      text.remove_prefix(std::min(bar + 1, text.size()));
      const auto trimmed = [&](char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '(' || c == '"' || c == '\'';
      };
      while (!one.empty() && trimmed(one.front())) one.remove_prefix(1);
      while (!one.empty() && trimmed(one.back())) one.remove_suffix(1);
      if (matches_pattern(one, block.word.text)) runs = true;
    }
  }
  set(block, runs);
}

void Blocks::close() {
  if (!open_.empty()) open_.pop_back();
  update();
}

void Blocks::update() {
  branch_ = outer_;
  dead_ = false;
  for (const Block& block : open_) {
    if (block.alive == Alive::unknown) branch_.push_back(block.number);
    dead_ = dead_ || (block.alive == Alive::no && !block.pending);
  }
}

}  // namespace qwenfit::plan
