// The words for use cases; apart, as the bake tool needs them before there are baked figures.
#include <array>

#include "qwenfit/benchmarks.hpp"

namespace qwenfit::catalog {

std::string_view use_case_name(UseCase use) {
  static constexpr std::array<std::string_view, kUseCases> kNames{
      "chat", "code", "math", "agents", "long-context", "multilingual", "vision", "embedding"};
  return kNames[static_cast<std::size_t>(use)];
}

}  // namespace qwenfit::catalog
