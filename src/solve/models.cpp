#include "qwenfit/models.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

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

/// The formats of one model on one machine.
class Ladder {
 public:
  /// @param scenario with the model and the engine
  Ladder(Estimator& estimator, Scenario scenario, const catalog::Engine& engine,
         const std::vector<const catalog::WeightFormat*>& formats)
      : estimator_(estimator), scenario_(std::move(scenario)), engine_(engine) {
    for (const catalog::WeightFormat* format : formats) rungs_.push_back({format});
  }

  /// The best format that leaves room on the devices, else the first that fits there. What it finds, nothing
  /// that needs the host's memory is better than.
  const Run* best_on_devices() {
    const Scenario whole = all_on_devices(scenario_, engine_);
    const bool same = whole.gpu_layers == scenario_.gpu_layers;
    const Run* tight = nullptr;
    for (Rung& rung : rungs_) {
      estimate(rung, whole);
      rung.tried = same;
      if (!rung.run) continue;
      runs_ = true;
      if (runs_well(rung.run->group)) return &*rung.run;
      if (rung.run->group == RunGroup::tight && !tight) tight = &*rung.run;
    }
    return tight;
  }

  /// Whether the engine takes a format; known once the best on the devices was looked for.
  bool any() const { return runs_; }

  /// Where `best_on_devices` finds nothing: the usual format with a part on the host, else the first that
  /// runs so, else the one that needs the least. Nothing where none meets the requirements: `unmet` is one of
  /// those.
  const Run* best(std::string& unmet) {
    // With a part on the host nobody takes the largest files, nor the worst.
    const auto usual =
        std::find_if(rungs_.begin(), rungs_.end(), [](const Rung& r) { return r.format->id == kOffloaded; });
    if (usual != rungs_.end() && tried(*usual).run && usual->run->group == RunGroup::offload)
      return &*usual->run;
    const Run* best = nullptr;
    std::optional<Error> refusal;
    for (Rung& rung : rungs_) {
      tried(rung);
      if (rung.refusal) {
        refusal = rung.refusal;
        continue;
      }
      unmet = rung.unmet;
      if (!rung.run) continue;
      // Of what does not fit, the one that lacks the least.
      const bool nearer = best && rung.run->group == best->group && rung.run->group == RunGroup::no &&
                          rung.run->needs < best->needs;
      if (!best || rung.run->group < best->group || nearer) best = &*rung.run;
    }
    if (!best && unmet.empty() && refusal) throw Error(*refusal);
    return best;
  }

 private:
  struct Rung {
    const catalog::WeightFormat* format;
    std::optional<Run> run = {};  ///< where it meets the requirements
    std::string unmet = {};
    std::optional<Error> refusal = {};
    bool tried = false;
  };

  Rung& tried(Rung& rung) {
    if (!std::exchange(rung.tried, true)) estimate(rung, scenario_);
    return rung;
  }

  void estimate(Rung& rung, Scenario scenario) {
    rung.run.reset();
    rung.refusal.reset();
    scenario.format = std::string(rung.format->id);
    try {
      const Settled settled = estimate_settled(estimator_, scenario, false);
      rung.unmet = unmet_requirement(settled.estimate);
      if (!rung.unmet.empty()) return;
      rung.run = run_of(settled.estimate);
      rung.run->max_num_seqs = settled.max_num_seqs;
    } catch (const Error& e) {
      rung.refusal = e;
    }
  }

  Estimator& estimator_;
  Scenario scenario_;
  const catalog::Engine& engine_;
  std::vector<Rung> rungs_;
  bool runs_ = false;
};

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
  check_devices(catalog, scenario);
  ModelsAnswer answer;
  answer.concurrency = scenario.concurrency.value_or(1);
  answer.use = question.use;
  const std::vector<Ability> able = abilities(question.use);
  const FormatQuality quality(catalog);
  LeftOutCounter left_out;
  std::vector<std::pair<const catalog::Model*, Ladder>> rest;  // that do not fit the devices
  const auto add = [&](const catalog::Model& model, const Run& best) {
    ModelRun run{&model, estimator.summary(model), best, {}, {}};
    run.kept = quality.kept(model, *run.run.format);
    if (const Ability* ability = ability_of(able, model.id)) run.ability = *ability;
    answer.runs.push_back(std::move(run));
  };
  const auto add_rest = [&](const catalog::Model& model, Ladder& ladder) {
    try {
      std::string unmet;
      if (const Run* best = ladder.best(unmet)) add(model, *best);
      else left_out.add(unmet, std::string(model.name));
    } catch (const Error& e) {
      left_out.add(e, std::string(model.name));
    }
  };
  for (const catalog::Model* model : catalog.models()) {
    if (!catalog::matches(*model, question.filter)) continue;
    if (const auto why = beside_the_point(*model, question); !why.empty()) {
      left_out.add(std::string(why), std::string(model->name));
      continue;
    }
    estimator.forget_weights();
    Scenario one = scenario;
    one.model = std::string(model->id);
    try {
      const engine::Setup setup = estimator.resolve(one);
      one.engine = std::string(setup.engine->id);
      assume_host(one, *setup.devices.front().device);
      auto ladder =
          scenario.format ? std::vector{setup.weights->format} : usual_formats(catalog, *setup.engine);
      // Of formats that can only offload or fail, the usual one and the smallest are enough.
      const double room = room_of(setup.devices);
      const catalog::WeightFormat* smallest = ladder.empty() ? nullptr : ladder.back();
      std::erase_if(ladder, [&](const catalog::WeightFormat* f) {
        return f != smallest && f->id != kOffloaded && outweighs(*f, estimator.summary(*model), room);
      });
      Ladder all(estimator, one, *setup.engine, ladder);
      if (const Run* best = all.best_on_devices()) add(*model, *best);
      else if (all.any() && question.rows < catalog.models().size() && !scenario.require.any())
        rest.emplace_back(model, std::move(all));
      else add_rest(*model, all);
    } catch (const Error& e) {
      left_out.add(e, std::string(model->name));
    }
  }
  if (answer.runs.size() >= question.rows) answer.behind = rest.size();
  else
    for (auto& [model, ladder] : rest) add_rest(*model, ladder);
  answer.left_out = left_out.take();
  std::stable_sort(answer.runs.begin(), answer.runs.end(), better);
  return answer;
}

}  // namespace qwenfit
