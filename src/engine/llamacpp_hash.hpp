// Two independent hashes: what has both in common is taken to be the same.
#pragma once

#include <cstdint>

namespace qwenfit::engine::llamacpp {

struct Hash {
  std::uint64_t a = 0xcbf29ce484222325U;
  std::uint64_t b = 0x9e3779b97f4a7c15U;
  bool operator==(const Hash&) const = default;

  template <class... T>
  void add(const T&... values) {
    (mix(static_cast<std::uint64_t>(values)), ...);
  }

  /// Two numbers of 32 bit as one to add.
  static std::uint64_t pair(std::int32_t high, std::int32_t low) {
    return std::uint64_t{static_cast<std::uint32_t>(high)} << 32 | static_cast<std::uint32_t>(low);
  }

 private:
  void mix(std::uint64_t value) {
    a = (a ^ value) * 0x100000001b3U;
    a ^= a >> 29;
    b = (b + value) * 0xff51afd7ed558ccdU;
    b ^= b >> 32;
  }
};

struct HashOf {
  std::size_t operator()(const Hash& h) const { return static_cast<std::size_t>(h.a ^ h.b); }
};

}  // namespace qwenfit::engine::llamacpp
