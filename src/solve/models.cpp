#include "qwenfit/models.hpp"

#include <algorithm>
#include <array>

#include "assume_host.hpp"
#include "catalog/filter.hpp"
#include "estimate/ladder.hpp"

namespace qwenfit {
namespace {

/// Models whose sizes differ by less are of one size.
constexpr double kSameSize = 1.05;
constexpr std::string_view kOffloaded = "q4_k_m";

/// What nobody chats with.
bool is_special(const catalog::Model& model) {
  constexpr std::array<std::string_view, 6> kSpecial{"embedding", "reranker", "reward",
                                                     "guard",     "asr",      "tts"};
  return std::find(kSpecial.begin(), kSpecial.end(), model.kind) != kSpecial.end();
}

bool runs_well(const Run& run) {
  return run.group == RunGroup::great || run.group == RunGroup::well;
}

/// The best format of the ladder that leaves room; else the first that fits at all, without offload if one
/// does.
Run best_run(Estimator& estimator, Scenario scenario,
             const std::vector<const catalog::WeightFormat*>& ladder) {
  Run best;
  std::optional<Error> refusal;
  bool any = false;
  for (const catalog::WeightFormat* format : ladder) {
    scenario.format = std::string(format->id);
    try {
      const Run run = run_of(estimator.estimate(scenario, false));
      // With a part on the host nobody takes the largest files, nor the worst.
      const bool usual =
          run.group == best.group && run.group == RunGroup::offload && format->id == kOffloaded;
      if (!any || run.group < best.group || usual) best = run;
      any = true;
    } catch (const Error& e) {
      refusal = e;
    }
    if (any && runs_well(best)) break;
  }
  if (!any && refusal) throw Error(*refusal);
  return best;
}

/// Whether it runs as well as the other is no question of a little more or less room.
RunGroup coarse(RunGroup group) {
  return group == RunGroup::great ? RunGroup::well : group;
}

/// Whether `a` is at least as large and as new as `b`, and runs as well.
bool outdoes(const ModelRun& a, const ModelRun& b) {
  if (coarse(a.run.group) > coarse(b.run.group)) return false;
  const double size = static_cast<double>(a.counts.parameters) / static_cast<double>(b.counts.parameters);
  const catalog::Text date = a.model->release_date;
  return size >= 1 / kSameSize && date >= b.model->release_date &&
         (size > kSameSize || date > b.model->release_date);
}

/// Numbers the models by fronts: 0 are those that none outdoes, 1 those that only these outdo, and so on.
void rank_by_fronts(std::vector<ModelRun>& runs) {
  std::vector<ModelRun*> left;
  for (ModelRun& run : runs) left.push_back(&run);
  for (int front = 0; !left.empty(); ++front) {
    std::vector<ModelRun*> behind;
    for (ModelRun* run : left) {
      const bool outdone =
          std::any_of(left.begin(), left.end(), [&](const ModelRun* other) { return outdoes(*other, *run); });
      run->front = front;
      if (outdone) behind.push_back(run);
    }
    left = std::move(behind);
  }
}

bool better(const ModelRun& a, const ModelRun& b) {
  if (coarse(a.run.group) != coarse(b.run.group)) return coarse(a.run.group) < coarse(b.run.group);
  if (a.front != b.front) return a.front < b.front;
  if (a.counts.parameters != b.counts.parameters) return a.counts.parameters > b.counts.parameters;
  return a.model->release_date > b.model->release_date;
}

}  // namespace

ModelsAnswer compare_models(Estimator& estimator, const Scenario& scenario, const ModelsQuestion& question) {
  if (scenario.devices.empty()) throw Error(ErrorCode::usage, "no device is named: --device");
  const catalog::Catalog& catalog = estimator.catalog();
  ModelsAnswer answer;
  answer.concurrency = scenario.concurrency.value_or(1);
  LeftOutCounter left_out;
  for (const catalog::Model* model : catalog.models()) {
    if (!catalog::matches(*model, question.filter)) continue;
    if (!question.special_purpose && is_special(*model)) {
      left_out.add("models for embedding, reranking, rewards, moderation and speech (--special has them)",
                   std::string(model->name));
      continue;
    }
    Scenario one = scenario;
    one.model = std::string(model->id);
    try {
      const engine::Setup setup = estimator.resolve(one);
      one.engine = std::string(setup.engine->id);
      assume_host(one, *setup.devices.front().device);
      const auto ladder =
          scenario.format ? std::vector{setup.weights->format} : usual_formats(catalog, *setup.engine);
      answer.runs.push_back({model, estimator.summary(*model), best_run(estimator, one, ladder)});
    } catch (const Error& e) {
      left_out.add(e, std::string(model->name));
    }
  }
  answer.left_out = left_out.take();
  rank_by_fronts(answer.runs);
  std::stable_sort(answer.runs.begin(), answer.runs.end(), better);
  return answer;
}

}  // namespace qwenfit
