// Random scenarios for property tests, the same on every run.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "engine/version_point.hpp"

namespace qwenfit::tests {

/// Draws from a fixed seed. A test derives from it and says what its scenarios look like.
class Draws {
 public:
  explicit Draws(unsigned seed) : random_(seed) {}

  /// A whole number of low..high.
  int number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  bool coin() { return number(0, 1) == 1; }

  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }

  template <class T = std::string>
  T pick(const std::vector<T>& of) {
    return of[std::uniform_int_distribution<std::size_t>(0, of.size() - 1)(random_)];
  }

 private:
  std::mt19937 random_;
};

/// The version, or the newest where the engine did not know the model then.
inline std::string version_for(std::string_view model, std::string_view engine, const std::string& version) {
  const catalog::Catalog& c = catalog::Catalog::builtin();
  const catalog::Text architecture = c.find_model(model).model->architecture;
  for (const catalog::Introduction& first : c.engine(engine)->introduced) {
    for (const catalog::Text name : first.architectures) {
      if (name == architecture && engine::came_before(*c.engine(engine), version, first.version, first.date))
        return "latest";
    }
  }
  return version;
}

}  // namespace qwenfit::tests
