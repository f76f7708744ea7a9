// Scenarios as a service would send them: any model, common formats and cards, the same ones on every run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"

namespace qwenfit::bench {

class Generator {
 public:
  explicit Generator(const catalog::Catalog& catalog);

  /// The next scenario as a line of JSON, without the line end.
  std::string next();

 private:
  /// A number from 0 to below `n`.
  std::size_t random(std::size_t n);
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[random(items.size())];
  }

  std::vector<std::string_view> models_;
  std::uint64_t state_ = 1;
  std::uint64_t count_ = 0;
};

}  // namespace qwenfit::bench
