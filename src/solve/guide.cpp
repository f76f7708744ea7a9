#include "qwenfit/guide.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "guide_choices.hpp"
#include "quality.hpp"
#include "qwenfit/error.hpp"
#include "settled.hpp"

namespace qwenfit {
namespace {

using catalog::UseCase;

constexpr std::string_view kCard = "a100-sxm-80gb";
constexpr std::int64_t kTokens = 2048;
constexpr std::string_view kGgufOfFour = "q4_k_m";

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
          official({"gptq-int4", "awq-int4"}, kGgufOfFour)};
}

/// Decoding of one sequence on as few A100s as hold it.
void estimate_speed(Estimator& estimator, Scenario scenario, GuideFormat& out) {
  scenario.engine = out.format->scheme == catalog::Scheme::ggml ? "llama.cpp" : "vllm";
  scenario.prompt_tokens = 1;
  scenario.output_tokens = kTokens - 1;
  for (const int count : {1, 2, 4, 8}) {
    scenario.devices = {{std::string(kCard), count}};
    if (scenario.engine == "vllm") scenario.tensor_parallel = count;
    try {
      const Estimate e = estimate_settled(estimator, scenario, false).estimate;
      if (!e.fit.fits || e.fit.verdict == Verdict::offload || !e.speed) continue;
      out.tok_s = e.speed->decode_tok_s.value;
      out.engine = *scenario.engine;
      out.devices = count;
      return;
    } catch (const Error& e) {
      if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::undecidable) throw;
    }
  }
}

GuideFormat format_of(Estimator& estimator, const catalog::Model& model, const catalog::WeightFormat& format,
                      bool speeds_published) {
  GuideFormat out;
  out.format = &format;
  out.memory.measured = official_bytes(model.id, "memory_gb", format.id);
  Scenario scenario;
  scenario.model = std::string(model.id);
  scenario.format = std::string(format.id);
  scenario.context = kTokens;
  if (!speeds_published) estimate_speed(estimator, scenario, out);
  if (format.scheme != catalog::Scheme::ggml) scenario.engine = "transformers";
  out.memory.estimated = estimated(estimator, scenario);
  if (const auto* speed = catalog::official_figure(model.id, "decode_tok_s", format.id, "transformers")) {
    out.tok_s = speed->value;
    out.speed_measured = true;
    out.engine = std::string(speed->engine);
    out.devices = speed->devices;
  }
  return out;
}

/// Q-LoRA, LoRA and full fine-tuning on one card, and cut over two where ZeRO 3 does that.
std::vector<GuideTraining> training_of(Estimator& estimator, const catalog::Model& model,
                                       std::int64_t longest) {
  std::vector<GuideTraining> out;
  for (const auto& [method, name] : {std::pair{"qlora", "Q-LoRA"}, {"lora", "LoRA"}, {"full", "full"}}) {
    GuideTraining t;
    t.method = name;
    Scenario scenario;
    scenario.model = std::string(model.id);
    scenario.train = Train{};
    scenario.train->method = method;
    const std::string key(method);
    t.memory = {official_bytes(model.id, key + "_memory_gb", ""), estimated(estimator, scenario)};
    if (longest >= kLongSequence) {
      Scenario longer = scenario;
      longer.train->sequence = kLongSequence;
      t.long_memory = {official_bytes(model.id, key + "_memory_gb_8192", ""), estimated(estimator, longer)};
    }
    t.cut = catalog::official_figure(model.id, key + "_memory_gb_cut");
    t.advised = catalog::official_figure(model.id, key + "_cards_of_80gb");
    if (t.method != "Q-LoRA") {
      scenario.train->zero_stage = 3;
      scenario.devices = {{std::string(kCard), 2}};
      try {
        t.each_of_two.estimated = estimator.estimate(scenario, false).memory.devices.front().total();
      } catch (const Error& e) {
        if (e.code() != ErrorCode::unsupported && e.code() != ErrorCode::undecidable) throw;
      }
      if (t.cut && t.cut->devices == 2)
        t.each_of_two.measured = std::llround(t.cut->value * units::kGB / t.cut->devices);
    }
    if (t.memory.figure()) out.push_back(std::move(t));
  }
  return out;
}

GuideModel model_of(Estimator& estimator, const catalog::Model& model,
                    const std::vector<std::vector<Ability>>& abilities, const FormatQuality& quality,
                    bool speeds_published) {
  GuideModel out;
  out.model = &model;
  out.summary = estimator.summary(model);
  if (const auto* tokens = catalog::official_figure(model.id, "training_tokens"))
    out.training_tokens = tokens->value;
  for (const catalog::WeightFormat* format : formats_of(estimator.catalog(), model)) {
    out.formats.push_back(format_of(estimator, model, *format, speeds_published));
    out.formats.back().kept = quality.kept(model, *format);
  }
  // A 4-bit checkpoint with most of its tensors in 16 bit saves nothing: GGUF's does.
  GuideFormat& four = out.formats.back();
  const auto eight = out.formats[out.formats.size() - 2].memory.estimated;
  if (!four.memory.measured && eight && four.memory.estimated > *eight * 9 / 10) {
    const catalog::WeightFormat* gguf = estimator.catalog().format(kGgufOfFour);
    if (four.format != gguf) four = format_of(estimator, model, *gguf, speeds_published);
    four.kept = quality.kept(model, *four.format);
  }
  out.training = training_of(estimator, model, out.summary.context_longest);
  for (const auto& of_use : abilities) {
    const Ability* ability = ability_of(of_use, model.id);
    out.abilities.push_back(ability ? std::optional(*ability) : std::nullopt);
  }
  return out;
}

/// The main line of a generation: "Qwen3", not "Qwen3-VL" or "Qwen3-Embedding".
bool is_main_line(const catalog::Model& model) {
  return model.arch != catalog::Arch::unknown && model.family.find('-') == std::string_view::npos &&
         model.kind != "guard" && model.kind != "embedding" && model.kind != "reranker" &&
         model.kind != "asr" && model.kind != "tts";
}

GuideCost cost_of(const GuideModel& m, const catalog::WeightFormat* format, std::string engine, int devices,
                  double tok_s, double usd_per_hour) {
  GuideCost cost;
  cost.model = m.model;
  cost.format = format;
  cost.engine = std::move(engine);
  cost.devices = devices;
  cost.usd_per_hour = usd_per_hour * devices;
  cost.tok_s = std::round(tok_s);
  cost.usd_per_million_tokens = usd_per_million_tokens(cost.usd_per_hour, 0, std::max(cost.tok_s, 1.0), 1);
  return cost;
}

/// What the publisher measured; where that is nothing, the estimates.
std::vector<GuideCost> costs_of(const std::vector<GuideModel>& models, const catalog::Catalog& catalog,
                                double usd_per_hour) {
  std::vector<GuideCost> out;
  for (const GuideModel& m : models) {
    const std::size_t before = out.size();
    for (const catalog::OfficialFigure& f : catalog::official_figures()) {
      if (f.model != m.model->id || f.what != "decode_tok_s") continue;
      out.push_back(
          cost_of(m, catalog.format(f.format), std::string(f.engine), f.devices, f.value, usd_per_hour));
      out.back().measured = true;
    }
    if (out.size() > before) continue;
    for (const GuideFormat& f : m.formats) {
      if (f.tok_s) out.push_back(cost_of(m, f.format, f.engine, f.devices, *f.tok_s, usd_per_hour));
    }
  }
  return out;
}

}  // namespace

Place place_of(const HardwareClass& hardware, Bytes memory) {
  const double share = static_cast<double>(memory) / static_cast<double>(hardware.memory * hardware.count);
  return share <= 0.95 ? Place::fits : share <= 1 ? Place::tight : Place::no;
}

std::optional<Place> place_of(const HardwareClass& hardware, const GuideTraining& training) {
  if (!training.memory.figure()) return std::nullopt;
  const HardwareClass one{hardware.name, hardware.memory, 1};
  Place place = place_of(one, *training.memory.figure());
  const auto longer = training.long_memory.figure();
  if (place == Place::fits && longer && place_of(one, *longer) == Place::no) place = Place::tight;
  if (hardware.count == 2 && training.each_of_two.figure())
    place = std::min(place, place_of(one, *training.each_of_two.figure()));
  return place;
}

Guide guide(Estimator& estimator, const std::string& generation, std::optional<double> usd_per_hour) {
  std::vector<std::vector<Ability>> of_uses;
  for (int i = 0; i < catalog::kUseCases; ++i) of_uses.push_back(abilities(static_cast<UseCase>(i)));
  Guide out;
  const FormatQuality quality(estimator.catalog());
  std::vector<const catalog::Model*> models;
  bool published = false;
  for (const catalog::Model* model : estimator.catalog().models()) {
    if (!of_generation(model->family, generation) || !is_main_line(*model)) continue;
    models.push_back(model);
    published = published || catalog::official_figure(model->id, "decode_tok_s", "bf16") != nullptr;
  }
  for (const catalog::Model* model : models)
    out.models.push_back(model_of(estimator, *model, of_uses, quality, published));
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
  add_choices(out);
  return out;
}

}  // namespace qwenfit
