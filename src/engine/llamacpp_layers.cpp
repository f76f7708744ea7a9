#include "llamacpp_layers.hpp"

#include <algorithm>

namespace qwenfit::engine::llamacpp {

/// What decides which events a layer has: its place in the model's period, its weights and its successor's.
struct KeptLayers::Like {
  std::size_t place;
  int kind;
  int next;
  bool operator==(const Like&) const = default;
};

KeptLayers::KeptLayers(const ComputeJob& job, int met)
    : period_(static_cast<std::size_t>((job.rough ? 1 : 2) * std::max(1, job.shape.interval))),
      own_(static_cast<std::size_t>(std::max(job.shape.deepstack, job.shape.ple_layer + 1))) {
  const std::vector<LayerWeights>& all = job.placement.layers;
  const std::size_t n = all.size();
  std::vector<int> firsts;
  for (const LayerWeights& layer : all) {
    const auto known = std::find_if(firsts.begin(), firsts.end(), [&](int first) {
      const LayerWeights& other = all[static_cast<std::size_t>(first)];
      return job.rough ? other.backend == layer.backend && other.experts_on_host == layer.experts_on_host
                       : other == layer;
    });
    const int own = static_cast<int>(kinds_.size());
    kinds_.push_back(known == firsts.end() ? own : *known);
    if (kinds_.back() == own) firsts.push_back(own);
  }
  const auto times = [&](std::size_t i) {
    return std::count_if(kept_.begin(), kept_.end(),
                         [&, l = like(i)](std::size_t k) { return like(k) == l; });
  };
  for (std::size_t i = 0; i < n;) {
    std::size_t dropped = 0;
    for (std::size_t length = 1; met > 0 && i >= own_ && i + length < n && times(i + length - 1) >= met;
         ++length) {
      if (length % period_ == 0 && kinds_[i + length] == kinds_[i]) dropped = length;
    }
    if (dropped == 0) kept_.push_back(i);
    i += std::max<std::size_t>(dropped, 1);
  }
}

KeptLayers::Like KeptLayers::like(std::size_t i) const {
  return {i % period_, kinds_[i], i + 1 < kinds_.size() ? kinds_[i + 1] : -1};
}

std::vector<LayerWeights> KeptLayers::of(const std::vector<LayerWeights>& all) const {
  std::vector<LayerWeights> out;
  out.reserve(kept_.size());
  for (const std::size_t i : kept_) out.push_back(all[i]);
  return out;
}

bool KeptLayers::proven_by(const std::vector<Hash>& states) const {
  if (kept_.size() == kinds_.size()) return true;
  if (states.size() != kept_.size()) return false;
  struct Passage {
    Like like;
    Hash from, to;
  };
  std::vector<Passage> passages;
  for (std::size_t k = 0; k + 1 < kept_.size(); ++k) {
    if (kept_[k] >= own_) passages.push_back({like(kept_[k]), states[k], states[k + 1]});
  }
  for (std::size_t k = 0; k + 1 < kept_.size(); ++k) {
    Hash state = states[k + 1];
    for (std::size_t i = kept_[k] + 1; i < kept_[k + 1]; ++i) {
      const auto it = std::find_if(passages.begin(), passages.end(), [&, l = like(i)](const Passage& p) {
        return p.like == l && p.from == state;
      });
      if (it == passages.end()) return false;
      state = it->to;
    }
    if (!(state == states[k + 1])) return false;
  }
  return true;
}

}  // namespace qwenfit::engine::llamacpp
