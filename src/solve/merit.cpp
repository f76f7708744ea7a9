#include "merit.hpp"

#include <algorithm>
#include <cmath>

namespace qwenfit {
namespace {

/// What a unit of each goal is worth: log-odds of quality, and natural logarithms of the others.
struct Weights {
  double quality, speed, cost;
};

Weights weights_of(Priority priority) {
  switch (priority) {
    case Priority::quality: return {1, 0.05, 0};
    case Priority::speed: return {0.4, 1, 0};
    case Priority::cost: return {0.4, 0, 1};
    case Priority::balance: break;
  }
  return {1, 0.35, 0.15};
}

/// Nobody reads faster than this; only where speed is the priority does more of it count.
constexpr double kFastEnough = 60;
/// What memory counts on small machines, per natural logarithm of it.
constexpr double kSmallness = 0.5;

}  // namespace

double merit_of(const Advice& a, const Wish& wish) {
  const Weights w = weights_of(wish.priority);
  // Cautiously: what few tests say counts for less.
  const double sure = a.ability.cautious_score() * a.kept.share;
  const double share = std::clamp(sure / 100, 0.005, 0.995);
  double merit = w.quality * std::log(share / (1 - share));
  if (a.tok_s) {
    const double speed = wish.priority == Priority::speed ? *a.tok_s : std::min(*a.tok_s, kFastEnough);
    merit += w.speed * std::log(std::max(speed, 0.01));
    // On one device tokens cost what time they take; with a price it is dollars.
    merit -= w.cost * std::log(a.usd_per_million_tokens.value_or(1000 / std::max(*a.tok_s_total, 0.01)));
  } else {
    merit -= 10 * (w.speed + w.cost);  // a speed that nobody knows is no argument
  }
  if (wish.edge) merit -= kSmallness * std::log(units::to_gb(std::max<Bytes>(a.memory, 1)));
  return merit;
}

}  // namespace qwenfit
