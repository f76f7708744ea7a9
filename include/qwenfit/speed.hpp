// How fast: decode, prefill and time to first token, each with an interval.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/engine.hpp"

namespace qwenfit::speed {

/// A figure with its 80% interval: on measurements never seen, four of five fall inside.
struct Figure {
  double value = 0;
  double low = 0;
  double high = 0;
};

/// What a decode step waits for.
enum class Bound : std::uint8_t { memory, compute, latency, host, interconnect };

/// What the figures rest on.
enum class Confidence : std::uint8_t {
  measured,    ///< this very cell (device, model, format, engine) is in the measurements, or the user's own
               ///< correct it
  calibrated,  ///< the device has measurements of other models
  modelled,    ///< a data sheet only
};

std::string_view bound_name(Bound bound);
std::string_view confidence_name(Confidence confidence);

struct Speed {
  Figure decode_tok_s;        ///< per sequence, averaged over the output, at the asked concurrency
  Figure decode_tok_s_total;  ///< all sequences together
  Figure itl_ms;              ///< inter-token latency
  Figure prefill_tok_s;       ///< prompt tokens per second
  Figure ttft_ms;             ///< time to first token, an idle engine, no network
  Bound bound = Bound::memory;
  Confidence confidence = Confidence::modelled;
  int based_on = 0;  ///< measured rows behind the constants used
  bool own = false;  ///< `based_on` are the user's own measurements, which correct decoding
  std::string hint;  ///< what would make it faster, one clause
  std::vector<std::string> notes;
};

class Calibration;

/// The speed of `setup` placed as in `plan`; nothing when no device is given or it has no bandwidth
/// figure (then `why_not` says so).
/// @param calibration the user's own measurements, which correct the prediction; null: none
std::optional<Speed> predict(const engine::Setup& setup, const engine::MemoryPlan& plan,
                             std::vector<engine::Step>* steps = nullptr, std::string* why_not = nullptr,
                             const Calibration* calibration = nullptr);

}  // namespace qwenfit::speed
