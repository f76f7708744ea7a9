#include "qwenfit/benchmarks.hpp"

namespace qwenfit::catalog {

const OfficialFigure* official_figure(std::string_view model, std::string_view what, std::string_view format,
                                      std::string_view engine) {
  for (const OfficialFigure& f : official_figures()) {
    if (f.model == model && f.what == what && f.format == format && (engine.empty() || f.engine == engine))
      return &f;
  }
  return nullptr;
}

}  // namespace qwenfit::catalog
