// TAP version 13: one test point a deployment.
#include <fmt/format.h>

#include <algorithm>

#include "check.hpp"

namespace qwenfit::report {
namespace {

/// '#' begins a directive, and a test point is one line.
std::string point(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '#' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// Whether a named file can't be read: no answer to skip over.
bool unreadable(const plan::Deployment& d) {
  return std::any_of(d.findings.begin(), d.findings.end(), [](const plan::Finding& f) {
    return f.suppressed.empty() && f.undecided && f.severity == plan::Severity::error;
  });
}

}  // namespace

std::string check_tap(const plan::Report& report) {
  std::string out = fmt::format("TAP version 13\n1..{}\n", report.deployments.size());
  int n = 0;
  for (const plan::Deployment& d : report.deployments) {
    const bool failed = d.judgement == plan::Judgement::fail || unreadable(d);
    const std::string name = point(fmt::format("{}:{} {}", d.file, d.line, deployment_title(d)));
    std::string directive;
    if (!failed && (d.judgement == plan::Judgement::unknown || d.judgement == plan::Judgement::not_checked))
      directive = fmt::format(" # SKIP {}", plan::judgement_name(d.judgement));
    out += fmt::format("{} {} - {}{}\n", failed ? "not ok" : "ok", ++n, name, directive);
    for (const plan::Finding& f : d.findings) {
      if (f.suppressed.empty())
        out += fmt::format("# {} {}:{} {}: {}\n", plan::severity_name(f.severity), point(d.file), f.line,
                           f.id, point(finding_text(f)));
    }
  }
  return out;
}

}  // namespace qwenfit::report
