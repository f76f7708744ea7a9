#include "qwenfit/quants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "estimate/ladder.hpp"
#include "estimate/quick.hpp"
#include "quality.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit {
namespace {

/// What a file has that is quantized to nothing else: the types it had before, no format of its own.
constexpr std::string_view kAsBefore = "copy";

/// What the comparison is about: the formats of the scenario's engine or, by the textbook, those that its
/// source ranks.
std::vector<const catalog::WeightFormat*> candidates(const catalog::Catalog& catalog,
                                                     const Scenario& scenario,
                                                     const catalog::Engine& engine) {
  std::vector<const catalog::WeightFormat*> out;
  for (const catalog::WeightFormat* format : catalog.formats()) {
    if (scenario.method == Method::quick ? format->quality_rank.has_value()
                                         : runs(engine, *format) && format->id != kAsBefore)
      out.push_back(format);
  }
  return out;
}

/// What the formats say beside their figures.
struct Asides {
  LeftOutCounter left_out;
  std::string undecided;  ///< why it can't be said whether they fit
  bool pool = false;
};

/// Nothing where a requirement is not met: counted in `asides`.
std::optional<Quant> quant_of(Estimator& estimator, Scenario scenario, const catalog::WeightFormat& format,
                              Asides& asides) {
  scenario.format = std::string(format.id);
  const Estimate asked = estimator.estimate(scenario, false);
  if (const std::string unmet = unmet_requirement(asked); !unmet.empty()) {
    asides.left_out.add(unmet, std::string(format.name));
    return std::nullopt;
  }
  Quant quant;
  quant.format = &format;
  quant.bits = asked.weights.bits_per_weight;
  quant.file_bytes = asked.weights.file_bytes.value_or(asked.weights.bytes);
  quant.context = asked.setup.context;
  quant.full_context = std::max(asked.model.context_native, asked.setup.context);
  if (!asked.setup.devices.empty()) quant.verdict = asked.fit.verdict;
  if (quant.verdict == Verdict::unknown) asides.undecided = asked.fit.reason;
  asides.pool = asides.pool || (quant.verdict && asked.memory.pool);
  if (quant.verdict != Verdict::does_not_fit || scenario.method == Method::quick) quant.speed = asked.speed;

  scenario.context = quant.full_context;
  const Estimate full = quant.full_context == quant.context ? asked : estimator.estimate(scenario, false);
  const bool quick = scenario.method == Method::quick;
  quant.memory = quick ? quick::memory(asked.setup) : asked.memory.total();
  if (!full.memory.refusal) quant.full_memory = quick ? quick::memory(full.setup) : full.memory.total();
  return quant;
}

}  // namespace

QuantsAnswer compare_quants(Estimator& estimator, const Scenario& scenario) {
  const engine::Setup setup = estimator.resolve(scenario);
  const catalog::Catalog& catalog = estimator.catalog();
  const auto formats = candidates(catalog, scenario, *setup.engine);
  QuantsAnswer answer;
  answer.kl_table = kl_table_for(catalog, formats);
  Asides asides;
  for (const catalog::WeightFormat* format : formats) {
    Scenario one = scenario;
    one.engine = std::string(setup.engine->id);
    try {
      std::optional<Quant> quant = quant_of(estimator, std::move(one), *format, asides);
      if (!quant) continue;
      quant->quality = quality_of(catalog, *setup.model, *format, answer.kl_table);
      answer.quants.push_back(std::move(*quant));
    } catch (const Error& e) {
      asides.left_out.add(e, std::string(format->name));
    }
  }
  answer.left_out = asides.left_out.take();
  std::stable_sort(answer.quants.begin(), answer.quants.end(), [&](const Quant& a, const Quant& b) {
    if (scenario.method == Method::quick) return a.format->quality_rank < b.format->quality_rank;
    return a.file_bytes < b.file_bytes;
  });
  answer.fills_memory = asides.pool;
  if (asides.undecided.empty()) recommend_quant(answer);
  else answer.advice = fmt::format("Whether they fit can't be said: {}.", asides.undecided);
  return answer;
}

}  // namespace qwenfit
