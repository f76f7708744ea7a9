#include "python_literal.hpp"

#include <algorithm>
#include <cctype>

#include "python_tokens.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::size_t kMostCalls = 1000;
constexpr int kDeepestLiteral = 30;
constexpr std::int64_t kMostSteps = 4000000;  // over one file, however calls are nested

std::shared_ptr<YamlNode> scalar(std::string text, int line) {
  auto node = std::make_shared<YamlNode>();
  node->kind = YamlKind::scalar;
  node->text = std::move(text);
  node->line = line;
  return node;
}

/// What the file does not tell, as a variable that nothing sets.
YamlPtr open_value(const std::vector<PythonToken>& tokens, std::size_t begin, std::size_t end, int line) {
  std::string name;
  for (std::size_t i = begin; i < end && name.size() < 60; ++i) {
    for (const char c : tokens[i].written) {
      if (std::isalnum(static_cast<unsigned char>(c))) name += c;
      else if (!name.ends_with('_')) name += '_';
    }
  }
  while (name.starts_with('_')) name.erase(0, 1);
  while (name.ends_with('_')) name.pop_back();
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) name.insert(0, "VALUE_");
  return scalar("${" + name + "}", line);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : tokens_(python_tokens(text)) { find_values(); }

  std::vector<PythonCall> calls(bool (*wanted)(std::string_view)) {
    std::vector<PythonCall> out;
    for (std::size_t i = 0; i + 1 < tokens_.size() && out.size() < kMostCalls; ++i) {
      if (spent()) break;
      if (tokens_[i].kind != PythonKind::name || !sign(i + 1, '(') || !wanted(tokens_[i].written)) continue;
      if (i > 0 && (tokens_[i - 1].written == "class" || tokens_[i - 1].written == "def")) continue;
      std::string name(tokens_[i].written);
      for (std::size_t k = i; k >= 2 && sign(k - 1, '.') && tokens_[k - 2].kind == PythonKind::name; k -= 2)
        name.insert(0, std::string(tokens_[k - 2].written) + ".");
      std::size_t at = i + 2;
      YamlPtr arguments = members(at, ')', 0);
      out.push_back({std::move(name), tokens_[i].line, std::move(arguments)});
    }
    return out;
  }

 private:
  bool sign(std::size_t i, char c) const {
    return i < tokens_.size() && tokens_[i].kind == PythonKind::sign && tokens_[i].written[0] == c &&
           tokens_[i].written.size() == 1;
  }
  bool name(std::size_t i, std::string_view word) const {
    return i < tokens_.size() && tokens_[i].kind == PythonKind::name && tokens_[i].written == word;
  }
  bool spent() { return ++steps_ > kMostSteps; }
  void skip_lines(std::size_t& i) const {
    while (i < tokens_.size() && tokens_[i].kind == PythonKind::line_end) ++i;
  }

  /// NAME = literal, once in the file; add_argument("--name", default=literal).
  void find_values() {
    std::map<std::string, int, std::less<>> assigned;
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (tokens_[i].kind != PythonKind::name) continue;
      if (name(i, "add_argument") && sign(i + 1, '(')) {
        std::size_t at = i + 2;
        const YamlPtr arguments = members(at, ')', 0);
        std::string option = (*arguments)["0"].text;
        if (const std::string& second = (*arguments)["1"].text; second.starts_with("--")) option = second;
        while (option.starts_with('-')) option.erase(0, 1);
        std::replace(option.begin(), option.end(), '-', '_');
        const YamlNode& value = (*arguments)["default"];
        if (!option.empty() && value.is_scalar()) defaults_[option] = std::make_shared<YamlNode>(value);
        continue;
      }
      const bool begins = i == 0 || tokens_[i - 1].kind == PythonKind::line_end;
      if (!begins) continue;
      std::size_t at = i + 1;
      if (sign(at, ':')) {  // NAME: str = ...
        while (at < tokens_.size() && tokens_[at].kind != PythonKind::line_end && !sign(at, '=')) ++at;
      }
      if (!sign(at, '=')) continue;
      ++at;
      const std::string variable(tokens_[i].written);
      ++assigned[variable];
      values_[variable] = value(at, 0);
    }
    // What is set twice may be either.
    for (const auto& [variable, times] : assigned) {
      if (times > 1) values_.erase(variable);
    }
  }

  /// Members up to `close`: `key=value`, `"key": value`, or values by position.
  YamlPtr members(std::size_t& i, char close, int depth) {
    auto map = std::make_shared<YamlNode>();
    map->kind = YamlKind::map;
    map->line = i < tokens_.size() ? tokens_[i].line : 1;
    int position = 0;
    for (;;) {
      skip_lines(i);
      if (i >= tokens_.size() || tokens_[i].kind == PythonKind::end || spent()) break;
      if (sign(i, close)) {
        ++i;
        break;
      }
      if (sign(i, ',')) {
        ++i;
        continue;
      }
      const std::size_t before = i;
      const int line = tokens_[i].line;
      std::string key;
      if (close != ']' && tokens_[i].kind == PythonKind::name && sign(i + 1, '=')) {
        key = std::string(tokens_[i].written);
        i += 2;
      } else if (close == '}' && tokens_[i].kind == PythonKind::text && sign(i + 1, ':')) {
        key = tokens_[i].value;
        i += 2;
      } else if (sign(i, '*')) {  // **options
        while (sign(i, '*')) ++i;
        key = "**";
      } else {
        key = std::to_string(position++);
      }
      YamlPtr v = value(i, depth + 1);
      map->members.emplace_back(std::move(key), std::move(v));
      map->key_lines.push_back(line);
      if (i <= before) ++i;
    }
    return map;
  }

  /// A value up to the comma, bracket or line end behind it.
  YamlPtr value(std::size_t& i, int depth) {
    skip_lines(i);
    const std::size_t begin = i;
    const int line = i < tokens_.size() ? tokens_[i].line : 1;
    YamlPtr literal = depth < kDeepestLiteral ? simple(i, depth) : nullptr;
    if (literal && at_end(i, depth)) return literal;
    // More than a literal: to its end, brackets and all.
    i = begin;
    int open = 0;
    while (i < tokens_.size() && tokens_[i].kind != PythonKind::end && !spent()) {
      const PythonToken& t = tokens_[i];
      if (t.kind == PythonKind::sign) {
        const char c = t.written[0];
        if (c == '(' || c == '[' || c == '{') ++open;
        if (c == ')' || c == ']' || c == '}') {
          if (open == 0) break;
          --open;
        }
        if (c == ',' && open == 0) break;
      }
      if (t.kind == PythonKind::line_end && open == 0 && depth == 0) break;
      ++i;
    }
    return open_value(tokens_, begin, i, line);
  }

  bool at_end(std::size_t i, int depth) const {
    while (depth > 0 && i < tokens_.size() && tokens_[i].kind == PythonKind::line_end) ++i;
    return i >= tokens_.size() || tokens_[i].kind == PythonKind::end ||
           tokens_[i].kind == PythonKind::line_end || sign(i, ',') || sign(i, ')') || sign(i, ']') ||
           sign(i, '}');
  }

  YamlPtr simple(std::size_t& i, int depth) {
    if (i >= tokens_.size()) return nullptr;
    const PythonToken& t = tokens_[i];
    if (t.kind == PythonKind::text) {
      std::string text;
      bool formed = false;
      while (i < tokens_.size() && (tokens_[i].kind == PythonKind::text ||
                                    (depth > 0 && tokens_[i].kind == PythonKind::line_end))) {
        text += tokens_[i].value;
        formed = formed || tokens_[i].formed;
        ++i;
      }
      return formed ? nullptr : scalar(std::move(text), t.line);
    }
    if (t.kind == PythonKind::number ||
        (sign(i, '-') && i + 1 < tokens_.size() && tokens_[i + 1].kind == PythonKind::number)) {
      std::string text = t.kind == PythonKind::number ? "" : "-";
      if (!text.empty()) ++i;
      for (const char c : tokens_[i].written) {
        if (c != '_') text += c;
      }
      ++i;
      return scalar(std::move(text), t.line);
    }
    if (sign(i, '{') || sign(i, '[')) {
      const char close = sign(i, '{') ? '}' : ']';
      ++i;
      YamlPtr map = members(i, close, depth + 1);
      if (close == '}') return map;
      auto list = std::make_shared<YamlNode>();
      list->kind = YamlKind::sequence;
      list->line = t.line;
      for (const auto& [key, item] : map->members) list->items.push_back(item);
      return list;
    }
    return t.kind == PythonKind::name ? named(i, depth) : nullptr;
  }

  YamlPtr named(std::size_t& i, int depth) {
    const PythonToken& t = tokens_[i];
    if (t.written == "True" || t.written == "False") {
      ++i;
      return scalar(t.written == "True" ? "true" : "false", t.line);
    }
    if (t.written == "None") {
      ++i;
      auto none = std::make_shared<YamlNode>();
      none->line = t.line;
      return none;
    }
    std::size_t at = i;
    std::string last(t.written);
    while (sign(at + 1, '.') && at + 2 < tokens_.size() && tokens_[at + 2].kind == PythonKind::name) {
      at += 2;
      last = std::string(tokens_[at].written);
    }
    if (sign(at + 1, '(')) {
      const bool environment = last == "getenv" || (last == "get" && at > i + 2 && name(at - 2, "environ"));
      // dict(a=1), int(os.getenv(...)), LoadConfig(a=1): their arguments.
      at += 2;
      YamlPtr arguments = members(at, ')', depth + 1);
      const auto& list = arguments->members;
      if (environment && list.size() == 2 && list[1].second->is_scalar()) {
        i = at;
        return list[1].second;
      }
      const bool cast = last == "int" || last == "float" || last == "str" || last == "bool";
      if (cast && list.size() == 1 && list[0].second->is_scalar()) {
        i = at;
        return list[0].second;
      }
      const bool keywords = std::all_of(list.begin(), list.end(), [](const auto& m) {
        return !m.first.empty() && !std::isdigit(static_cast<unsigned char>(m.first[0]));
      });
      if (!environment && keywords && !list.empty()) {
        i = at;
        return arguments;
      }
      return nullptr;
    }
    // args.model, MODEL
    const auto& known = at > i ? defaults_ : values_;
    const auto it = known.find(last);
    if (it == known.end()) return nullptr;
    i = at + 1;
    return it->second;
  }

  std::int64_t steps_ = 0;
  std::vector<PythonToken> tokens_;
  std::map<std::string, YamlPtr, std::less<>> values_;    ///< of names
  std::map<std::string, YamlPtr, std::less<>> defaults_;  ///< of a parser's options
};

}  // namespace

std::vector<PythonCall> python_calls(std::string_view text, bool (*wanted)(std::string_view name)) {
  return Reader(text).calls(wanted);
}

}  // namespace qwenfit::plan
