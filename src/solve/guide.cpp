#include "qwenfit/guide.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "qwenfit/error.hpp"

namespace qwenfit {
namespace {

using catalog::UseCase;

constexpr std::string_view kCard = "a100-sxm-80gb";
constexpr std::int64_t kTokens = 2048;

std::optional<Bytes> official_bytes(std::string_view model, std::string_view what, std::string_view format) {
  const auto* figure = catalog::official_figure(model, what, format);
  return figure ? std::optional<Bytes>(std::llround(figure->value * units::kGB)) : std::nullopt;
}

/// Total memory of `scenario`; nothing where the engine can't do it.
std::optional<Bytes> estimated(Estimator& estimator, const Scenario& scenario) {
  try {
    return estimator.estimate(scenario).memory.total();
  } catch (const Error& e) {
    if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::undecidable) throw;
    return std::nullopt;
  }
}

/// 16 bit, and the official formats of about 8 and 4 bits; where none is published, GGUF's.
std::vector<const catalog::WeightFormat*> formats_of(const catalog::Catalog& catalog,
                                                     const catalog::Model& model) {
  const auto official = [&](std::initializer_list<std::string_view> ids, std::string_view otherwise) {
    for (const std::string_view id : ids) {
      if (std::find(model.official_formats.begin(), model.official_formats.end(), id) !=
          model.official_formats.end())
        return catalog.format(id);
    }
    return catalog.format(otherwise);
  };
  return {catalog.format("bf16"), official({"gptq-int8", "fp8"}, "q8_0"),
          official({"gptq-int4", "awq-int4"}, "q4_k_m")};
}

GuideFormat format_of(Estimator& estimator, const catalog::Model& model,
                      const catalog::WeightFormat& format) {
  GuideFormat out;
  out.format = &format;
  out.memory.measured = official_bytes(model.id, "memory_gb", format.id);
  Scenario scenario;
  scenario.model = std::string(model.id);
  scenario.format = std::string(format.id);
  if (format.scheme != catalog::Scheme::ggml) scenario.engine = "transformers";
  scenario.context = kTokens;
  out.memory.estimated = estimated(estimator, scenario);
  if (const auto* speed = catalog::official_figure(model.id, "decode_tok_s", format.id, "transformers")) {
    out.tok_s = speed->value;
    out.devices = speed->devices;
  }
  return out;
}

std::optional<Ability> ability_of(const std::vector<Ability>& all, const catalog::Model& model) {
  std::optional<Ability> best;
  for (const Ability& a : all) {
    if (a.model != model.id) continue;
    // What people talk to; a base model stands in where the other has no scores.
    const bool better = !best || (best->variant == "base") > (a.variant == "base") ||
                        ((best->variant == "base") == (a.variant == "base") && a.value > best->value);
    if (better) best = a;
  }
  return best;
}

GuideModel model_of(Estimator& estimator, const catalog::Model& model,
                    const std::vector<std::vector<Ability>>& abilities) {
  GuideModel out;
  out.model = &model;
  out.summary = estimator.summary(model);
  if (const auto* tokens = catalog::official_figure(model.id, "training_tokens"))
    out.training_tokens = tokens->value;
  for (const catalog::WeightFormat* format : formats_of(estimator.catalog(), model))
    out.formats.push_back(format_of(estimator, model, *format));
  out.qlora.measured = official_bytes(model.id, "qlora_memory_gb", "");
  Scenario scenario;
  scenario.model = std::string(model.id);
  scenario.train = Train{};
  scenario.train->method = "qlora";
  out.qlora.estimated = estimated(estimator, scenario);
  for (const auto& of_use : abilities) out.abilities.push_back(ability_of(of_use, model));
  return out;
}

/// The main line of a generation: "Qwen3", not "Qwen3-VL" or "Qwen3-Embedding".
bool is_main_line(const catalog::Model& model) {
  return model.arch != catalog::Arch::unknown && model.family.find('-') == std::string_view::npos;
}

std::vector<GuideCost> costs_of(const std::vector<GuideModel>& models, const catalog::Catalog& catalog,
                                double usd_per_hour) {
  std::vector<GuideCost> out;
  for (const GuideModel& m : models) {
    for (const catalog::OfficialFigure& f : catalog::official_figures()) {
      if (f.model != m.model->id || f.what != "decode_tok_s") continue;
      GuideCost cost;
      cost.model = m.model;
      cost.format = catalog.format(f.format);
      cost.engine = std::string(f.engine);
      cost.devices = f.devices;
      cost.usd_per_hour = usd_per_hour * f.devices;
      cost.tok_s = std::round(f.value);
      cost.usd_per_million_tokens = usd_per_million_tokens(cost.usd_per_hour, 0, cost.tok_s, 1);
      out.push_back(cost);
    }
  }
  return out;
}

}  // namespace

Place place_of(const HardwareClass& hardware, Bytes memory) {
  const double share = static_cast<double>(memory) / static_cast<double>(hardware.memory * hardware.count);
  return share <= 0.95 ? Place::fits : share <= 1 ? Place::tight : Place::no;
}

Guide guide(Estimator& estimator, const std::string& generation, std::optional<double> usd_per_hour) {
  std::vector<std::vector<Ability>> of_uses;
  for (int i = 0; i < catalog::kUseCases; ++i) of_uses.push_back(abilities(static_cast<UseCase>(i)));
  Guide out;
  for (const catalog::Model* model : estimator.catalog().models()) {
    if (of_generation(model->family, generation) && is_main_line(*model))
      out.models.push_back(model_of(estimator, *model, of_uses));
  }
  if (out.models.empty())
    throw Error(ErrorCode::unknown_name,
                "no generation '" + generation +
                    "': qwen1, qwen1.5, qwen2, qwen2.5, qwen3, qwen3.5, qwen3.6 or qwen3.8");
  std::sort(out.models.begin(), out.models.end(), [](const GuideModel& a, const GuideModel& b) {
    return a.summary.parameters < b.summary.parameters;
  });
  const auto gb = [](double v) { return std::llround(v * units::kGB); };
  out.hardware = {{"24 GB", gb(24), 1}, {"40 GB", gb(40), 1}, {"80 GB", gb(80), 1}, {"2x 80 GB", gb(80), 2}};
  const catalog::Device& card = *estimator.catalog().find_device(kCard).device;
  out.price_source = "as given";
  if (!usd_per_hour && card.cloud_usd_per_hour) {
    usd_per_hour = card.cloud_usd_per_hour->typical;
    out.price_source = std::string(card.cloud_usd_per_hour->source);
  }
  if (usd_per_hour) out.costs = costs_of(out.models, estimator.catalog(), *usd_per_hour);
  return out;
}

}  // namespace qwenfit
