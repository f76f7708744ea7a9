#include "options.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "text.hpp"

namespace qwenfit::plan {
namespace {

template <class F>
void each_name(std::string_view names, F&& f) {
  while (!names.empty()) {
    const auto end = std::min(names.find(' '), names.size());
    if (f(names.substr(0, end))) return;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

struct Matched {
  const OptionRule* rule = nullptr;
  bool negated = false;
  std::string sub;  ///< behind the point of --speculative-config.method
};

class Parser {
 public:
  Parser(EngineKind engine, const std::vector<Word>& args) : options_(options_of(engine)) {
    for (const Word& word : args) add_word(word);
  }

  ParsedOptions run() {
    while (at_ < words_.size()) {
      const Word& word = words_[at_];
      const std::string& text = word.text;
      if (text == "--") {
        ++at_;
      } else if (text.size() > 1 && text[0] == '-' && !number(text)) {
        option(word);
      } else {
        ++at_;
        if (!word.unresolved.empty() && text.starts_with('$')) unresolved(word);
        else out_.positional.push_back(word);
      }
    }
    for (auto& [name, value] : objects_) {
      Setting& setting = out_.settings[name];
      setting.value.text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
    return std::move(out_);
  }

 private:
  static bool number(std::string_view text) {
    return text.size() > 1 && (std::isdigit(static_cast<unsigned char>(text[1])) || text[1] == '.');
  }

  /// A list item "--max-model-len 8192" is two words to whoever wrote it.
  void add_word(const Word& word) {
    const auto blank = word.text.find_first_of(" \t\n");
    const auto equals = word.text.find('=');
    if (!word.text.starts_with('-') || blank == std::string::npos ||
        (equals != std::string::npos && equals < blank)) {
      words_.push_back(word);
      return;
    }
    out_.joined.push_back(word);
    std::vector<Word> parts = split_words(word.text, word.line);
    for (Word& part : parts) {
      for (const std::string& name : word.unresolved) {
        if (part.text.find(name) != std::string::npos) part.unresolved.push_back(name);
      }
      words_.push_back(std::move(part));
    }
  }

  void unresolved(const Word& word) {
    for (const std::string& name : word.unresolved) out_.unresolved.push_back(name);
  }

  /// The rule that `name` (as given, with its dashes) means.
  Matched match(std::string_view given) {
    if (!given.starts_with("--")) {
      for (const OptionRule& rule : options_.rules) {
        bool hit = false;
        each_name(rule.names, [&](std::string_view n) { return hit = n == given; });
        if (hit) return {&rule, false, {}};
      }
      return {};
    }
    std::string name(given.substr(2));
    if (options_.underscores) name = dashed(name);
    if (Matched m = exact(name); m.rule) return m;
    if (const auto point = name.find('.'); point != std::string::npos) {
      if (Matched m = exact(name.substr(0, point)); m.rule) {
        m.sub = underscored(std::string_view(name).substr(point + 1));
        return m;
      }
    }
    return options_.prefixes ? by_prefix(given, name) : Matched{};
  }

  Matched exact(std::string_view name) const {
    for (const OptionRule& rule : options_.rules) {
      bool hit = false;
      each_name(rule.names, [&](std::string_view n) { return hit = n == name; });
      if (hit) return {&rule, false, {}};
    }
    if (!name.starts_with("no-")) return {};
    Matched m = exact(name.substr(3));
    if (m.rule && m.rule->takes == Takes::value) m.rule = nullptr;
    m.negated = true;
    return m;
  }

  /// argparse takes a prefix that one option alone begins with, and refuses one that several do.
  Matched by_prefix(std::string_view given, std::string_view name) {
    Matched found;
    std::string could;
    int hits = 0;
    for (const OptionRule& rule : options_.rules) {
      each_name(rule.names, [&](std::string_view n) {
        if (name.empty() || n.starts_with('-') || !n.starts_with(name)) return false;
        found.rule = &rule;
        if (++hits <= 5) could.append(could.empty() ? "--" : ", --").append(n);
        return true;
      });
    }
    if (hits < 2) return found;
    out_.ambiguous.push_back(
        {std::string(given) + " could match " + could + (hits > 5 ? ", ..." : ""), words_[at_ - 1].line, {}});
    return {};
  }

  bool next_is_value() const {
    if (at_ >= words_.size()) return false;
    const std::string& text = words_[at_].text;
    return text.size() < 2 || text[0] != '-' || number(text);
  }

  void option(const Word& word) {
    ++at_;
    const auto equals = word.text.find('=');
    const std::string given = word.text.substr(0, equals);
    const std::size_t ambiguous = out_.ambiguous.size();
    Matched m = match(given);
    std::optional<Word> value;
    if (equals != std::string::npos) value = tail(word, equals + 1);
    if (!m.rule) {
      if (out_.ambiguous.size() == ambiguous) out_.unknown.push_back({given, word.line, {}});
      // A word behind an unknown option is its value.
      if (!value && next_is_value()) ++at_;
      return;
    }
    if (m.sub.empty() && m.rule->takes == Takes::many && !value) {
      Word all{"", word.line, {}};
      while (next_is_value()) {
        all.text += (all.text.empty() ? "" : " ") + words_[at_].text;
        all.unresolved.insert(all.unresolved.end(), words_[at_].unresolved.begin(),
                              words_[at_].unresolved.end());
        ++at_;
      }
      value = std::move(all);
    } else if (m.rule->takes == Takes::nothing && m.sub.empty()) {
      bool on = !m.negated;
      if (value && (lower(value->text) == "false" || value->text == "0")) on = !on;
      if (!value || value->unresolved.empty()) value = Word{on ? "true" : "false", word.line, {}};
    } else if (!value && (m.rule->takes == Takes::value || !m.sub.empty())) {
      if (at_ < words_.size() && (next_is_value() || value_may_be_negative())) value = words_[at_++];
    } else if (!value) {
      if (m.negated) value = Word{"false", word.line, {}};
      else if (next_is_value() && maybe_value(words_[at_].text)) value = words_[at_++];
      else value = Word{"true", word.line, {}};
    }
    if (!m.rule->relevant) return;
    if (!value) value = Word{"", word.line, {}};
    keep(m.rule->canonical(), m.sub, *value, word.line);
  }

  bool value_may_be_negative() const { return words_[at_].text.size() > 1 && number(words_[at_].text); }

  static bool maybe_value(std::string_view text) {
    const std::string word = lower(text);
    return word == "on" || word == "off" || word == "auto" || word == "0" || word == "1" || word == "true" ||
           word == "false" || word == "all" || word == "none";
  }

  void keep(const std::string& name, const std::string& sub, const Word& value, int line) {
    if (sub.empty()) {
      objects_.erase(name);
      out_.settings[name] = {value, line};
      return;
    }
    // --speculative-config.method mtp: members of one object.
    auto [it, added] = objects_.try_emplace(name, nlohmann::json::object());
    if (added) {
      const auto& before = out_.settings.find(name);
      if (before != out_.settings.end()) {
        nlohmann::json parsed = nlohmann::json::parse(before->second.value.text, nullptr, false);
        if (parsed.is_object()) it->second = std::move(parsed);
      }
    }
    const nlohmann::json item = nlohmann::json::parse(value.text, nullptr, false);
    it->second[sub] = item.is_discarded() ? nlohmann::json(value.text) : item;
    Setting& setting = out_.settings[name];
    setting.line = line;
    setting.value.line = line;
    setting.value.unresolved.insert(setting.value.unresolved.end(), value.unresolved.begin(),
                                    value.unresolved.end());
  }

  const EngineOptions& options_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  ParsedOptions out_;
  std::map<std::string, nlohmann::json> objects_;
};

}  // namespace

std::string OptionRule::canonical() const {
  return underscored(names.substr(0, names.find(' ')));
}

std::string option_name(std::string_view text) {
  while (text.starts_with('-')) text.remove_prefix(1);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (upper && i > 0 && std::islower(static_cast<unsigned char>(text[i - 1]))) out += '-';
    out += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

ParsedOptions parse_options(EngineKind engine, const std::vector<Word>& args) {
  return Parser(engine, args).run();
}

std::optional<EngineKind> engine_of_options(const std::vector<Word>& args) {
  std::optional<EngineKind> found;
  for (const EngineKind engine : {EngineKind::vllm, EngineKind::sglang, EngineKind::llama_cpp,
                                  EngineKind::tensorrt_llm, EngineKind::tgi}) {
    const ParsedOptions parsed = parse_options(engine, args);
    if (!parsed.unknown.empty() || !parsed.ambiguous.empty() || parsed.settings.size() < 2) continue;
    if (found) return std::nullopt;
    found = engine;
  }
  return found;
}

}  // namespace qwenfit::plan
