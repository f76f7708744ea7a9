// The fitted constants, baked from data/speed by qwenfit-bake-speed. scripts/fit_speed.py says what they
// mean.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace qwenfit::speed {

/// Efficiencies and fixed costs of an engine family on a backend. Shares of nominal rates, seconds.
struct Group {
  std::string_view name;  ///< "decode llama.cpp cuda"
  double e_memory;
  double e_cache;
  double e_compute;
  double launch_s;
  double sync_s;
  double bus_sync_s;
  double e_link;
  double e_host;
  double switch_s;
  double host_launch_s;
  double e_prompts;
  double prompt_launch_s;
  int rows;
};

/// Bits of a hash that are kept: the bakers see to it that no two names share them.
inline constexpr int kHashBits = 48;

/// A factor for what setups have in common, by the hash of its name. There are thousands, so they are packed.
struct Effect {
  std::uint64_t hash : kHashBits;
  std::uint64_t rows : 64 - kHashBits;
  float value;     ///< log seconds
  float variance;  ///< of it
};

/// What a factor that was never seen may be.
struct Level {
  std::string_view name;  ///< "decode device"
  double variance;
};

/// Scale of the intervals, so that four of five measurements never seen fall inside.
struct Interval {
  std::string_view name;  ///< "decode measured", "prefill modelled"
  double scale;
};

/// A measured setup: where its figures come from.
struct MeasuredCell {
  std::uint64_t hash;  ///< of the cell's effect
  std::string_view source;
  std::int32_t rows;
};

namespace baked {
extern const std::span<const Group> groups;    ///< the prior of each phase is named "decode" and "prefill"
extern const std::span<const Effect> effects;  ///< by hash
extern const std::span<const Level> levels;
extern const std::span<const Interval> intervals;
extern const std::span<const MeasuredCell> cells;  ///< by hash
extern const double residual_decode;               ///< variance that no factor explains
extern const double residual_prefill;
}  // namespace baked

/// 64-bit FNV-1a of a factor's name, whole or in pieces.
class Hash {
 public:
  constexpr Hash& add(std::string_view text) {
    for (const char c : text) {
      value_ ^= static_cast<unsigned char>(c);
      value_ *= 1099511628211ULL;
    }
    return *this;
  }
  constexpr std::uint64_t value() const { return value_ >> (64 - kHashBits); }

 private:
  std::uint64_t value_ = 14695981039346656037ULL;
};

}  // namespace qwenfit::speed
