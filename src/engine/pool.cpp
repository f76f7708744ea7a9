// What sequences of one length take of a KV pool.
#include <algorithm>

#include "qwenfit/engine.hpp"

namespace qwenfit::engine {

std::int64_t Pool::sequences(std::int64_t tokens) const {
  const std::int64_t each =
      groups * units::ceil_div(std::max<std::int64_t>(tokens, 1), block_tokens) + state_blocks;
  return copies * std::min(std::max<std::int64_t>(blocks, 0) / each, max_sequences);
}

std::int64_t Pool::context(std::int64_t wanted) const {
  const std::int64_t each_copy = units::ceil_div(std::max<std::int64_t>(wanted, 1), copies);
  if (each_copy > max_sequences) return 0;
  return std::max<std::int64_t>(0, (blocks / each_copy - state_blocks) / groups * block_tokens);
}

}  // namespace qwenfit::engine
