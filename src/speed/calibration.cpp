#include "qwenfit/calibration.hpp"

#include <algorithm>
#include <cmath>

#include "step.hpp"

namespace qwenfit::speed {
namespace {

/// The scatter that is expected before anything was measured counts as much as so many measurements.
constexpr double kPrior = 2;

/// What other models and formats on the same device may differ by.
constexpr std::string_view kLevelsOfModels[] = {"class-device", "scheme-generation", "model", "model-engine",
                                                "format",       "format-backend",    "cell"};

double expected_variance(bool prefill, bool same_model) {
  double variance = prefill ? baked::residual_prefill : baked::residual_decode;
  if (same_model) return variance;
  for (const std::string_view level : kLevelsOfModels)
    variance += unseen_variance(prefill ? "prefill" : "decode", level);
  return variance;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace

CalibrationKey calibration_key(const engine::Setup& setup) {
  CalibrationKey key;
  if (!setup.devices.empty()) key.device = setup.devices.front().device->id;
  key.devices = static_cast<int>(setup.devices.size());
  key.engine = family_of(*setup.engine);
  key.backend = engine::backend_name(setup.backend);
  return key;
}

std::optional<Correction> Calibration::find(const engine::Setup& setup, bool prefill) const {
  const CalibrationKey key = calibration_key(setup);
  std::vector<double> same, others;
  std::vector<std::string> same_ids, other_ids;
  for (const OwnMeasurement& row : rows_) {
    const bool here = row.prefill == prefill && row.key.device == key.device &&
                      row.key.devices == key.devices && row.key.engine == key.engine &&
                      row.key.backend == key.backend;
    if (!here || !(row.measured > 0) || !(row.predicted > 0)) continue;
    const double ratio = std::log(row.measured / row.predicted);
    if (!std::isfinite(ratio)) continue;
    const bool exact = row.model == setup.model->id && row.format == setup.weights->format->id;
    (exact ? same : others).push_back(ratio);
    (exact ? same_ids : other_ids).push_back(row.id);
  }
  Correction c;
  c.same_model = !same.empty();
  const std::vector<double>& ratios = c.same_model ? same : others;
  if (ratios.empty()) return std::nullopt;
  const double centre = median(ratios);
  const auto n = static_cast<double>(ratios.size());
  double scatter = kPrior * expected_variance(prefill, c.same_model);
  for (const double ratio : ratios) scatter += (ratio - centre) * (ratio - centre);
  c.factor = std::exp(centre);
  // Of a further measurement: it scatters, and the centre is known as well as n measurements tell it.
  c.variance = scatter / (kPrior + n - 1) * (1 + 1 / n);
  c.rows = static_cast<int>(ratios.size());
  c.ids = std::move(c.same_model ? same_ids : other_ids);
  return c;
}

}  // namespace qwenfit::speed
