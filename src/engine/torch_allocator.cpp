#include "torch_allocator.hpp"

namespace qwenfit::engine {
namespace {

constexpr Bytes kMinBlock = 512;
constexpr Bytes kSmall = units::kMiB;             ///< largest tensor of the small pool
constexpr Bytes kSmallSegment = 2 * units::kMiB;  ///< segment of the small pool
constexpr Bytes kMinLarge = 10 * units::kMiB;     ///< from here on a tensor has a segment of its own
constexpr Bytes kLargeSegment = 20 * units::kMiB;
constexpr Bytes kRoundLarge = 2 * units::kMiB;

}  // namespace

void TorchAllocator::allocate(Bytes size) {
  if (size <= 0) return;
  size = units::round_up(size, kMinBlock);
  const bool small = size <= kSmall;
  const bool unsplit = max_split_ > 0 && size >= max_split_;
  std::multiset<Bytes>& free = small ? small_ : large_;

  Bytes block = 0;
  const auto best = unsplit ? free.end() : free.lower_bound(size);
  if (best != free.end()) {
    block = *best;
    free.erase(best);
  } else {
    block = small ? kSmallSegment : size < kMinLarge ? kLargeSegment : units::round_up(size, kRoundLarge);
    reserved_ += block;
  }
  const Bytes rest = block - size;
  const bool split = small ? rest >= kMinBlock : !unsplit && rest > kSmall;
  if (split) {
    free.insert(rest);
    block = size;
  }
  allocated_ += block;
}

}  // namespace qwenfit::engine
