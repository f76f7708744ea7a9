#include "model_names.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace qwenfit::catalog {
namespace {

/// "a3b": the active size of a mixture of experts.
bool is_active_size(std::string_view word) {
  return word.size() > 2 && word[0] == 'a' && number_before(word.substr(1), "b") >= 0;
}

bool contains(const std::vector<int>& list, int word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Words of `list` that `other` lacks.
int count_missing(const std::vector<int>& list, const std::vector<int>& other) {
  return static_cast<int>(
      std::count_if(list.begin(), list.end(), [&](int word) { return !contains(other, word); }));
}

bool has_letter(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}
bool has_digit(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Words that mean the same behind a size.
std::string_view plain_word(std::string_view word) {
  if (word == "ins" || word == "inst" || word == "chat") return "instruct";
  if (word == "pt" || word == "pretrain") return "base";
  return word;
}

}  // namespace

double size_word(std::string_view word) {
  if (const double b = number_before(word, "b"); b > 0) return b;
  if (const double t = number_before(word, "t"); t > 0) return t * 1000;
  // "1m" is a context length, "494m" a size.
  if (const double m = number_before(word, "m"); m >= 100) return m / 1000;
  return -1;
}

ModelNames::ModelNames(const std::vector<const Model*>& models) {
  // First all words, sorted; then the names in terms of them.
  const auto each_name = [&](auto&& f) {
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Model& m = *models[i];
      const int record = static_cast<int>(i);
      f(m.name, record, -1, m.kind);
      for (const Text alias : m.aliases) f(alias, record, -1, m.kind);
      for (std::size_t v = 0; v < m.variants.size(); ++v) {
        f(m.variants[v].name, record, static_cast<int>(v), m.variants[v].kind);
      }
    }
  };
  each_name([&](std::string_view name, int, int, std::string_view kind) {
    for (const Word& word : split_words(name)) vocabulary_.emplace_back(plain_word(word.text));
    if (!kind.empty()) vocabulary_.emplace_back(plain_word(kind));
  });
  std::sort(vocabulary_.begin(), vocabulary_.end());
  vocabulary_.erase(std::unique(vocabulary_.begin(), vocabulary_.end()), vocabulary_.end());
  family_.resize(vocabulary_.size());
  each_name([&](std::string_view name, int record, int variant, std::string_view kind) {
    add_name(name, record, variant, kind);
  });
}

void ModelNames::add_name(std::string_view text, int record, int variant, std::string_view kind) {
  if (text.find(':') != std::string_view::npos) return;  // a registry's tag, found by the index alone
  Name name{record, variant, {}, {}, {}, {}, {}, 0};
  for (const Word& word : split_words(text)) {
    const int id = find(plain_word(word.text));
    if (size_word(word.text) > 0) {
      name.sizes.push_back(id);
      name.billions = size_word(word.text);
    } else if (is_active_size(word.text)) {
      name.actives.push_back(id);
    } else if (name.sizes.empty()) {
      name.line.push_back(id);
    } else {
      name.kind.push_back(id);
    }
    name.all.push_back(id);
  }
  if (name.line.empty()) return;
  if (!kind.empty()) name.all.push_back(find(plain_word(kind)));
  family_[static_cast<std::size_t>(name.line.front())] = true;
  names_.push_back(std::move(name));
}

int ModelNames::find(std::string_view word) const {
  const auto it = std::lower_bound(vocabulary_.begin(), vocabulary_.end(), word);
  return it != vocabulary_.end() && *it == word ? static_cast<int>(it - vocabulary_.begin()) : -1;
}

std::vector<std::string> ModelNames::spelt_out(std::span<const Word> words,
                                               const std::vector<bool>& skip) const {
  const auto is_family = [&](std::string_view word) {
    const int id = find(word);
    return id >= 0 && family_[static_cast<std::size_t>(id)];
  };
  std::vector<std::string> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i < skip.size() && skip[i]) continue;
    const std::string& word = words[i].text;
    const bool next = i + 1 < words.size() && !(i + 1 < skip.size() && skip[i + 1]);
    // "qwen 3" and "8 b".
    if (next && !has_digit(word) && is_number(words[i + 1].text) && is_family(word + words[i + 1].text)) {
      out.push_back(word + words[++i].text);
      continue;
    }
    // "qwen1_5".
    if (next && is_number(words[i + 1].text) && is_family(word + "." + words[i + 1].text)) {
      out.push_back(word + "." + words[++i].text);
      continue;
    }
    if (next && is_number(word) && words[i + 1].text == "b") {
      out.push_back(word + words[++i].text);
      continue;
    }
    if (find(plain_word(word)) >= 0 || !has_letter(word)) {
      out.push_back(word);
      continue;
    }
    // "qwen36": a version without its point.
    if (word.size() > 2 && has_digit(word.substr(word.size() - 1)) &&
        has_digit(word.substr(word.size() - 2, 1))) {
      std::string dotted = word;
      dotted.insert(dotted.size() - 1, ".");
      if (is_family(dotted)) {
        out.push_back(std::move(dotted));
        continue;
      }
    }
    // "qwen2.5vl", "reasonableqwen3": two words in one.
    std::size_t cut = word.size();
    while (--cut > 3) {
      const std::string head = word.substr(0, cut), tail = word.substr(cut);
      if (is_family(head) && find(tail) >= 0 && has_letter(tail.substr(0, 1))) break;
      if (is_family(tail) && has_letter(tail.substr(0, 1)) && has_digit(tail)) break;
    }
    if (cut > 3) {
      out.push_back(word.substr(0, cut));
      out.push_back(word.substr(cut));
    } else {
      out.push_back(word);
    }
  }
  return out;
}

ModelQuery ModelNames::query(std::span<const Word> words, const std::vector<bool>& skip) const {
  ModelQuery q;
  for (const std::string& word : spelt_out(words, skip)) {
    const int id = find(plain_word(word));
    if (size_word(word) > 0) {
      if (q.sizes.empty()) q.billions = size_word(word);
      if (!contains(q.sizes, id)) q.sizes.push_back(id);
    } else if (is_active_size(word)) {
      q.actives.push_back(id);
    } else if (id < 0) {
      q.unknown_ahead = q.unknown_ahead || (q.family < 0 && q.sizes.empty());
      q.unknown.push_back(word);
    } else {
      const bool family = family_[static_cast<std::size_t>(id)];
      // The first family behind a size ("Ornith-9B (Qwen3.5-9B)") is still the line.
      const bool line = q.sizes.empty() || (family && q.family < 0);
      if (line && family) q.family = id;
      (line ? q.line : q.kind).push_back(id);
    }
  }
  return q;
}

bool ModelNames::has_family(std::span<const Word> words) const {
  for (const std::string& word : spelt_out(words, {})) {
    const int id = find(word);
    if (id >= 0 && family_[static_cast<std::size_t>(id)]) return true;
  }
  return false;
}

std::vector<ModelCandidate> ModelNames::match(const ModelQuery& q) const {
  std::vector<ModelCandidate> found;
  if (q.family < 0) return found;
  // "Replete-LLM-Qwen-14b" means some Qwen: the bare word is Qwen v1 only where it leads.
  const std::string& family = vocabulary_[static_cast<std::size_t>(q.family)];
  const bool bare =
      !has_digit(family) && std::any_of(vocabulary_.begin(), vocabulary_.end(), [&](const auto& w) {
        return w.size() > family.size() && w.starts_with(family) && has_digit(w.substr(family.size(), 1));
      });
  const auto families = std::count_if(q.line.begin(), q.line.end(),
                                      [&](int word) { return family_[static_cast<std::size_t>(word)]; });
  if (bare && q.unknown_ahead && families == 1) return found;

  std::vector<int> asked = q.line;
  asked.insert(asked.end(), q.kind.begin(), q.kind.end());
  // A name may start with someone else's family: "DeepSeek-V4-Pro-Qwen3.5-4B" has Qwen3.5's shape.
  const auto last_family = std::find(q.line.begin(), q.line.end(), q.family);
  const std::vector<int> own_line(last_family, q.line.end());
  const std::vector<int> sizes = q.sizes.empty() ? only_size(q.line) : q.sizes;
  for (const bool strict : {true, false}) {
    const std::vector<int>& line = strict ? q.line : own_line;
    for (const Name& name : names_) {
      if (count_missing(name.line, asked) > 0 || count_missing(line, name.all) > 0) continue;
      if (count_missing(sizes, name.sizes) > 0 || count_missing(name.sizes, sizes) > 0) continue;
      if (count_missing(q.actives, name.actives) > 0) continue;
      if (name.sizes.empty() && count_missing(name.actives, q.actives) > 0) continue;
      found.push_back(
          {name.record, name.variant, count_missing(q.kind, name.all), count_missing(name.kind, asked)});
    }
    if (!found.empty() || own_line.size() == q.line.size()) break;
  }
  std::stable_sort(found.begin(), found.end(), [](const ModelCandidate& a, const ModelCandidate& b) {
    return std::tuple(a.dropped, a.missing, a.variant >= 0) <
           std::tuple(b.dropped, b.missing, b.variant >= 0);
  });
  return found;
}

std::vector<int> ModelNames::only_size(const std::vector<int>& line) const {
  std::vector<int> sizes;
  for (const Name& name : names_) {
    if (count_missing(line, name.line) > 0 || count_missing(name.line, line) > 0) continue;
    if (!sizes.empty() && sizes != name.sizes) return {};
    sizes = name.sizes;
  }
  return sizes;
}

std::vector<int> ModelNames::same_line(const ModelQuery& q) const {
  struct Near {
    double distance;
    const Name* name;
  };
  std::vector<Near> near;
  for (const Name& name : names_) {
    if (q.line.empty() || name.billions <= 0) continue;
    if (count_missing(q.line, name.line) > 0 || count_missing(name.line, q.line) > 0) continue;
    near.push_back({q.billions > 0 ? std::fabs(std::log(name.billions / q.billions)) : name.billions, &name});
  }
  // One per size, the plainest name of each.
  std::stable_sort(near.begin(), near.end(), [](const Near& a, const Near& b) {
    return std::tuple(a.distance, a.name->sizes, a.name->kind.size()) <
           std::tuple(b.distance, b.name->sizes, b.name->kind.size());
  });
  const auto same_size = [](const Near& a, const Near& b) { return a.name->sizes == b.name->sizes; };
  near.erase(std::unique(near.begin(), near.end(), same_size), near.end());
  std::vector<int> out;
  for (const Near& n : near) out.push_back(n.name->record);
  return out;
}

}  // namespace qwenfit::catalog
