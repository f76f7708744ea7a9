#include "qwenfit/recommend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "merit.hpp"
#include "quality.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/left_out.hpp"
#include "recommend_candidates.hpp"
#include "settled.hpp"

namespace qwenfit {
namespace {

/// Context of a conversation, where nothing is said: servers would take all that the model can.
constexpr std::int64_t kUsualContext = 8192;
/// Nobody buys a larger device to run a model in a format that is worse than this.
constexpr Grade kWorthUpgrading = Grade::balanced;
enum class Outcome : std::uint8_t { answer, too_large, too_slow, too_short, too_dear, unmet };

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::too_large: return "need more memory";
    case Outcome::too_slow: return "are slower than asked";
    case Outcome::too_short: return "take no such context";
    case Outcome::too_dear: return "cost more than the budget";
    case Outcome::unmet: return "do not meet what --require says";
    case Outcome::answer: break;
  }
  return "";
}

/// One model in one format on one kind of device.
Outcome judge(Estimator& estimator, const Scenario& scenario, const Wish& wish, Advice& advice) {
  const Settled settled = estimate_settled(estimator, scenario, false);
  const Estimate& e = settled.estimate;
  advice.max_num_seqs = settled.max_num_seqs;
  advice.weights = e.weights.bytes;
  advice.memory = e.memory.total();
  if (e.speed) {
    const bool reads = wish.use == catalog::UseCase::embedding;
    advice.tok_s = (reads ? e.speed->prefill_tok_s : e.speed->decode_tok_s).value;
    advice.tok_s_total = (reads ? e.speed->prefill_tok_s : e.speed->decode_tok_s_total).value;
    if (e.cost)
      advice.usd_per_million_tokens =
          reads ? e.cost->usd_per_million_input_tokens : e.cost->usd_per_million_output_tokens;
  }
  if (e.cost) advice.usd_per_hour = e.cost->usd_per_hour;
  if (!e.setup.devices.empty()) {
    advice.device = e.setup.devices.front().device;
    advice.device_count = static_cast<int>(e.setup.devices.size());
  }
  advice.merit = merit_of(advice, wish);
  if (wish.min_context && e.model.context_longest < *wish.min_context) return Outcome::too_short;
  if (!e.fit.fits || e.fit.verdict == Verdict::offload) {
    for (const engine::DeviceMemory& d : e.memory.devices)
      advice.short_of += std::max<Bytes>(-d.headroom(), 0);
    if (advice.short_of == 0) advice.short_of = e.memory.host.total();
    advice.tok_s = advice.tok_s_total = advice.usd_per_million_tokens = std::nullopt;
    return Outcome::too_large;
  }
  if (wish.min_tok_s && (!advice.tok_s || *advice.tok_s < *wish.min_tok_s)) return Outcome::too_slow;
  if (wish.budget_per_hour && advice.usd_per_hour.value_or(0) > *wish.budget_per_hour)
    return Outcome::too_dear;
  return unmet_requirement(e).empty() ? Outcome::answer : Outcome::unmet;
}

/// What misses only the speed or the budget that was asked for, the nearest of each.
struct NearMisses {
  std::optional<Advice> fastest, cheapest;

  void add(const Advice& a, Outcome outcome) {
    if (outcome == Outcome::too_slow && a.tok_s && (!fastest || *a.tok_s > *fastest->tok_s)) fastest = a;
    if (outcome == Outcome::too_dear && (!cheapest || *a.usd_per_hour < *cheapest->usd_per_hour))
      cheapest = a;
  }

  std::vector<std::string> sentences(bool reading) const {
    std::vector<std::string> out;
    if (fastest)
      out.push_back(fmt::format("The fastest is {} in {}: {} {} tok/s.", fastest->model->name,
                                fastest->format->name, reading ? "it reads" : "each user gets",
                                units::format_figure(*fastest->tok_s)));
    if (cheapest)
      out.push_back(
          fmt::format("{} costs {:.2f} USD an hour.", cheapest->device->name, *cheapest->usd_per_hour));
    return out;
  }
};

/// The best answer of one model over formats and devices; else the one that came nearest.
struct OfModel {
  std::optional<Advice> best;
  Scenario scenario;  ///< of `best`
  std::optional<Advice> nearest;
  Outcome outcome = Outcome::too_large;
};

/// @param rooms what each of the places has, once that is known
OfModel try_model(Estimator& estimator, const std::vector<Scenario>& places, std::vector<double>& rooms,
                  const Wish& wish, const FormatQuality& quality, const Candidate& candidate,
                  const std::vector<const catalog::WeightFormat*>& formats, NearMisses& misses) {
  OfModel out;
  const ModelSummary& summary = estimator.summary(*candidate.model);
  // The smallest that is worth a larger device says what that would have to be; of the others, those that no
  // device here holds need no estimate.
  const catalog::WeightFormat* worthy = formats.empty() ? nullptr : formats.back();
  for (const catalog::WeightFormat* format : formats) {
    if (quality.kept(*candidate.model, *format).grade >= kWorthUpgrading) worthy = format;
  }
  for (std::size_t p = 0; p < places.size(); ++p) {
    for (const catalog::WeightFormat* format : formats) {
      if (format != worthy && outweighs(*format, summary, rooms[p])) continue;
      Scenario scenario = places[p];
      scenario.model = candidate.name;
      scenario.format = std::string(format->id);
      if (wish.min_context || !scenario.context)
        scenario.context = wish.min_context.value_or(std::min(kUsualContext, summary.context_longest));
      Advice advice;
      advice.model = candidate.model;
      advice.format = format;
      advice.ability = candidate.ability;
      advice.kept = quality.kept(*candidate.model, *format);
      advice.quality = candidate.ability.expected_score() * advice.kept.share;
      Outcome outcome{};
      try {
        const engine::Setup setup = estimator.resolve(scenario);
        rooms[p] = room_of(setup.devices);
        if (format != worthy && outweighs(*format, summary, rooms[p])) continue;
        // What is partly on the host is no answer: what the devices lack is what all of it needs there.
        scenario = all_on_devices(scenario, *setup.engine);
        outcome = judge(estimator, scenario, wish, advice);
      } catch (const Error& e) {
        if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::undecidable) throw;
        continue;
      }
      misses.add(advice, outcome);
      if (outcome == Outcome::answer) {
        // Formats that lose noticeably stand back, however much faster they are.
        if (!out.best ||
            std::pair(advice.kept.grade, advice.merit) > std::pair(out.best->kept.grade, out.best->merit)) {
          out.best = advice;
          out.scenario = scenario;
        }
      } else if (!out.nearest || (outcome == Outcome::too_large && advice.kept.grade >= kWorthUpgrading &&
                                  advice.short_of < out.nearest->short_of)) {
        out.nearest = advice;
        out.outcome = outcome;
      }
    }
  }
  return out;
}

std::string_view basis_text(KeptBasis basis) {
  switch (basis) {
    case KeptBasis::benchmarks: return ", by this model's own scores";
    case KeptBasis::divergence: return ", by its divergence";
    case KeptBasis::other_models: return ", by other models' scores";
    case KeptBasis::nearest: return ", as formats of its size do";
    case KeptBasis::unquantized: break;
  }
  return "";
}

std::string percent(double share) {
  return fmt::format("{:.0f}%", share * 100);
}

void add_reasons(const Wish& wish, const Advice& first, Advice& a) {
  a.reasons.push_back(fmt::format("{:.0f}% expected on an average {} test, from {} benchmark{}{}",
                                  a.ability.expected_score(), catalog::use_case_name(wish.use),
                                  a.ability.tests, a.ability.tests == 1 ? "" : "s",
                                  a.ability.thin ? " (thin evidence)" : ""));
  if (a.kept.basis != KeptBasis::unquantized)
    a.reasons.push_back(fmt::format("{} keeps {}{:.1f}% of it{}", a.format->name,
                                    a.kept.basis == KeptBasis::benchmarks ? "" : "about ", a.kept.share * 100,
                                    basis_text(a.kept.basis)));
  if (a.max_num_seqs) a.reasons.push_back(fmt::format("needs max_num_seqs {}", *a.max_num_seqs));
  if (a.ability.variant == "thinking")
    a.reasons.push_back("thinks before it answers: several times the tokens");
  if (&a != &first && a.tok_s && first.tok_s && *a.tok_s > 1.5 * *first.tok_s)
    a.reasons.push_back(fmt::format("{:.1f} times as fast as the first", *a.tok_s / *first.tok_s));
  if (&a != &first && a.memory < first.memory * 2 / 3)
    a.reasons.push_back(fmt::format("{} of the first's memory", percent(static_cast<double>(a.memory) /
                                                                        static_cast<double>(first.memory))));
}

/// From `from` upwards: the smallest model that is clearly better, and so on.
std::vector<Advice> path_from(const Advice& from, std::vector<Advice> all) {
  constexpr double kClearlyBetter = 2;  // points of expected score
  constexpr std::size_t kSteps = 4;
  std::sort(all.begin(), all.end(), [](const Advice& a, const Advice& b) { return a.weights < b.weights; });
  std::vector<Advice> path{from};
  for (const Advice& a : all) {
    if (path.size() > kSteps) break;
    if (a.weights > path.back().weights && a.quality > path.back().quality + kClearlyBetter &&
        !a.ability.thin)
      path.push_back(a);
  }
  return path;
}

}  // namespace

Recommendation recommend(Estimator& estimator, const Scenario& scenario, const Wish& wish) {
  Recommendation out;
  out.reading = wish.use == catalog::UseCase::embedding;
  const std::vector<Scenario> places = places_of(estimator.catalog(), scenario, wish);
  std::vector<double> rooms(places.size(), std::numeric_limits<double>::infinity());
  const FormatQuality quality(estimator.catalog());
  std::vector<Advice> all;
  NearMisses misses;
  for (const Candidate& candidate : candidates_for(estimator.catalog(), wish, out.left_out)) {
    estimator.forget_weights();
    const auto formats = formats_for(estimator, scenario, candidate);
    OfModel tried = try_model(estimator, places, rooms, wish, quality, candidate, formats, misses);
    if (tried.best) {
      const Estimate e = estimate_settled(estimator, tried.scenario, true).estimate;
      tried.best->max_context = std::min(e.fit.max_context.value_or(0), e.model.context_longest);
      all.push_back(*tried.best);
      out.ranked.push_back(std::move(*tried.best));
    } else if (tried.nearest) {
      ++out.left_out[std::string(outcome_text(tried.outcome))];
      if (tried.outcome == Outcome::too_large) all.push_back(*tried.nearest);
    } else {
      ++out.left_out["the engine can't run"];
    }
  }
  std::stable_sort(out.ranked.begin(), out.ranked.end(),
                   [](const Advice& a, const Advice& b) { return a.merit > b.merit; });
  if (out.ranked.empty()) {
    out.nearest = misses.sentences(out.reading);
    return out;
  }
  for (Advice& a : out.ranked) add_reasons(wish, out.ranked.front(), a);
  // The nearest step up that does not fit, not the largest model there is.
  for (const Advice& a : all) {
    if (a.short_of > 0 && !a.ability.thin && a.quality > out.ranked.front().quality + 1 &&
        (!out.next_better || a.weights < out.next_better->weights))
      out.next_better = a;
  }
  out.path = path_from(out.ranked.front(), std::move(all));
  return out;
}

}  // namespace qwenfit
