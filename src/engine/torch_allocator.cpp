#include "torch_allocator.hpp"

namespace qwenfit::engine {
namespace {

constexpr Bytes kMinBlock = 512;
constexpr Bytes kSmall = units::kMiB;             ///< largest tensor of the small pool
constexpr Bytes kSmallSegment = 2 * units::kMiB;  ///< segment of the small pool
constexpr Bytes kMinLarge = 10 * units::kMiB;     ///< from here on a tensor has a segment of its own
constexpr Bytes kLargeSegment = 20 * units::kMiB;
constexpr Bytes kRoundLarge = 2 * units::kMiB;

bool is_small(Bytes size) {
  return size <= kSmall;
}

}  // namespace

const std::multiset<Bytes>& TorchAllocator::pool_of(Bytes rounded) const {
  return is_small(rounded) ? small_ : large_;
}

TorchAllocator::Placed TorchAllocator::place(Bytes size) const {
  const std::multiset<Bytes>& free = pool_of(size);
  const bool unsplit = max_split_ > 0 && size >= max_split_;
  const auto rest = unsplit ? free.end() : free.lower_bound(size);
  const Bytes block = rest != free.end() ? *rest
                      : is_small(size)   ? kSmallSegment
                      : size < kMinLarge ? kLargeSegment
                                         : units::round_up(size, kRoundLarge);
  const Bytes left = block - size;
  const bool split = is_small(size) ? left >= kMinBlock : !unsplit && left > kSmall;
  return {rest, block, split ? left : 0};
}

void TorchAllocator::allocate(Bytes size) {
  if (size <= 0) return;
  size = units::round_up(size, kMinBlock);
  const Placed placed = place(size);
  std::multiset<Bytes>& free = is_small(size) ? small_ : large_;
  if (placed.rest != free.end()) free.erase(placed.rest);
  else reserved_ += placed.block;
  if (placed.left > 0) free.insert(placed.left);
  allocated_ += placed.block - placed.left;
}

TorchAllocator::Totals TorchAllocator::after(Bytes size) const {
  if (size <= 0) return {allocated_, reserved_};
  size = units::round_up(size, kMinBlock);
  const Placed placed = place(size);
  const bool segment = placed.rest == pool_of(size).end();
  return {allocated_ + placed.block - placed.left, reserved_ + (segment ? placed.block : 0)};
}

}  // namespace qwenfit::engine
