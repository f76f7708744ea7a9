#include "qwenfit/facts.hpp"

#include <fmt/format.h>

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

/// What the tensors say of the layers. Rotary positions leave no tensor; every Qwen has them.
std::vector<std::string> blocks_of(const catalog::Geometry& g, const model::Inventory& tensors) {
  using model::Role;
  const auto has = [&](Role role) {
    return std::any_of(tensors.tensors.begin(), tensors.tensors.end(),
                       [&](const model::Tensor& t) { return t.role == role; });
  };
  std::vector<std::string> out{"rotary positions", "RMSNorm", "SwiGLU"};
  if (g.kv_heads > 0 && g.kv_heads < g.heads)
    out.push_back(fmt::format("grouped-query attention, {} queries a KV head", g.heads / g.kv_heads));
  if (has(Role::attn_q_bias) || has(Role::attn_qkv_bias)) out.emplace_back("QKV bias");
  if (has(Role::attn_q_norm)) out.emplace_back("QK norm");
  if (has(Role::linear_conv)) out.emplace_back("Gated DeltaNet");
  return out;
}

/// The engines that take the model, in one format or another.
std::vector<std::string_view> engines_of(Estimator& estimator, const catalog::Model& model) {
  std::vector<std::string_view> out;
  for (const catalog::Engine* engine : estimator.catalog().engines()) {
    Scenario scenario;
    scenario.model = std::string(model.id);
    scenario.engine = std::string(engine->id);
    try {
      estimator.resolve(scenario);
      out.push_back(engine->name);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::undecidable) throw;
    }
  }
  return out;
}

}  // namespace

std::optional<ModelFacts> model_facts(Estimator& estimator, const catalog::Model& model) {
  if (model.arch == catalog::Arch::unknown) return std::nullopt;
  const std::optional<Estimate> usual = usual_estimate(estimator, model);
  if (!usual) return std::nullopt;
  ModelFacts facts;
  const auto inventory = model::build_inventory(model, model::Layout::checkpoint);
  facts.parameters = model::count_parameters(inventory);
  facts.blocks = blocks_of(model.geometry, inventory);
  facts.engines = engines_of(estimator, model);
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

std::vector<const catalog::Model*> family(Estimator& estimator, const catalog::Model& model) {
  std::vector<std::pair<std::int64_t, const catalog::Model*>> found;
  for (const catalog::Model* other : estimator.catalog().models()) {
    if (other->family != model.family || other->arch == catalog::Arch::unknown) continue;
    found.emplace_back(estimator.summary(*other).parameters, other);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const catalog::Model*> out;
  for (const auto& [parameters, other] : found) out.push_back(other);
  return out;
}

std::vector<const catalog::Download*> downloads(const catalog::Catalog& catalog, const catalog::Model& model,
                                                const catalog::Variant* variant) {
  const auto is_asked = [&](catalog::Text of) {
    if (variant) return variant->hf_id == of;
    return model.hf_id == of || std::any_of(model.variants.begin(), model.variants.end(),
                                            [&](const catalog::Variant& v) { return v.hf_id == of; });
  };
  std::vector<const catalog::Download*> out;
  for (const catalog::Download* d : catalog.downloads()) {
    if (is_asked(d->of)) out.push_back(d);
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
