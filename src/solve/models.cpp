#include "qwenfit/models.hpp"

#include <algorithm>
#include <cmath>

#include "assume_host.hpp"
#include "catalog/filter.hpp"
#include "estimate/ladder.hpp"
#include "quality.hpp"
#include "settled.hpp"
#include "suits.hpp"

namespace qwenfit {
namespace {

constexpr std::string_view kOffloaded = "q4_k_m";

/// Why a model is none that the question is about; empty where it is.
std::string_view beside_the_point(const catalog::Model& model, const ModelsQuestion& question) {
  if (question.use == catalog::UseCase::embedding) {
    const bool meant = suits(model, question.use) || model.kind == "reranker" || question.special_purpose;
    return meant ? "" : "models that are made for something else than embedding and reranking";
  }
  if (is_special(model)) {
    return question.special_purpose
               ? ""
               : "models for embedding, reranking, rewards, moderation and speech (--special has them)";
  }
  return suits(model, question.use) ? "" : "models that see no images";
}

/// The best format of the ladder that leaves room; else the first that fits at all, without offload if one
/// does; else the one that needs the least.
/// Nothing where no format meets the requirements: `unmet` is then one of those.
std::optional<Run> best_run(Estimator& estimator, Scenario scenario,
                            const std::vector<const catalog::WeightFormat*>& ladder, std::string& unmet) {
  Run best;
  std::optional<Error> refusal;
  bool any = false;
  for (const catalog::WeightFormat* format : ladder) {
    scenario.format = std::string(format->id);
    try {
      const Settled settled = estimate_settled(estimator, scenario, false);
      const Estimate& estimate = settled.estimate;
      unmet = unmet_requirement(estimate);
      if (!unmet.empty()) continue;
      Run run = run_of(estimate);
      run.max_num_seqs = settled.max_num_seqs;
      // With a part on the host nobody takes the largest files, nor the worst.
      const bool usual =
          run.group == best.group && run.group == RunGroup::offload && format->id == kOffloaded;
      // Of what does not fit, the one that lacks the least.
      const bool nearer = run.group == best.group && run.group == RunGroup::no && run.needs < best.needs;
      if (!any || run.group < best.group || usual || nearer) best = run;
      any = true;
    } catch (const Error& e) {
      refusal = e;
    }
    if (any && runs_well(best.group)) break;
  }
  if (any) return best;
  if (unmet.empty() && refusal) throw Error(*refusal);
  return std::nullopt;
}

/// Whether it runs as well as the other is no question of a little more or less room.
RunGroup coarse(RunGroup group) {
  return runs_well(group) ? RunGroup::well : group;
}

double speed_of(const Run& run) {
  return run.speed ? run.speed->decode_tok_s.value : 0;
}

/// To a whole percent; -1 without scores.
long score_of(const ModelRun& m) {
  return m.ability ? std::lround(m.ability->cautious_score() * m.kept.share) : -1;
}

bool better(const ModelRun& a, const ModelRun& b) {
  if (coarse(a.run.group) != coarse(b.run.group)) return coarse(a.run.group) < coarse(b.run.group);
  const bool poor = a.kept.grade == Grade::poor;
  if (poor != (b.kept.grade == Grade::poor)) return !poor;
  if (score_of(a) != score_of(b)) return score_of(a) > score_of(b);
  if (a.ability) return speed_of(a.run) > speed_of(b.run);
  if (a.model->release_date != b.model->release_date) return a.model->release_date > b.model->release_date;
  return a.counts.parameters > b.counts.parameters;
}

}  // namespace

std::optional<double> ModelRun::quality() const {
  return ability ? std::optional(ability->expected_score() * kept.share) : std::nullopt;
}

ModelsAnswer compare_models(Estimator& estimator, const Scenario& scenario, const ModelsQuestion& question) {
  if (scenario.devices.empty()) throw Error(ErrorCode::usage, "no device is named: --device");
  const catalog::Catalog& catalog = estimator.catalog();
  ModelsAnswer answer;
  answer.concurrency = scenario.concurrency.value_or(1);
  answer.use = question.use;
  const std::vector<Ability> able = abilities(question.use);
  const FormatQuality quality(catalog);
  LeftOutCounter left_out;
  for (const catalog::Model* model : catalog.models()) {
    if (!catalog::matches(*model, question.filter)) continue;
    if (const auto why = beside_the_point(*model, question); !why.empty()) {
      left_out.add(std::string(why), std::string(model->name));
      continue;
    }
    Scenario one = scenario;
    one.model = std::string(model->id);
    try {
      const engine::Setup setup = estimator.resolve(one);
      one.engine = std::string(setup.engine->id);
      assume_host(one, *setup.devices.front().device);
      auto ladder =
          scenario.format ? std::vector{setup.weights->format} : usual_formats(catalog, *setup.engine);
      // Of formats that can only offload or fail, the usual one and the smallest are enough.
      const catalog::WeightFormat* smallest = ladder.empty() ? nullptr : ladder.back();
      std::erase_if(ladder, [&](const catalog::WeightFormat* f) {
        return f != smallest && f->id != kOffloaded &&
               outweighs(*f, estimator.summary(*model), setup.devices);
      });
      std::string unmet;
      std::optional<Run> best = best_run(estimator, one, ladder, unmet);
      if (!best) {
        left_out.add(unmet, std::string(model->name));
        continue;
      }
      ModelRun run{model, estimator.summary(*model), std::move(*best), {}, {}};
      run.kept = quality.kept(*model, *run.run.format);
      if (const Ability* ability = ability_of(able, model->id)) run.ability = *ability;
      answer.runs.push_back(std::move(run));
    } catch (const Error& e) {
      left_out.add(e, std::string(model->name));
    }
  }
  answer.left_out = left_out.take();
  std::stable_sort(answer.runs.begin(), answer.runs.end(), better);
  return answer;
}

}  // namespace qwenfit
