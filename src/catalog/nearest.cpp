#include "nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "qwenfit/catalog.hpp"

namespace qwenfit::catalog {
namespace {

/// Longer words are cut: a name is never longer, and the comparison stays bounded on hostile input.
constexpr std::size_t kLongest = 96;

/// Optimal string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

std::vector<std::string_view> nearest(std::string_view word, const std::vector<KnownName>& known,
                                      std::size_t most) {
  const std::string folded = fold_name(word.substr(0, kLongest));
  struct Scored {
    std::size_t score;
    std::string_view shown;
  };
  std::vector<Scored> scored;
  for (const KnownName& k : known) {
    const std::string other = fold_name(k.name.substr(0, kLongest));
    if (other.empty() || folded.empty()) continue;
    std::size_t score = distance(folded, other);
    // A beginning ("qwen3" for "qwen3-8b") or a part ("4bit" for "mlx-4bit") is closer than its edit distance
    // says.
    if (folded.size() > 1 && other.size() > 1 && (other.starts_with(folded) || folded.starts_with(other)))
      score = std::min<std::size_t>(score, 1);
    else if (folded.size() > 2 && other.find(folded) != std::string::npos)
      score = std::min<std::size_t>(score, 2);
    // Of three letters, two others are another word.
    const std::size_t limit = folded.size() > 3 ? std::max<std::size_t>(2, folded.size() / 3) : 1;
    if (score <= limit) scored.push_back({score, k.shown});
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const Scored& a, const Scored& b) { return a.score < b.score; });
  std::vector<std::string_view> out;
  for (const Scored& s : scored) {
    if (out.size() == most) break;
    if (std::find(out.begin(), out.end(), s.shown) == out.end()) out.push_back(s.shown);
  }
  return out;
}

std::vector<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& known,
                                      std::size_t most) {
  std::vector<KnownName> names;
  for (const std::string_view name : known) names.push_back({name, name});
  return nearest(word, names, most);
}

std::string alternatives(const std::vector<std::string_view>& names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return names.size() > most ? text + " ..." : text;
}

std::string did_you_mean_name(std::string_view word, const std::vector<KnownName>& known) {
  const auto names = nearest(word, known);
  return names.empty() ? "" : fmt::format(": did you mean {}?", alternatives(names));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const auto names = nearest(word, known);
  return names.empty() ? "" : fmt::format(": did you mean {}?", alternatives(names));
}

std::string did_you_mean_of_few(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string meant = did_you_mean(word, known);
  return meant.empty() ? fmt::format(": it is one of {}", alternatives(known, known.size())) : meant;
}

std::string or_listed(const std::string& meant, std::string_view what) {
  return meant.empty() ? fmt::format(": `qwenfit list {}` shows them all", what) : meant;
}

}  // namespace qwenfit::catalog
