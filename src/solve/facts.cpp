#include "qwenfit/facts.hpp"

#include <algorithm>

#include "qwenfit/error.hpp"
#include "qwenfit/format.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit {
namespace {

/// The model in the first of the usual formats that an engine runs it in.
std::optional<Estimate> usual_estimate(Estimator& estimator, const catalog::Model& model) {
  for (const char* format : {"q4_k_m", "bf16"}) {
    Scenario scenario;
    scenario.model = std::string(model.id);
    scenario.format = format;
    scenario.context = model.context.native;
    try {
      return estimator.estimate(scenario);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::undecidable) throw;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ModelFacts> model_facts(Estimator& estimator, const catalog::Model& model) {
  if (model.arch == catalog::Arch::unknown) return std::nullopt;
  const std::optional<Estimate> usual = usual_estimate(estimator, model);
  if (!usual) return std::nullopt;
  ModelFacts facts;
  facts.parameters = model::count_parameters(model::build_inventory(model, model::Layout::checkpoint));
  facts.kv_layers = usual->model.kv_layers;
  facts.kv = usual->kv;
  facts.format = usual->setup.weights->format;
  facts.weights = usual->weights.bytes;
  if (facts.kv.bytes_per_token > 0) {
    const std::int64_t tokens = units::ceil_div(facts.weights, facts.kv.bytes_per_token);
    if (tokens <= usual->model.context_longest) facts.cache_outweighs = tokens;
  }
  return facts;
}

std::vector<const catalog::Model*> derivatives(const catalog::Catalog& catalog, const catalog::Model& model) {
  std::vector<const catalog::Model*> out;
  for (const catalog::Model* other : catalog.models()) {
    if (other->base_model == model.id) out.push_back(other);
  }
  return out;
}

std::vector<CheckedRecord> check_overlay(const catalog::Catalog& base, const std::string& path) {
  const catalog::Catalog merged = base.with_overlay(path);
  std::vector<CheckedRecord> out;
  for (catalog::OverlayRecord& record : catalog::overlay_records(base, path)) {
    CheckedRecord checked{std::move(record), {}};
    const catalog::Model* model = checked.record.kind == "model" ? merged.model(checked.record.id) : nullptr;
    if (model && model->arch != catalog::Arch::unknown) {
      checked.problems = model::check_counts(*model);
      for (std::string& problem : format::check_published(merged, *model))
        checked.problems.push_back(std::move(problem));
    }
    out.push_back(std::move(checked));
  }
  return out;
}

}  // namespace qwenfit
