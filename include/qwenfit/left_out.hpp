// What a question over many combinations could not answer: left out, and counted, never shown as zero.
#pragma once

#include <string>
#include <vector>

#include "qwenfit/error.hpp"
#include "qwenfit/estimate.hpp"

namespace qwenfit {

struct LeftOut {
  std::string reason;  ///< the sentence of the first of them
  std::string what;    ///< which one that was
  int count = 1;
};

/// Counts `error` about `what`; errors of one kind count together.
class LeftOutCounter {
 public:
  /// Takes what is about the combination: unsupported, undecidable, an unknown device.
  /// @throws Error again when it is about the question itself.
  void add(const Error& error, const std::string& what);
  /// Counts `what` under a reason of the caller's.
  void add(const std::string& reason, const std::string& what);
  std::vector<LeftOut> take() { return std::move(reasons_); }

 private:
  std::vector<LeftOut> reasons_;
  std::vector<ErrorCode> codes_;
};

/// "decode_tok_s 25 is required": the first requirement of `estimate` that is not met, or can't be told;
/// empty when there is none.
std::string unmet_requirement(const Estimate& estimate);

}  // namespace qwenfit
