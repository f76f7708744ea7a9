#include "qwenfit/left_out.hpp"

#include <fmt/format.h>

namespace qwenfit {

void LeftOutCounter::add(const Error& error, const std::string& what) {
  if (error.code() != ErrorCode::unsupported && error.code() != ErrorCode::undecidable) throw Error(error);
  for (std::size_t i = 0; i < reasons_.size(); ++i) {
    if (codes_[i] != error.code()) continue;
    ++reasons_[i].count;
    return;
  }
  reasons_.push_back({error.what(), what, 1});
  codes_.push_back(error.code());
}

void LeftOutCounter::add(const std::string& reason, const std::string& what) {
  for (LeftOut& known : reasons_) {
    if (known.reason != reason) continue;
    ++known.count;
    return;
  }
  reasons_.push_back({reason, what, 1});
  codes_.push_back(ErrorCode::usage);  // none that the other `add` counts
}

std::string unmet_requirement(const Estimate& estimate) {
  for (const Requirement& r : estimate.requirements) {
    if (r.met != true)
      return r.name == "fits" ? "has to fit, by --require"
                              : fmt::format("{} {} is required", r.name, r.required);
  }
  return "";
}

}  // namespace qwenfit
