// How well something runs: the verdict and the speed of an estimate in one word, as lists are grouped by it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "qwenfit/estimate.hpp"

namespace qwenfit {

enum class RunGroup : std::uint8_t { great, well, tight, offload, no };
inline constexpr std::array kRunGroups{RunGroup::great, RunGroup::well, RunGroup::tight, RunGroup::offload,
                                       RunGroup::no};

/// "runs-great", "runs-well", "tight", "with-offload", "will-not-run".
std::string_view run_group_name(RunGroup group);

/// Great or well.
constexpr bool runs_well(RunGroup group) {
  return group == RunGroup::great || group == RunGroup::well;
}

/// Decoding at which a reader does not wait for a single stream. tokens/s
inline constexpr double kReadingSpeed = 10;

/// An estimate in short.
struct Run {
  RunGroup group = RunGroup::no;
  Verdict verdict = Verdict::unknown;
  std::string engine;  ///< id
  const catalog::WeightFormat* format = nullptr;
  Bytes needs = 0;   ///< on the device with the least room; with what the host lacks room for
  Bytes usable = 0;  ///< there
  Bytes host = 0;    ///< in host memory
  std::optional<std::int64_t> max_context;
  std::optional<speed::Speed> speed;  ///< of what runs
  std::string reason;
  /// What vLLM's --max-num-seqs had to be lowered to, where it would refuse its default.
  std::optional<std::int64_t> max_num_seqs;
};

/// Great: a fifth of the memory stays free, and decoding of one sequence keeps up with a reader (where its
/// speed is known). Well: it fits, with less room or speed.
Run run_of(const Estimate& estimate);

}  // namespace qwenfit
