// What comments in a file say to qwenfit: "# qwenfit: ignore ...", "# qwenfit: with KEY=VALUE".
#pragma once

#include <algorithm>
#include <string_view>

#include "qwenfit/plan.hpp"

namespace qwenfit::plan {

/// The deployment that a comment in `line` belongs to: it stands around the comment, or follows it. Looked
/// for from the `first` on; null: there is none.
Deployment* deployment_at(Report& report, std::size_t first, int line);

/// Calls `f(line, rest)` for what stands behind `mark` in comments.
template <class F>
void each_remark(std::string_view text, std::string_view mark, F&& f) {
  int number = 0;
  std::size_t counted = 0;
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    number += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                                          text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    counted = at;
    const std::size_t begin = text.rfind('\n', at) == std::string_view::npos ? 0 : text.rfind('\n', at) + 1;
    if (text.substr(begin, at - begin).find('#') == std::string_view::npos) continue;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    f(number + 1, text.substr(at + mark.size(), end - at - mark.size()));
  }
}

/// "# qwenfit: ignore RULE reason" of the deployments from the `first` on. Without a reason it counts for
/// nothing, and that is a finding.
void read_suppressions(std::string_view text, Report& report, std::size_t first);

/// "# qwenfit: with KEY=VALUE": scenario keys that no flag of the engine has; the device, where the file does
/// not say it.
void read_settings(std::string_view text, Report& report, std::size_t first);

}  // namespace qwenfit::plan
