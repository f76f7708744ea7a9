// Decision tree, priorities, use cases, scenarios and upgrade path of a generation. Nothing is said of a
// model that does not follow from its figures.
#include "guide_choices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "merit.hpp"

namespace qwenfit {
namespace {

using catalog::UseCase;

constexpr std::size_t kOfEach = 3;
constexpr std::size_t kBenchmarksOfUse = 2;
/// Points of the expected score that make a step.
constexpr double kClearlyBetter = 1;
constexpr double kCardGb = 24;
constexpr double kLargeCardGb = 80;
/// What a phone, and a laptop, have for a model.
constexpr double kPhoneGb = 4;
constexpr double kLaptopGb = 8;

/// A model in a format, with what it is judged by.
struct Option {
  std::size_t model;
  std::size_t format;
  Bytes memory;
  std::optional<double> tok_s, usd;
};

class Chooser {
 public:
  explicit Chooser(Guide& guide) : guide_(guide), takers_(catalog::benchmarks().size()) {
    for (const catalog::ScoreReport& report : catalog::score_reports()) {
      for (const catalog::Score& s : report.scores) ++takers_[s.benchmark];
    }
    for (std::size_t m = 0; m < guide.models.size(); ++m) {
      const auto& formats = guide.models[m].formats;
      for (std::size_t f = 0; f < formats.size(); ++f) {
        const auto memory = formats[f].memory.figure();
        if (memory) options_.push_back({m, f, *memory, formats[f].tok_s, cost_of(m, f)});
      }
    }
  }

  void benchmarks();
  void by_memory();
  void by_priority();
  void by_use();
  void by_scenario();
  void path();
  void roles();

 private:
  const GuideModel& model(const Option& o) const { return guide_.models[o.model]; }
  const GuideFormat& format(const Option& o) const { return model(o).formats[o.format]; }
  const std::optional<Ability>& ability(const Option& o, UseCase use) const {
    return model(o).abilities[static_cast<std::size_t>(use)];
  }

  std::optional<double> cost_of(std::size_t m, std::size_t f) const {
    const GuideFormat& format = guide_.models[m].formats[f];
    for (const GuideCost& c : guide_.costs) {
      if (c.model == guide_.models[m].model && c.format == format.format && c.engine == format.engine)
        return c.usd_per_million_tokens;
    }
    return std::nullopt;
  }

  double ability_value(const Option& o) const {
    const auto& a = ability(o, UseCase::chat);
    return a ? a->cautious_score() : 0;
  }

  /// Cautious score after the loss of the format; nothing without scores.
  std::optional<double> score(const Option& o, UseCase use) const {
    const auto& a = ability(o, use);
    return a ? std::optional(a->cautious_score() * format(o).kept.share) : std::nullopt;
  }

  double merit(const Option& o, Priority priority) const {
    Advice advice;
    if (const auto& a = ability(o, UseCase::chat)) advice.ability = *a;
    else advice.ability.value = -5;  // nothing is known to speak for it
    advice.kept = format(o).kept;
    advice.tok_s = advice.tok_s_total = o.tok_s;
    advice.usd_per_million_tokens = o.usd;
    Wish wish;
    wish.priority = priority;
    return merit_of(advice, wish);
  }

  /// Whether the model is in its smallest format.
  bool is_smallest(const Option& o) const { return o.format + 1 == model(o).formats.size(); }

  static bool fits(const Option& o, double gb) {
    return place_of({"", static_cast<Bytes>(gb * units::kGB), 1}, o.memory) == Place::fits;
  }

  /// The best by `rank` among the options that `accepts`; null when there is none.
  template <class Rank, class Accepts>
  const Option* best(Rank&& rank, Accepts&& accepts) const {
    const Option* found = nullptr;
    for (const Option& o : options_) {
      if (accepts(o) && (!found || rank(o) > rank(*found))) found = &o;
    }
    return found;
  }

  /// "GSM8K 78.9"; empty without a benchmark of the use case.
  std::string benchmark_of(const Option& o, UseCase use) const {
    for (const GuideBenchmark& b : guide_.benchmarks) {
      if (b.use == use && b.scores[o.model])
        return fmt::format(", {} {:.4g}", b.benchmark->name, *b.scores[o.model]);
    }
    return "";
  }

  std::string figures_of(const Option& o, UseCase use = UseCase::chat) const {
    const GuideFormat& f = format(o);
    std::string out =
        fmt::format("{:.1f} GB{}", units::to_gb(o.memory), f.memory.measured ? "" : " estimated");
    if (o.tok_s)
      out += fmt::format(", {:.0f} tok/s{}", *o.tok_s,
                         f.devices > 1 ? fmt::format(" on {} cards", f.devices) : "");
    if (o.usd) out += fmt::format(", ${:.3g} a million tokens", *o.usd);
    return out + benchmark_of(o, use);
  }

  const GuideTraining* training(const Option& o, std::string_view method) const {
    for (const GuideTraining& t : model(o).training) {
      if (t.method == method) return &t;
    }
    return nullptr;
  }

  /// Whether it can be fine-tuned on one card of `gb`, long sequences too.
  bool trains(const Option& o, std::string_view method, double gb) const {
    const GuideTraining* t = training(o, method);
    return t && place_of({"", static_cast<Bytes>(gb * units::kGB), 1}, *t) == Place::fits;
  }

  /// Whether one card of `gb` runs the model in each of its formats.
  bool all_formats_fit(const Option& o, double gb) const {
    return std::all_of(options_.begin(), options_.end(),
                       [&](const Option& x) { return x.model != o.model || fits(x, gb); });
  }

  /// One card does it all: every format, and fine-tuning. Of the most able such model the fastest format.
  const Option* most_versatile() const {
    const auto capable = [&](const Option& x) { return std::tuple(ability_value(x), x.tok_s, -x.memory); };
    return best(capable,
                [&](const Option& x) { return all_formats_fit(x, kCardGb) && trains(x, "Q-LoRA", kCardGb); });
  }

  void add(std::vector<GuideChoice>& to, std::string need, const Option* o,
           UseCase use = UseCase::chat) const {
    if (o) to.push_back({std::move(need), o->model, o->format, figures_of(*o, use)});
  }

  Guide& guide_;
  std::vector<Option> options_;
  std::vector<int> takers_;  ///< reports with a score, by benchmark
};

void Chooser::benchmarks() {
  for (int u = 0; u < catalog::kUseCases; ++u) {
    const auto use = static_cast<UseCase>(u);
    std::map<int, std::vector<std::optional<double>>> found;
    for (std::size_t m = 0; m < guide_.models.size(); ++m) {
      // One benchmark alone makes no ability, but is worth showing.
      const auto& abilities = guide_.models[m].abilities;
      const auto& own = abilities[static_cast<std::size_t>(u)];
      const auto& ability = own ? own : abilities[static_cast<std::size_t>(UseCase::chat)];
      if (!ability) continue;
      for (const catalog::ScoreReport& report : catalog::score_reports()) {
        if (report.model != ability->model || report.variant != ability->variant || report.third_party)
          continue;
        for (const catalog::Score& s : report.scores) {
          if (!catalog::benchmarks()[s.benchmark].bears_on(use)) continue;
          auto& scores = found[s.benchmark];
          scores.resize(guide_.models.size());
          if (!scores[m]) scores[m] = static_cast<double>(s.value);
        }
      }
    }
    // Those that most of the models took, of them the ones that most of all models took.
    const auto weight = [&](const auto& entry) {
      const auto known = [](const auto& score) { return score.has_value(); };
      return std::pair(std::count_if(entry.second.begin(), entry.second.end(), known),
                       takers_[static_cast<std::size_t>(entry.first)]);
    };
    for (std::size_t n = 0; n < kBenchmarksOfUse && !found.empty(); ++n) {
      const auto most = std::max_element(found.begin(), found.end(),
                                         [&](const auto& x, const auto& y) { return weight(x) < weight(y); });
      guide_.benchmarks.push_back(
          {use, &catalog::benchmarks()[static_cast<std::size_t>(most->first)], most->second});
      found.erase(most);
    }
  }
}

void Chooser::by_memory() {
  const Option* before = nullptr;
  for (const double gb : {2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 80.0, 160.0, 320.0, 640.0}) {
    const Option* o = best(
        [&](const Option& x) { return std::tuple(score(x, UseCase::chat), format(x).kept.grade, x.memory); },
        [&](const Option& x) { return fits(x, gb); });
    if (!o || o == before) continue;
    add(guide_.by_memory, fmt::format("{:.0f} GB", gb), o);
    before = o;
  }
}

void Chooser::by_priority() {
  const auto rank_of = [&](Priority priority, const Option& o) -> double {
    switch (priority) {
      case Priority::quality: return score(o, UseCase::chat).value_or(0);
      case Priority::speed: return o.tok_s.value_or(0);
      case Priority::cost: return o.usd ? -*o.usd : -1e9;
      case Priority::balance: break;
    }
    return merit(o, priority);
  };
  const std::pair<Priority, const char*> kPriorities[] = {{Priority::quality, "quality"},
                                                          {Priority::speed, "speed"},
                                                          {Priority::cost, "cost"},
                                                          {Priority::balance, "balance"}};
  for (const auto& [priority, name] : kPriorities) {
    std::vector<std::size_t> taken;
    while (taken.size() < kOfEach) {
      const Option* o = best([&, p = priority](const Option& x) { return rank_of(p, x); },
                             [&, p = priority](const Option& x) {
                               const bool known = p == Priority::quality ? score(x, UseCase::chat).has_value()
                                                                         : x.tok_s.has_value();
                               return known && std::find(taken.begin(), taken.end(), x.model) == taken.end();
                             });
      if (!o) break;
      add(guide_.by_priority, name, o);
      taken.push_back(o->model);
    }
  }
}

void Chooser::by_use() {
  for (int u = 0; u < catalog::kUseCases; ++u) {
    const auto use = static_cast<UseCase>(u);
    const auto rank = [&](const Option& x) {
      return std::tuple(score(x, use), format(x).kept.grade, x.memory);
    };
    const auto scored = [&](const Option& x) { return ability(x, use).has_value(); };
    const Option* most = best(rank, scored);
    const Option* small = best(rank, [&](const Option& x) { return scored(x) && fits(x, kCardGb); });
    const std::string name(catalog::use_case_name(use));
    add(guide_.by_use, name, most, use);
    if (small != most) add(guide_.by_use, name + ", 24 GB card", small, use);
  }
}

void Chooser::by_scenario() {
  const auto able = [&](const Option& x) { return std::tuple(score(x, UseCase::chat), x.memory); };
  const auto balanced = [&](const Option& x) { return merit(x, Priority::balance); };
  const auto any = [](const Option&) { return true; };
  std::int64_t longest = 0;
  // A model that only programs is nobody's best at research.
  const auto chats = [&](const GuideModel& m) {
    return m.abilities[static_cast<std::size_t>(UseCase::chat)].has_value();
  };
  for (const GuideModel& m : guide_.models) {
    if (chats(m)) longest = std::max(longest, m.summary.context_longest);
  }
  // What a first version needs is to be cheap, and to learn from what users say.
  add(guide_.by_scenario, "a chatbot's first version: low cost, runs and is fine-tuned on one 24 GB card",
      best(balanced, [&](const Option& x) { return fits(x, kCardGb) && trains(x, "Q-LoRA", kCardGb); }));
  // Nothing is lost to a format, nor to training in one.
  add(guide_.by_scenario, "knowledge of a company: 16 bit, fine-tuned with LoRA on one 80 GB card",
      best(able, [&](const Option& x) {
        return x.format == 0 && fits(x, kLargeCardGb) && trains(x, "LoRA", kLargeCardGb);
      }));
  add(guide_.by_scenario, "research: the best, with the longest context", best(able, [&](const Option& x) {
        return chats(model(x)) && model(x).summary.context_longest == longest;
      }));
  add(guide_.by_scenario, "on a phone or laptop: offline, low latency",
      best([](const Option& x) { return -x.memory; },
           [&](const Option& x) { return is_smallest(x) && fits(x, kLaptopGb); }));
  const Option* versatile = most_versatile();
  if (versatile)
    add(guide_.by_scenario, "the most versatile: one 24 GB card runs it in every format and fine-tunes it",
        versatile);
  else add(guide_.by_scenario, "the most versatile: the best balance", best(balanced, any));
  add(guide_.by_scenario, "the least cost of a token",
      best([](const Option& x) { return -*x.usd; }, [](const Option& x) { return x.usd.has_value(); }));
  const Option* tuned =
      best(able, [&](const Option& x) { return x.format == 0 && trains(x, "Q-LoRA", kCardGb); });
  if (tuned) {
    const GuideTraining& t = *training(*tuned, "Q-LoRA");
    std::string why = fmt::format("{:.1f} GB to train", units::to_gb(*t.memory.figure()));
    if (const auto longer = t.long_memory.figure())
      why += fmt::format(", {:.1f} GB on {} tokens", units::to_gb(*longer),
                         units::format_grouped(kLongSequence));
    guide_.by_scenario.push_back(
        {"fine-tuning with Q-LoRA on one 24 GB card", tuned->model, tuned->format, std::move(why)});
  }
}

void Chooser::path() {
  const auto score_of = [&](std::size_t m) -> std::optional<double> {
    const auto& a = guide_.models[m].abilities[static_cast<std::size_t>(UseCase::chat)];
    return a ? std::optional(a->expected_score()) : std::nullopt;
  };
  std::size_t from = 0;
  for (std::size_t to = 1; to < guide_.models.size(); ++to) {
    const auto before = score_of(from), after = score_of(to);
    if (before && (!after || *after < *before + kClearlyBetter)) continue;
    GuideStep step{from, to, std::nullopt, before, after, std::nullopt};
    const auto least = guide_.models[to].formats.back().memory.figure();
    const auto now = guide_.models[from].formats.back().memory.figure();
    if (least && now) step.more = *least - *now;
    for (std::size_t h = guide_.hardware.size(); least && h-- > 0;) {
      if (place_of(guide_.hardware[h], *least) == Place::fits) step.hardware = h;
    }
    guide_.path.push_back(step);
    from = to;
  }
}

void Chooser::roles() {
  constexpr double kCards[] = {8, 12, 16, 24, 32, 48, 80};
  const Option* able = best([&](const Option& x) { return std::tuple(score(x, UseCase::chat), x.memory); },
                            [](const Option&) { return true; });
  const Option* versatile = most_versatile();
  for (std::size_t m = 0; m < guide_.models.size(); ++m) {
    std::string& role = guide_.models[m].role;
    const auto least = guide_.models[m].formats.back().memory.figure();
    if (m == 0 && least && units::to_gb(*least) <= kPhoneGb) role = "edge and mobile, the least memory";
    else if (able && able->model == m) role = "highest quality";
    else if (versatile && versatile->model == m) role = "general purpose, balanced";
    else if (least) {
      const auto* card = std::find_if(std::begin(kCards), std::end(kCards), [&](double gb) {
        return place_of({"", static_cast<Bytes>(gb * units::kGB), 1}, *least) == Place::fits;
      });
      role = card == std::end(kCards) ? "several cards" : fmt::format("one card of {:.0f} GB", *card);
    }
  }
}

}  // namespace

void add_choices(Guide& guide) {
  Chooser chooser(guide);
  chooser.benchmarks();
  chooser.by_memory();
  chooser.by_priority();
  chooser.by_use();
  chooser.by_scenario();
  chooser.path();
  chooser.roles();
}

}  // namespace qwenfit
