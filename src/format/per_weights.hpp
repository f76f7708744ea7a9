// What is worked out of the weights of a file once, and kept for the files used last.
#pragma once

#include <memory>
#include <unordered_map>

#include "qwenfit/format.hpp"

namespace qwenfit::format {

/// Not for use from several threads at once: a thread_local one per use.
template <class T>
class PerWeights {
 public:
  /// The T of these weights, made by `make(weights)` when there is none yet.
  template <class Make>
  std::shared_ptr<T> of(const std::shared_ptr<const Weights>& weights, Make&& make) {
    const auto it = kept_.find(weights.get());
    if (it != kept_.end() && !it->second.owner.expired()) return it->second.value;
    if (kept_.size() >= kMost) kept_.clear();
    auto made = std::make_shared<T>(make(*weights));
    kept_[weights.get()] = {weights, made};
    return made;
  }

 private:
  static constexpr std::size_t kMost = 1024;
  struct Kept {
    std::weak_ptr<const Weights> owner;  ///< another file may have come to lie at the same address
    std::shared_ptr<T> value;
  };
  std::unordered_map<const Weights*, Kept> kept_;
};

}  // namespace qwenfit::format
