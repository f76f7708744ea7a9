#include "qwenfit/benchmarks.hpp"

#include <fmt/format.h>

#include <vector>

#include "nearest.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::catalog {

const OfficialFigure* official_figure(std::string_view model, std::string_view what, std::string_view format,
                                      std::string_view engine) {
  for (const OfficialFigure& f : official_figures()) {
    if (f.model == model && f.what == what && f.format == format && (engine.empty() || f.engine == engine))
      return &f;
  }
  return nullptr;
}

UseCase parse_use_case(std::string_view name) {
  std::vector<std::string_view> words;
  for (int i = 0; i < kUseCases; ++i) {
    const auto use = static_cast<UseCase>(i);
    if (use_case_name(use) == name) return use;
    words.push_back(use_case_name(use));
  }
  throw Error(ErrorCode::invalid_value,
              fmt::format("use case: '{}'{}", name, did_you_mean_of_few(name, words)));
}

}  // namespace qwenfit::catalog
