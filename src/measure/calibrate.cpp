#include "calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::measure {
namespace {

/// Parameters and bytes that a file states may differ so much from those of the model that it is taken for:
/// by a vocabulary that is padded, by a mix of types.
constexpr double kParametersOff = 0.05;
constexpr double kBytesOff = 0.15;
/// Figures of the file are written to six digits.
constexpr double kSame = 1e-4;

/// The row's scenario with everything the user said over it.
Scenario joined(const BenchRow& row, const Scenario& given) {
  Scenario out = row.scenario;
  for (const Field& field : scenario_fields()) {
    if (field.key == "method" || field.key == "id") continue;
    const std::string text = field_text(given, field);
    // A flag that is off is one that was not given.
    if (text.empty() || (field.key == "explain" && text == "false")) continue;
    set_field_text(out, field, text);
  }
  // The user's word on one of both types is meant for both.
  if (given.kv_type && !given.kv_type_v) out.kv_type_v.reset();
  return out;
}

std::string base_name(const std::string& path) {
  const auto slash = path.find_last_of("/\\");
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

/// Which model a row is of, where the user does not say: the name of its file, else the file itself.
void name_model(const catalog::Catalog& catalog, const BenchRow& row, Scenario& scenario) {
  if (!scenario.model.empty()) return;
  std::string why = "it does not tell the model";
  if (!row.model_path.empty()) {
    const std::string name = base_name(row.model_path);
    try {
      (void)catalog.find_model(name);
      scenario.model = name;
      return;
    } catch (const Error& e) {
      why = e.what();
    }
    std::error_code error;
    if (std::filesystem::exists(row.model_path, error) && input::is_path(catalog, row.model_path)) {
      scenario.model = row.model_path;
      return;
    }
  } else if (!row.model_type.empty()) {
    why = fmt::format("it says '{}' and no file name", row.model_type);
  }
  throw Error(ErrorCode::usage, fmt::format("{}: {}: -m MODEL says which model it is", row.label, why));
}

/// A default would stand for any format: it has to be known.
void need_format(const catalog::Catalog& catalog, const BenchRow& row, const Scenario& scenario,
                 bool from_benchmark) {
  if (scenario.format || !from_benchmark || scenario.engine != "llama.cpp") return;
  if (input::is_path(catalog, scenario.model) || catalog.find_model(scenario.model).format) return;
  throw Error(ErrorCode::usage,
              fmt::format("{}: it does not tell the weight format{}: -f FORMAT says it", row.label,
                          row.model_type.empty() ? "" : " ('" + row.model_type + "')"));
}

/// The cards that the file names, where the user names none.
void name_devices(const catalog::Catalog& catalog, const BenchRow& row, Scenario& scenario) {
  if (!scenario.devices.empty()) return;
  std::string why = row.gpus.empty() ? "no device is named" : "";
  if (!row.gpus.empty()) {
    try {
      for (const std::string& gpu : row.gpus) {
        const catalog::DeviceMatch match = catalog.find_device(gpu);
        const std::string id(match.device->id);
        if (!scenario.devices.empty() && scenario.devices.back().name == id) ++scenario.devices.back().count;
        else scenario.devices.push_back({id, 1});
      }
      return;
    } catch (const Error& e) {
      scenario.devices.clear();
      why = e.what();
    }
  }
  throw Error(
      ErrorCode::usage,
      fmt::format("{}: {}: -d DEVICE says where it was measured, -d auto that it was here", row.label, why));
}

/// Whether the file names other cards than the setup has: a sentence, or nothing.
std::string other_cards(const catalog::Catalog& catalog, const BenchRow& row, const Estimate& e) {
  if (row.gpus.empty() || e.setup.devices.empty()) return "";
  try {
    const catalog::Device* told = catalog.find_device(row.gpus.front()).device;
    const catalog::Device* taken = e.setup.devices.front().device;
    if (told->id == taken->id) return "";
    return fmt::format("the benchmark ran on {}, not on {}", row.gpus.front(), taken->name);
  } catch (const Error&) {
    return "";
  }
}

bool differs(double told, double known, double most) {
  return told > 0 && known > 0 && std::fabs(told / known - 1) > most;
}

/// What speaks against the row being of this setup.
std::vector<std::string> contradictions(const catalog::Catalog& catalog, const BenchRow& row,
                                        const Estimate& e, double predicted) {
  std::vector<std::string> out;
  const auto parameters = static_cast<double>(row.parameters.value_or(0));
  if (differs(parameters, static_cast<double>(e.model.parameters), kParametersOff))
    out.push_back(fmt::format("its model has {} parameters, {} has {}",
                              units::format_parameters(*row.parameters), e.setup.model->name,
                              units::format_parameters(e.model.parameters)));
  else if (differs(static_cast<double>(row.weights.value_or(0)), static_cast<double>(e.weights.bytes),
                   kBytesOff))
    out.push_back(fmt::format("its weights take {}, those of {} {} {}", units::format_bytes(*row.weights),
                              e.setup.model->name, e.setup.weights->format->name,
                              units::format_bytes(e.weights.bytes)));
  if (std::string cards = other_cards(catalog, row, e); !cards.empty()) out.push_back(std::move(cards));
  if (row.tok_s > predicted * kWildest || row.tok_s < predicted / kWildest)
    out.push_back(fmt::format("{} tok/s are {} times the {} that are predicted",
                              units::format_figure(row.tok_s), units::format_figure(row.tok_s / predicted),
                              units::format_figure(predicted)));
  return out;
}

double predicted_speed(const Estimate& e, bool prefill) {
  return !e.speed ? 0 : prefill ? e.speed->prefill_tok_s.value : e.speed->decode_tok_s.value;
}

}  // namespace

KeptMeasurement calibrate(Estimator& estimator, const BenchRow& row, const CalibrateOptions& options,
                          std::vector<std::string>& notes) {
  const catalog::Catalog& catalog = estimator.catalog();
  Scenario scenario = joined(row, options.given);
  if (scenario.train) throw Error(ErrorCode::usage, "train: the speed of training is not estimated");
  name_model(catalog, row, scenario);
  need_format(catalog, row, scenario, options.source != "as given");
  name_devices(catalog, row, scenario);
  const Estimate e = estimator.estimate(scenario, false);
  if (e.memory.refusal)
    throw Error(ErrorCode::undecidable,
                fmt::format("{}: there is no prediction to correct: {} would not start: {}", row.label,
                            e.setup.engine->name, *e.memory.refusal));
  const double predicted = predicted_speed(e, row.prefill);
  if (!(predicted > 0))
    throw Error(ErrorCode::undecidable, fmt::format("{}: there is no prediction to correct{}", row.label,
                                                    e.notes.empty() ? "" : ": " + e.notes.back()));
  if (e.fit.verdict == Verdict::does_not_fit)
    notes.push_back(fmt::format("{}: it does not fit, says the estimate: {}", row.label, e.fit.reason));
  for (const std::string& doubt : contradictions(catalog, row, e, predicted)) {
    if (!options.force)
      throw Error(ErrorCode::invalid_value,
                  fmt::format("{}: {}: another model, format or device? --force keeps it all the same",
                              row.label, doubt));
    notes.push_back(fmt::format("{}: {}", row.label, doubt));
  }
  KeptMeasurement out;
  out.row.key = speed::calibration_key(e.setup);
  out.row.model = std::string(e.setup.model->id);
  out.row.format = std::string(e.setup.weights->format->id);
  out.row.prefill = row.prefill;
  out.row.measured = row.tok_s;
  out.row.predicted = predicted;
  out.row.source = options.source;
  const bool dated = row.date.size() == 10 && row.date.find_first_not_of("0123456789-") == std::string::npos;
  out.row.date = dated ? row.date : options.today;
  if (scenario.devices.size() == 1 && scenario.devices.front().count > 1 && !scenario.device_count) {
    scenario.device_count = scenario.devices.front().count;
    scenario.devices.front().count = 1;
  }
  scenario.id.clear();
  scenario.require = {};
  scenario.explain = false;
  out.scenario = std::move(scenario);
  out.predicted_by = options.predicted_by;
  return out;
}

bool same_measurement(const speed::OwnMeasurement& a, const speed::OwnMeasurement& b) {
  return a.key.device == b.key.device && a.key.devices == b.key.devices && a.key.engine == b.key.engine &&
         a.key.backend == b.key.backend && a.model == b.model && a.format == b.format &&
         a.prefill == b.prefill && std::fabs(a.measured / b.measured - 1) < kSame &&
         std::fabs(a.predicted / b.predicted - 1) < kSame;
}

void keep(std::vector<KeptMeasurement>& all, KeptMeasurement added) {
  std::int64_t last = 0;
  for (const KeptMeasurement& kept : all) last = std::max(last, units::parse_count(kept.row.id).value_or(0));
  added.row.id = fmt::format("{}", last + 1);
  all.push_back(std::move(added));
}

void predict_anew(Estimator& estimator, std::vector<KeptMeasurement>& all, const std::string& version) {
  for (KeptMeasurement& kept : all) {
    if (kept.predicted_by == version) continue;
    try {
      const Estimate e = estimator.estimate(kept.scenario, false);
      const speed::CalibrationKey key = speed::calibration_key(e.setup);
      const double predicted = predicted_speed(e, kept.row.prefill);
      // On another machine "auto" is another device.
      if (!(predicted > 0) || key.device != kept.row.key.device || key.devices != kept.row.key.devices)
        continue;
      kept.row.predicted = predicted;
      kept.predicted_by = version;
    } catch (const Error&) {  // a model or a device that is no longer there
      continue;
    }
  }
}

}  // namespace qwenfit::measure
