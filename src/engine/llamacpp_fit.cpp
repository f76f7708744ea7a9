// llama.cpp's --fit: which layers, and which layers' experts, stay on the cards when not all do.
#include <algorithm>
#include <numeric>

#include "llamacpp_plan.hpp"

namespace qwenfit::engine::llamacpp {
namespace {

/// What one card holds: so many layers (the head counts as the last card's), and of how many of them, the
/// last ones, the experts are on the host.
struct Share {
  int layers = 0;
  int without_experts = 0;
};

class Fitter {
 public:
  Fitter(const Job& job, Bytes margin, bool moves_experts)
      : job_(job),
        shares_(static_cast<std::size_t>(job.gpus)),
        moves_experts_(moves_experts && job.shape.experts > 0) {
    const MemoryPlan empty = plan_with(job, arrangement(shares_));
    for (const DeviceMemory& d : empty.devices) {
      targets_.push_back(d.usable - margin);
      compute_.push_back(d.compute);
    }
  }

  Arrangement run() {
    fill_back_to_front();
    if (moves_experts_ && std::accumulate(shares_.begin(), shares_.end(), 0, [](int n, const Share& s) {
                            return n + s.layers;
                          }) == job_.layers + 1)
      bring_experts_front_to_back();
    return arrangement(shares_);
  }

 private:
  Arrangement arrangement(const std::vector<Share>& shares) const {
    std::vector<double> counts;
    int all = 0;
    for (const Share& s : shares) {
      counts.push_back(s.layers);
      all += s.layers;
    }
    if (all == 0) counts.assign(shares.size(), 1.0);
    Arrangement a = arrange(job_.layers, all, counts, 0);
    int layer = job_.layers + 1 - all;
    for (const Share& s : shares) {
      layer += s.layers - s.without_experts;
      for (int i = 0; i < s.without_experts; ++i, ++layer) {
        if (layer < job_.layers) a.experts_on_host[static_cast<std::size_t>(layer)] = true;
      }
    }
    return a;
  }

  /// Bytes on a card, with the compute buffer of the last exact plan.
  bool about_fits(const std::vector<Share>& shares, std::size_t card) const {
    const Arrangement a = arrangement(shares);
    MemoryPlan plan;
    plan.devices.resize(shares.size());
    place_weights(*job_.weights, job_.shape.layers, a, drafts_with_mtp(job_.setup), plan);
    place_caches(job_.shape, job_.context, cached_layers(job_.shape, a), plan);
    return plan.devices[card].total() + job_.runtime + compute_[card] <= targets_[card];
  }

  bool fits(const std::vector<Share>& shares, std::size_t card) {
    const MemoryPlan plan = plan_with(job_, arrangement(shares));
    for (std::size_t i = 0; i < compute_.size(); ++i) compute_[i] = plan.devices[i].compute;
    return plan.devices[card].total() <= targets_[card];
  }

  /// The most of 0..most that fits on `card`; `with` says what so many are. The compute buffer hardly depends
  /// on it: the search does with that of the plan before, a plan of its own has the last word.
  template <class F>
  int most_that_fit(int most, std::size_t card, F&& with) {
    int n = -1;
    for (int tries = 0; tries < 4; ++tries) {
      int low = 0;
      int high = most;
      while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (about_fits(with(middle), card)) low = middle;
        else high = middle - 1;
      }
      if (low == n) break;
      n = low;
      fits(with(n), card);  // for its compute buffer
    }
    while (n > 0 && !fits(with(n), card)) --n;
    // The buffer of the search may have been too large.
    while (n < most && about_fits(with(n + 1), card) && fits(with(n + 1), card)) ++n;
    return n;
  }

  void fill_back_to_front() {
    int left = job_.layers + 1;
    for (std::size_t card = shares_.size(); card-- > 0;) {
      const bool last = card + 1 == shares_.size();
      const auto with = [&](int n) {
        std::vector<Share> s = shares_;
        s[card] = {n, moves_experts_ ? std::max(0, last ? n - 1 : n) : 0};
        return s;
      };
      shares_ = with(most_that_fit(left, card, with));
      left -= shares_[card].layers;
    }
  }

  /// Moves layers whose experts are on the host to the front of the order, whole.
  void bring_experts_front_to_back() {
    for (std::size_t card = 0; card < shares_.size(); ++card) {
      const auto with = [&](int n) {
        std::vector<Share> s = shares_;
        for (std::size_t from = card; from < s.size() && n > 0; ++from) {
          const int moved = std::min(n, s[from].without_experts);
          s[from].without_experts -= moved;
          s[from].layers -= moved;
          s[card].layers += moved;
          n -= moved;
        }
        return s;
      };
      int most = 0;
      for (std::size_t from = card; from < shares_.size(); ++from) most += shares_[from].without_experts;
      shares_ = with(most_that_fit(most, card, with));
    }
  }

  const Job& job_;
  std::vector<Share> shares_;
  bool moves_experts_;
  std::vector<Bytes> targets_;
  std::vector<Bytes> compute_;
};

}  // namespace

Arrangement fitted_arrangement(const Job& job, Bytes margin, bool moves_experts) {
  return Fitter(job, margin, moves_experts).run();
}

}  // namespace qwenfit::engine::llamacpp
