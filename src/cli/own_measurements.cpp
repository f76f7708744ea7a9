#include "own_measurements.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "options.hpp"
#include "qwenfit/error.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

std::string settings_folder() {
  std::string folder = config_folder();
  if (folder.empty())
    throw Error(ErrorCode::usage, "there is no folder for settings: neither XDG_CONFIG_HOME nor HOME is set");
  return folder;
}

}  // namespace

std::string own_measurements_file() {
  const std::string folder = config_folder();
  return folder.empty() ? folder : folder + "/calibration.json";
}

std::string prediction_version() {
  return fmt::format("{} of {}", QWENFIT_VERSION, catalog::Catalog::date());
}

std::vector<measure::KeptMeasurement> own_measurements() {
  const std::string path = own_measurements_file();
  const auto text = path.empty() ? std::nullopt : read_user_file(path);
  return text ? measure::read_measurements_kept(*text, path) : std::vector<measure::KeptMeasurement>();
}

std::unique_ptr<FolderLock> lock_own_measurements() {
  return std::make_unique<FolderLock>(settings_folder());
}

void write_own_measurements(const std::vector<measure::KeptMeasurement>& all) {
  write_user_file(own_measurements_file(), measure::write_measurements_kept(all));
}

std::shared_ptr<const speed::Calibration> own_calibration(const catalog::Catalog& catalog) {
  std::vector<measure::KeptMeasurement> all = own_measurements();
  if (all.empty()) return nullptr;
  const std::string version = prediction_version();
  const bool old =
      std::any_of(all.begin(), all.end(), [&](const auto& kept) { return kept.predicted_by != version; });
  if (old) {
    Estimator plain(catalog, ModelFiles::read, whole_machine(catalog));
    measure::predict_anew(plain, all, version);
  }
  std::vector<speed::OwnMeasurement> rows;
  for (measure::KeptMeasurement& kept : all) rows.push_back(std::move(kept.row));
  return std::make_shared<speed::Calibration>(std::move(rows));
}

}  // namespace qwenfit::cli
