#include <fmt/format.h>

#include "answers.hpp"
#include "estimator_impl.hpp"
#include "quick.hpp"
#include "qwenfit/error.hpp"
#include "speed/reading.hpp"

namespace qwenfit {
namespace {

/// Models x formats of a large batch; each entry holds some hundred tensors.
constexpr std::size_t kMostCachedWeights = 1024;
constexpr std::size_t kMostCachedNames = 4096;
constexpr std::size_t kMostLocalModels = 4096;

/// What `find` gives for `name`, kept. Failures are not kept: they end the scenario anyway.
template <class Match, class F>
const Match& cached(std::unordered_map<std::string, Match>& cache, const std::string& name, F&& find) {
  if (const auto it = cache.find(name); it != cache.end()) return it->second;
  Match match = find(name);
  if (cache.size() >= kMostCachedNames) cache.clear();
  return cache.emplace(name, std::move(match)).first->second;
}

/// A vector or a score is no output that is decoded.
void keep_reading(speed::Speed& speed) {
  speed.decode_tok_s = speed.decode_tok_s_total = speed.itl_ms = {};
  speed.bound = speed::Bound::compute;
  speed.hint.clear();
}

}  // namespace

Formulas formulas_of(const Scenario& scenario) {
  if (scenario.train) {
    return {train::plan_memory,
            [](const engine::Setup& setup, const engine::MemoryPlan&) {
              return engine::make_probe(setup, train::plan_memory);
            },
            [](const engine::Setup&, const engine::MemoryPlan&, std::vector<engine::Step>*, std::string*,
               const speed::Calibration*) -> std::optional<speed::Speed> { return std::nullopt; }};
  }
  if (scenario.method == Method::quick) return quick::formulas();
  return {engine::plan_memory, engine::make_probe, speed::predict};
}

std::shared_ptr<const format::Weights> Estimator::Impl::weights(const catalog::Model& model,
                                                                const catalog::WeightFormat& format,
                                                                const format::RecipeOptions& recipe) {
  const Key key{&model,          &format,     recipe.imatrix, recipe.legacy_qkv,
                recipe.with_mtp, recipe.gguf, recipe.mlx,     recipe.publisher};
  if (const auto it = weight_cache.find(key); it != weight_cache.end()) return it->second;
  auto made = std::make_shared<const format::Weights>(format::quantize(catalog, model, format, recipe));
  if (weight_cache.size() >= kMostCachedWeights) forget_weights();
  weight_cache.emplace(key, made);
  return made;
}

void Estimator::Impl::forget_weights() {
  weight_cache.clear();
  weight_summaries.clear();
  adapted.clear();
}

std::shared_ptr<const format::Weights> Estimator::Impl::quick_weights(const catalog::Model& model,
                                                                      const catalog::WeightFormat& format) {
  auto& entry = quick_cache[{&model, &format}];
  if (!entry) entry = quick::weights(model, format, summary(model, nullptr).parameters);
  return entry;
}

const ModelSummary& Estimator::Impl::summary(const catalog::Model& model, const catalog::Variant* variant) {
  const auto [it, added] = model_summaries.try_emplace({&model, variant});
  if (added) it->second = summarize_model(model, variant);
  return it->second;
}

const WeightSummary& Estimator::Impl::summary(const std::shared_ptr<const format::Weights>& weights) {
  const auto [it, added] = weight_summaries.try_emplace(weights);
  if (added) it->second = weights->tensors.empty() ? quick::summarize(*weights) : summarize_weights(*weights);
  return it->second;
}

const catalog::ModelMatch& Estimator::Impl::find_model(const std::string& name) {
  return cached(model_cache, name, [&](const std::string& n) { return catalog.find_model(n); });
}

const catalog::DeviceMatch& Estimator::Impl::find_device(const std::string& name) {
  return cached(device_cache, name, [&](const std::string& n) { return catalog.find_device(n); });
}

const input::LocalModel* Estimator::Impl::local_model(const std::string& name) {
  if (files == ModelFiles::ignore || model_cache.contains(name)) return nullptr;
  if (const auto it = local_models.find(name); it != local_models.end()) return it->second.get();
  if (!input::is_path(catalog, name)) return nullptr;
  if (local_models.size() >= kMostLocalModels)
    throw Error(ErrorCode::usage,
                fmt::format("{}: more than {} model files are named", name, kMostLocalModels));
  return local_models.emplace(name, input::open_model(catalog, name)).first->second.get();
}

const machine::LocalDevices& Estimator::Impl::here() {
  if (!surroundings.machine)
    throw Error(ErrorCode::unknown_device, "device: 'auto' is this machine, which is not looked at here");
  if (!local) local = surroundings.machine();
  return *local;
}

Estimator::Estimator(const catalog::Catalog& catalog, ModelFiles files, Surroundings surroundings)
    : impl_(std::make_unique<Impl>(catalog, files, std::move(surroundings))) {}
Estimator::~Estimator() = default;
const catalog::Catalog& Estimator::catalog() const {
  return impl_->catalog;
}

void Estimator::forget_weights() {
  impl_->forget_weights();
}

const ModelSummary& Estimator::summary(const catalog::Model& model, const catalog::Variant* variant) {
  return impl_->summary(model, variant);
}

Estimate Estimator::estimate(const Scenario& scenario, bool limits) {
  Estimate e;
  e.setup = resolve(scenario);
  const Formulas formulas = formulas_of(scenario);
  std::vector<engine::Step>* steps = scenario.explain ? &e.derivation : nullptr;
  e.scenario = filled_in(scenario, e.setup);
  e.model = impl_->summary(*e.setup.model, e.setup.variant);
  e.weights = impl_->summary(e.setup.weights);
  e.kv = summarize_kv(e.setup);
  if (steps) derive_inputs(e, *steps);
  e.memory = formulas.plan(e.setup, steps);
  if (e.setup.train) e.train = train::plan(e.setup);
  std::string why_not;
  e.speed = formulas.speed(e.setup, e.memory, steps, &why_not, impl_->surroundings.calibration.get());
  if (e.speed && speed::only_reads(e.setup)) keep_reading(*e.speed);
  // Requirements of context and concurrency are about the limits.
  const bool limits_asked = limits || scenario.require.context || scenario.require.concurrency;
  e.fit = judge_fit(e.setup, e.memory, formulas, limits_asked);
  e.notes = e.setup.notes;
  e.notes.insert(e.notes.end(), e.setup.weights->notes.begin(), e.setup.weights->notes.end());
  e.notes.insert(e.notes.end(), e.memory.notes.begin(), e.memory.notes.end());
  if (e.speed) e.notes.insert(e.notes.end(), e.speed->notes.begin(), e.speed->notes.end());
  else if (!e.setup.devices.empty() && !why_not.empty()) e.notes.push_back("speed: " + why_not);
  add_context_notes(e);
  e.cost = cost_of(scenario, e);
  if (steps) derive_outcome(e, *steps);
  e.requirements = check_requirements(scenario.require, e);
  return e;
}

}  // namespace qwenfit
