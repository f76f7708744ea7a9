// From a benchmark's row to a measurement of one's own beside its prediction, and the file that keeps them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench.hpp"
#include "qwenfit/calibration.hpp"
#include "qwenfit/estimate.hpp"

namespace qwenfit::measure {

/// A measurement as it is kept: with the scenario it was made in, so that a later version of the program can
/// predict it anew.
struct KeptMeasurement {
  speed::OwnMeasurement row;
  Scenario scenario;         ///< as asked, devices by the names that were given
  std::string predicted_by;  ///< the program's version and its catalog's date
};

/// How far a measured speed may be from the predicted one before it is taken for a mistake.
inline constexpr double kWildest = 20;

struct CalibrateOptions {
  Scenario given;      ///< what the user says; goes before what a benchmark tells
  std::string source;  ///< of the rows: file, or "as given"
  std::string today;   ///< "2026-11-27", for rows without a date
  std::string predicted_by;
  bool force = false;  ///< keep what looks like a mistake
};

/// What `row` measured beside what is predicted for it. `row.id` stays empty.
/// @param estimator without corrections
/// @param notes gets what was assumed and what does not go together
/// @throws Error where model, format or device are not known, where there is no prediction, and, without
///         `force`, where the row contradicts them.
KeptMeasurement calibrate(Estimator& estimator, const BenchRow& row, const CalibrateOptions& options,
                          std::vector<std::string>& notes);

/// The same figure of the same setup.
bool same_measurement(const speed::OwnMeasurement& a, const speed::OwnMeasurement& b);

/// Adds `added` with the lowest numbers above all others as ids.
void keep(std::vector<KeptMeasurement>& all, KeptMeasurement added);

/// calibration.json (data/schema/calibration.schema.json).
/// @throws Error(bad_input | unknown_key) naming `name` and the key.
std::vector<KeptMeasurement> read_measurements_kept(std::string_view text, const std::string& name);
std::string write_measurements_kept(const std::vector<KeptMeasurement>& all);

/// Predicts anew what another version of the program or its data predicted; what it can't it leaves.
void predict_anew(Estimator& estimator, std::vector<KeptMeasurement>& all, const std::string& version);

}  // namespace qwenfit::measure
