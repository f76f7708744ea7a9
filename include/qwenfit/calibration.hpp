// A user's own measurements: how far the predictions for a machine are off, and by how much to correct them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/engine.hpp"

namespace qwenfit::speed {

/// What a setup has to have in common with a measurement for this to say something of it.
struct CalibrationKey {
  std::string device;  ///< id
  int devices = 1;
  std::string engine;  ///< id; llama.cpp for Ollama and LM Studio too
  std::string backend;
};
CalibrationKey calibration_key(const engine::Setup& setup);

/// One measured figure beside what was predicted for it without any correction.
struct OwnMeasurement {
  std::string id;  ///< "1": names it for the user
  CalibrationKey key;
  std::string model;     ///< id
  std::string format;    ///< id
  bool prefill = false;  ///< else decoding
  double measured = 0;   ///< tokens a second, above 0
  double predicted = 0;  ///< likewise
  std::string source;    ///< file that it was read from, or "as given"
  std::string date;      ///< "2026-11-27"
};

/// How predictions for a setup are corrected.
struct Correction {
  double factor = 1;    ///< measured / predicted rate: the median of the measurements in logarithms
  double variance = 0;  ///< of the logarithm of a further measurement around it
  int rows = 0;
  bool same_model = false;       ///< the measurements are of this model in this format
  std::vector<std::string> ids;  ///< of the measurements
};

class Calibration {
 public:
  explicit Calibration(std::vector<OwnMeasurement> rows) : rows_(std::move(rows)) {}

  const std::vector<OwnMeasurement>& rows() const { return rows_; }

  /// The correction from measurements of the setup's model and format on its device and engine; where there
  /// are none, from those of other models there; nothing without any.
  std::optional<Correction> find(const engine::Setup& setup, bool prefill) const;

 private:
  std::vector<OwnMeasurement> rows_;
};

}  // namespace qwenfit::speed
