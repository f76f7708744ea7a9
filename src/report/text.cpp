#include <fmt/format.h>

#include "report.hpp"

namespace qwenfit::report {

std::string text(const Estimate& e, const Style&) {
  std::string out =
      fmt::format("{} {}: {}\n", e.setup.model->name, e.setup.weights->format->name, e.fit.reason);
  if (e.speed) out += fmt::format("{} tok/s\n", units::format_figure(e.speed->decode_tok_s.value));
  return out;
}

}  // namespace qwenfit::report
