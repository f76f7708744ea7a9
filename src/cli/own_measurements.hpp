// The user's own measurements: $XDG_CONFIG_HOME/qwenfit/calibration.json.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "measure/calibrate.hpp"
#include "user_files.hpp"

namespace qwenfit::cli {

/// Where they are kept; empty without a home folder.
std::string own_measurements_file();

/// The program and its data, as far as predictions follow from them.
std::string prediction_version();

/// None where there is no file. @throws Error naming the file and the key.
std::vector<measure::KeptMeasurement> own_measurements();

/// Held from reading to writing: of two runs at once none loses what the other added.
/// @throws Error(usage | io)
std::unique_ptr<FolderLock> lock_own_measurements();

/// @throws Error(usage | io)
void write_own_measurements(const std::vector<measure::KeptMeasurement>& all);

/// What corrects estimates; null where nothing was measured. Predictions of another version are made anew.
std::shared_ptr<const speed::Calibration> own_calibration(const catalog::Catalog& catalog);

}  // namespace qwenfit::cli
