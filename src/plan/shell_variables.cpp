// What is known of variables, branch by branch.
#include <algorithm>

#include "shell_value.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::size_t kMostListWords = 4096;  // of a list
constexpr std::size_t kMostAssignments = 64;  // of a variable, that are kept

bool is_prefix(const Variables::Branch& a, const Variables::Branch& b) {
  return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace

std::string joined(const std::vector<Word>& words) {
  std::string out;
  for (const Word& word : words) {
    if (!out.empty()) out += ' ';
    out += word.text;
    if (out.size() > kLongestValue) break;
  }
  return out;
}

void Variables::set(const std::string& name, std::vector<Word> words, bool list, const Branch& branch) {
  auto& known = assignments_[name];
  if (branch.empty()) known.clear();
  if (known.size() >= kMostAssignments) known.erase(known.begin() + 1);
  if (words.size() > kMostListWords) words.resize(kMostListWords);
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
    if (last.words.size() + words.size() <= kMostListWords)
      last.words.insert(last.words.end(), words.begin(), words.end());
  } else if (!words.empty()) {
    if (last.words.empty()) last.words.push_back({"", words[0].line, {}});
    Word& word = last.words[0];
    if (word.text.size() + words[0].text.size() <= kLongestValue) plan::append(word, words[0]);
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
  // A list of which one word is open still says what the others are.
  const auto resolved = [](const Assignment& a) {
    const auto told = [](const Word& w) { return w.unresolved.empty(); };
    return a.list && !a.words.empty() ? std::any_of(a.words.begin(), a.words.end(), told)
                                      : std::all_of(a.words.begin(), a.words.end(), told);
  };
  const Assignment* chosen = base < known.size() ? &known[base] : nullptr;
  std::vector<std::string> others;
  for (std::size_t i = chosen ? base + 1 : 0; i < known.size(); ++i) {
    const Assignment& a = known[i];
    // What comes from outside the file is no other value of the file.
    if (!resolved(a)) {
      if (!chosen) chosen = &a;
      continue;
    }
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

}  // namespace qwenfit::plan
