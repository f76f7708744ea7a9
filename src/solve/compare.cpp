#include "qwenfit/compare.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "qwenfit/error.hpp"
#include "qwenfit/left_out.hpp"

namespace qwenfit {
namespace {

using catalog::ScoreReport;

/// Differences below this share are no argument.
constexpr double kClear = 0.05;

/// The scores of one variant: its own publisher's before those of others.
std::map<int, double> scores_of(std::string_view model, std::string_view variant) {
  std::map<int, double> out;
  for (const bool third_party : {false, true}) {
    for (const ScoreReport& report : catalog::score_reports()) {
      if (report.model != model || report.variant != variant || report.third_party != third_party) continue;
      for (const catalog::Score& s : report.scores)
        out.try_emplace(s.benchmark, static_cast<double>(s.value));
    }
  }
  return out;
}

/// The variants whose scores may stand for what was asked: a model that does both, thinking and not, has two.
std::vector<std::string_view> variants_of(const engine::Setup& setup) {
  const std::string_view kind = catalog::kind_of_model(*setup.model, setup.variant);
  std::set<std::string_view> known;
  for (const ScoreReport& report : catalog::score_reports()) {
    if (report.model == setup.model->id) known.insert(report.variant);
  }
  if (known.count(kind) != 0) return {kind};
  std::vector<std::string_view> out;
  for (const std::string_view v : known) {
    if ((v == "base") == (kind == "base")) out.push_back(v);
  }
  return out;
}

std::size_t shared(const std::map<int, double>& a, const std::map<int, double>& b) {
  return static_cast<std::size_t>(
      std::count_if(a.begin(), a.end(), [&](const auto& s) { return b.count(s.first) != 0; }));
}

/// Chooses each column's variant, so that most benchmarks are shared with the first column, and lists those
/// that all took.
void add_scores(Comparison& c) {
  std::vector<std::map<int, double>> best;
  std::size_t most = 0;
  for (const std::string_view first : variants_of(c.columns.front().estimate.setup)) {
    std::vector<std::map<int, double>> chosen{scores_of(c.columns.front().estimate.setup.model->id, first)};
    std::vector<std::string_view> names{first};
    std::size_t sum = 0;
    for (std::size_t i = 1; i < c.columns.size(); ++i) {
      chosen.emplace_back();
      names.emplace_back();
      std::size_t found = 0;
      for (const std::string_view v : variants_of(c.columns[i].estimate.setup)) {
        std::map<int, double> scores = scores_of(c.columns[i].estimate.setup.model->id, v);
        const std::size_t n = shared(chosen.front(), scores);
        if (n <= found) continue;
        found = n;
        chosen[i] = std::move(scores);
        names[i] = v;
      }
      sum += found;
    }
    if (sum <= most) continue;
    most = sum;
    best = std::move(chosen);
    for (std::size_t i = 0; i < c.columns.size(); ++i) c.columns[i].variant = names[i];
  }
  if (best.empty()) return;
  for (Compared& column : c.columns) {
    for (const ScoreReport& report : catalog::score_reports()) {
      if (report.model == column.estimate.setup.model->id && report.variant == column.variant &&
          !report.third_party)
        column.sources.emplace_back(report.source);
    }
  }
  for (const auto& [test, unused] : best.front()) {
    SharedScore score{&catalog::benchmarks()[static_cast<std::size_t>(test)], {}};
    for (const auto& scores : best) {
      if (const auto it = scores.find(test); it != scores.end()) score.scores.push_back(it->second);
    }
    if (score.scores.size() == c.columns.size()) c.scores.push_back(std::move(score));
  }
}

std::array<std::optional<Bytes>, 3> training_of(Estimator& estimator, const std::string& model) {
  std::array<std::optional<Bytes>, 3> out;
  constexpr std::array kMethods{"qlora", "lora", "full"};
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    Scenario scenario;
    scenario.model = model;
    scenario.format = "bf16";
    scenario.train = Train{};
    scenario.train->method = kMethods[i];
    scenario.train->sequence = kTrainingTokens;
    try {
      out[i] = estimator.estimate(scenario, false).memory.total();
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::undecidable) throw;
    }
  }
  return out;
}

/// What is known of the models apart from the scenario: their checkpoints, and what the publisher measured.
void add_official(Comparison& c, Estimator& estimator, const std::vector<Scenario>& scenarios) {
  for (std::size_t i = 0; i < c.columns.size(); ++i) {
    Compared& column = c.columns[i];
    const std::string_view id = column.estimate.setup.model->id;
    // What a file holds is known by its path alone.
    const bool listed = estimator.catalog().model(id) == column.estimate.setup.model;
    const std::string name = listed ? std::string(id) : scenarios[i].model;
    column.official_memory = catalog::official_figure(id, "memory_gb_30720", "bf16", "transformers");
    column.official_speed = catalog::official_figure(id, "tok_s_with_prefill_30720", "bf16", "transformers");
    column.official_speed_of_all =
        catalog::official_figure(id, "tok_s_prompt_counted_30720", "bf16", "transformers");
    if (const auto* tokens = catalog::official_figure(id, "output_tokens"))
      column.output_tokens = static_cast<std::int64_t>(tokens->value);
    for (const auto* figure : {column.official_memory, column.official_speed, column.official_speed_of_all}) {
      if (figure && std::find(column.links.begin(), column.links.end(), figure->source) == column.links.end())
        column.links.emplace_back(figure->source);
    }
    column.training = training_of(estimator, name);
    Scenario plain;
    plain.model = name;
    plain.format = "bf16";
    plain.engine = "transformers";
    try {
      column.checkpoint = estimator.estimate(plain, false).weights.file_bytes;
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::undecidable) throw;
    }
  }
}

std::optional<Bytes> memory_at(Estimator& estimator, Scenario scenario, std::int64_t context,
                               std::int64_t longest) {
  if (context > longest) return std::nullopt;
  scenario.context = context;
  const Estimate e = estimator.estimate(scenario);
  if (e.memory.refusal) return std::nullopt;
  return e.memory.total();
}

/// Tells for every column how its figure stands against the best of the others.
template <class F>
void weigh(Comparison& c, bool less_is_better, F&& figure, std::string_view better, std::string_view worse) {
  std::vector<double> values;
  for (const Compared& column : c.columns) {
    const std::optional<double> v = figure(column);
    if (!v || *v <= 0) return;
    values.push_back(*v);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    double best = 0, worst = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (k == i) continue;
      best = best == 0 || (values[k] < best) == less_is_better ? values[k] : best;
      worst = worst == 0 || (values[k] > worst) == less_is_better ? values[k] : worst;
    }
    const double gain = less_is_better ? best / values[i] : values[i] / best;
    const double loss = less_is_better ? values[i] / worst : worst / values[i];
    const auto times = [](double ratio) {
      return ratio >= 1.995 ? fmt::format("{:.1f} times", ratio) : fmt::format("{:.0f}%", (ratio - 1) * 100);
    };
    if (gain > 1 + kClear) c.columns[i].advantages.push_back(fmt::format(fmt::runtime(better), times(gain)));
    if (loss > 1 + kClear)
      c.columns[i].disadvantages.push_back(fmt::format(fmt::runtime(worse), times(loss)));
  }
}

void weigh_scores(Comparison& c) {
  if (c.scores.empty()) return;
  for (std::size_t i = 0; i < c.columns.size(); ++i) {
    std::size_t won = 0, lost = 0;
    for (const SharedScore& s : c.scores) {
      const auto [low, high] = std::minmax_element(s.scores.begin(), s.scores.end());
      if (*low == *high) continue;
      const bool lower = s.benchmark->lower_is_better;
      won += s.scores[i] == (lower ? *low : *high) ? 1 : 0;
      lost += s.scores[i] == (lower ? *high : *low) ? 1 : 0;
    }
    const auto of = [&](std::size_t n) {
      return fmt::format("in {} of {} shared benchmarks", n, c.scores.size());
    };
    if (won * 2 > c.scores.size()) c.columns[i].advantages.push_back("best " + of(won));
    if (lost * 2 > c.scores.size()) c.columns[i].disadvantages.push_back("last " + of(lost));
  }
}

void weigh_licenses(Comparison& c) {
  const auto open = [](const Compared& column) {
    const std::string_view license = column.estimate.setup.model->license;
    return license.starts_with("Apache") || license == "MIT";
  };
  if (std::none_of(c.columns.begin(), c.columns.end(), open)) return;
  for (Compared& column : c.columns) {
    if (!open(column) && !column.estimate.setup.model->license.empty())
      column.disadvantages.push_back(
          fmt::format("a license with conditions: {}", column.estimate.setup.model->license));
  }
}

void weigh_all(Comparison& c) {
  weigh(
      c, true,
      [](const Compared& x) { return std::optional<double>(static_cast<double>(x.estimate.memory.total())); },
      "needs less memory: the next takes {} more", "takes {} more memory than the smallest");
  weigh(
      c, false,
      [](const Compared& x) {
        return x.estimate.speed && x.estimate.speed->decode_tok_s.value > 0
                   ? std::optional(x.estimate.speed->decode_tok_s.value)
                   : std::nullopt;
      },
      "faster than the next by {}", "the fastest beats it by {}");
  weigh(
      c, true,
      [](const Compared& x) {
        return std::optional<double>(static_cast<double>(x.estimate.kv.bytes_per_token));
      },
      "a smaller KV cache: a token of the next takes {} more", "a token of context takes {} more memory");
  weigh(
      c, false,
      [](const Compared& x) {
        return std::optional<double>(static_cast<double>(x.estimate.model.context_longest));
      },
      "a longer context than the next by {}", "the longest context beats it by {}");
  weigh(
      c, true,
      [](const Compared& x) {
        return x.estimate.cost ? x.estimate.cost->usd_per_million_output_tokens : std::nullopt;
      },
      "cheaper: a token of the next costs {} more", "a token costs {} more than the cheapest");
  weigh_scores(c);
  weigh_licenses(c);
}

}  // namespace

Comparison compare(Estimator& estimator, const std::vector<Scenario>& scenarios,
                   const std::vector<std::string>& names) {
  Comparison out;
  out.contexts = {2048, 8192, 32768, 131072};
  std::set<const catalog::Model*> models;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    Compared column;
    column.name = names[i];
    column.estimate = estimator.estimate(scenarios[i]);
    const engine::Setup& setup = column.estimate.setup;
    std::vector<std::string_view> modes = variants_of(setup);
    std::erase(modes, "unspecified");  // of some scores nobody says the mode
    column.modes = fmt::format("{}", fmt::join(modes, ", "));
    column.unmet = unmet_requirement(column.estimate);
    models.insert(setup.model);
    for (const std::int64_t context : out.contexts)
      column.memory_at.push_back(
          memory_at(estimator, scenarios[i], context, column.estimate.model.context_longest));
    if (const auto* tokens = catalog::official_figure(setup.model->id, "training_tokens"))
      column.training_tokens = tokens->value;
    const std::string_view hf_id = setup.variant ? setup.variant->hf_id : setup.model->hf_id;
    if (!hf_id.empty()) column.links.push_back(fmt::format("https://huggingface.co/{}", hf_id));
    out.columns.push_back(std::move(column));
  }
  if (models.size() > 1) {
    add_scores(out);
    add_official(out, estimator, scenarios);
  }
  weigh_all(out);
  return out;
}

}  // namespace qwenfit
