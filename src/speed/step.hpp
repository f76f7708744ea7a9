// From work to time: the fitted efficiencies, fixed costs and factors.
#pragma once

#include <array>

#include "constants.hpp"
#include "effects.hpp"
#include "qwenfit/calibration.hpp"

namespace qwenfit::speed {

/// Highest share of a data sheet's bandwidth that is taken to be reached.
inline constexpr double kReachable = 0.93;

/// Where the time of a step goes. Seconds; memory and compute overlap, the others come on top.
struct Parts {
  double memory = 0;
  double cache = 0;       ///< of `memory`
  bool at_bound = false;  ///< weights are read as fast as they can be
  double compute = 0;
  double latency = 0;
  double interconnect = 0;
  double host = 0;
  double prompts = 0;          ///< products of other sequences' prompts, worked off in between
  double prompt_launches = 0;  ///< of these prompts
  double mixed = 0;  ///< share of the steps that have the prompts' products beside their own, where all of
                     ///< them overlap with memory; 0: prompts come on top
  double sum() const;
  /// Of the sum, the part that each kind of factor acts on: of memory and compute, as much as each decides.
  std::array<double, kShares> shares() const;
  /// Each part times its factors, given as logarithms; that of all parts is left alone.
  void multiply(const std::array<double, kShares>& logs);

 private:
  struct Split {
    double memory = 0;
    double compute = 0;
    double prompts = 0;
    double sum() const { return memory + compute + prompts; }
  };
  /// Of the time that memory, products and prompts take together, what each decides.
  Split split() const;
};

/// Parts of a step with factors of these logarithms. Memory is not read faster than the data sheet allows,
/// whatever they say; all else comes on top.
Parts parts_of(const engine::Setup& setup, const Work& work, Phase phase,
               const std::array<double, kShares>& logs);

/// The constants of the setup's group; else those of the engine family on the backend that was measured most;
/// else those of all groups together.
const Group& find_group(const engine::Setup& setup, Phase phase);

/// Whether the setup's group was measured.
bool is_of(const Group& group, const engine::Setup& setup, Phase phase);

/// The time of a step, and what is known about it.
struct Timed {
  double seconds = 0;
  double least = 0;                    ///< what data sheets allow
  double variance = 0;                 ///< of its logarithm
  double factor = 1;                   ///< on the whole step, of what the setup has in common with others
  std::array<double, kShares> logs{};  ///< of the factors on its parts
  Parts parts;                         ///< with these factors
  int device_rows = 0;                 ///< measurements of the device
  const MeasuredCell* cell = nullptr;
  std::optional<Correction> own;  ///< by measurements of the user's: `seconds` and `variance` have it
};

/// What a factor of this level ("decode", "device") may be where it was never seen.
double unseen_variance(std::string_view phase, std::string_view level);

/// Factors of a setup added up: logarithms and their variances by the part of a step that they act on.
struct Factors {
  std::array<double, kShares> logs{};
  std::array<double, kShares> variance{};
  int device_rows = 0;
  const MeasuredCell* cell = nullptr;
  void add(const EffectUse& use);
};

/// Those that are the same whatever the concurrency.
Factors lasting_factors(const engine::Setup& setup, const engine::MemoryPlan& plan, Phase phase);

/// @param lasting of this setup, or of one that differs in its concurrency alone
Timed time_of(const engine::Setup& setup, const engine::MemoryPlan& plan, const Work& work, Phase phase,
              const Factors& lasting);

}  // namespace qwenfit::speed
