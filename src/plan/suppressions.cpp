#include <fmt/format.h>

#include <algorithm>

#include "judgement.hpp"
#include "qwenfit/error.hpp"
#include "remarks.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

constexpr std::string_view kMark = "qwenfit: ignore";

int last_line(const Deployment& d) {
  int last = std::max(d.line, d.model_line);
  for (const auto& [name, flag] : d.flags) last = std::max(last, flag.line);
  return std::max(last, d.gpu_line);
}

}  // namespace

Deployment* deployment_at(Report& report, std::size_t first, int line) {
  Deployment* best = nullptr;
  for (std::size_t i = first; i < report.deployments.size(); ++i) {
    Deployment& d = report.deployments[i];
    if (d.line <= line && line <= last_line(d)) return &d;
    if (d.line >= line && (!best || d.line < best->line)) best = &d;
  }
  return best;
}

void read_suppressions(std::string_view text, Report& report, std::size_t first) {
  each_remark(text, kMark, [&](int line, std::string_view behind) {
    const std::string_view rest = trim(behind);
    const auto blank = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string rule(rest.substr(0, blank));
    const std::string reason(trim(rest.substr(blank)));
    Deployment* d = deployment_at(report, first, line);
    if (!d) return;
    const bool known = names_check(rule);
    if (known && !reason.empty()) {
      d->suppressions[rule] = reason.substr(0, 500);
      return;
    }
    Finding f;
    f.id = "suppression-ignored";
    f.severity = Severity::warning;
    f.line = line;
    f.message = known ? fmt::format("'{} {}' gives no reason, so it counts for nothing", kMark, rule)
                      : fmt::format("'{}' is the id of no check", rule);
    d->findings.push_back(std::move(f));
  });
}

}  // namespace qwenfit::plan
