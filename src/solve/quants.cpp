#include "qwenfit/quants.hpp"

#include <algorithm>

#include "estimate/quick.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit {
namespace {

/// What the comparison is about: the formats of the scenario's engine or, by the textbook, those that its
/// source ranks.
std::vector<const catalog::WeightFormat*> candidates(const catalog::Catalog& catalog,
                                                     const Scenario& scenario,
                                                     const catalog::Engine& engine) {
  std::vector<const catalog::WeightFormat*> out;
  for (const catalog::WeightFormat* format : catalog.formats()) {
    const bool runs = std::find(engine.schemes.begin(), engine.schemes.end(),
                                catalog::scheme_name(format->scheme)) != engine.schemes.end();
    if (scenario.method == Method::quick ? format->quality_rank.has_value() : runs) out.push_back(format);
  }
  return out;
}

Quant quant_of(Estimator& estimator, Scenario scenario, const catalog::WeightFormat& format) {
  scenario.format = std::string(format.id);
  const Estimate short_context = estimator.estimate(scenario);
  Quant quant;
  quant.format = &format;
  quant.bits = short_context.weights.bits_per_weight;
  quant.file_bytes = short_context.weights.file_bytes.value_or(short_context.weights.bytes);
  quant.full_context = short_context.model.context_native;
  if (!short_context.setup.devices.empty()) quant.verdict = short_context.fit.verdict;
  quant.speed = short_context.speed;

  scenario.context = quant.full_context;
  const Estimate full = estimator.estimate(scenario);
  const bool quick = scenario.method == Method::quick;
  quant.memory = quick ? quick::memory(short_context.setup) : short_context.memory.total();
  if (!full.memory.refusal) quant.full_memory = quick ? quick::memory(full.setup) : full.memory.total();
  return quant;
}

}  // namespace

std::vector<Quant> compare_quants(Estimator& estimator, const Scenario& scenario) {
  const engine::Setup setup = estimator.resolve(scenario);
  std::vector<Quant> out;
  for (const catalog::WeightFormat* format : candidates(estimator.catalog(), scenario, *setup.engine)) {
    Scenario one = scenario;
    one.engine = std::string(setup.engine->id);
    try {
      out.push_back(quant_of(estimator, std::move(one), *format));
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unsupported) throw;
    }
  }
  std::stable_sort(out.begin(), out.end(), [&](const Quant& a, const Quant& b) {
    if (scenario.method == Method::quick) return a.format->quality_rank < b.format->quality_rank;
    return a.file_bytes < b.file_bytes;
  });
  return out;
}

}  // namespace qwenfit
