// GitHub: workflow commands that become annotations, and the summary of a step in Markdown.
#include <fmt/format.h>

#include <algorithm>

#include "check.hpp"

namespace qwenfit::report {
namespace {

std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%') out += "%25";
    else if (c == '\r') out += "%0D";
    else if (c == '\n') out += "%0A";
    else if (property && c == ':') out += "%3A";
    else if (property && c == ',') out += "%2C";
    else out += c;
  }
  return out;
}

/// A cell of a Markdown table, in which nothing is markup.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '|' || c == '`' || c == '*' || c == '_' || c == '[' || c == ']' || c == '<' || c == '>')
      out += '\\';
    out += c;
  }
  return out;
}

/// GitHub cuts the summary of a step at 1 MiB.
constexpr std::size_t kLongestSummary = std::size_t{900} << 10;

}  // namespace

std::string check_github(const plan::Report& report) {
  std::string out;
  for (const plan::Deployment& d : report.deployments) {
    for (const plan::Finding& f : d.findings) {
      if (!f.suppressed.empty()) continue;
      const std::string_view command =
          f.severity == plan::Severity::note ? "notice" : plan::severity_name(f.severity);
      out += fmt::format(
          "::{} file={},line={},title={}::{}\n", command, escaped(printable(repository_path(d.file)), true),
          std::max(f.line, 1), escaped(fmt::format("qwenfit {}", f.id), true),
          escaped(printable(fmt::format("{}: {}", deployment_title(d), finding_text(f))), false));
    }
  }
  return out + printable(summary_sentence(report)) + "\n";
}

std::string check_markdown(const plan::Report& report) {
  std::string out = fmt::format("### qwenfit check\n\n{}\n", cell(summary_sentence(report)));
  if (report.deployments.empty()) return out;
  out += "\n| verdict | deployment | model | where | findings |\n|---|---|---|---|---|\n";
  for (const plan::Deployment& d : report.deployments) {
    std::string findings;
    for (const plan::Finding& f : d.findings) {
      if (!f.suppressed.empty()) continue;
      findings += (findings.empty() ? "" : "<br>") + fmt::format("**{}** {}", f.id, cell(finding_text(f)));
    }
    out += fmt::format(
        "| {} | {} | {} | {}:{} | {} |\n", plan::judgement_name(d.judgement), cell(deployment_title(d)),
        cell(d.model.empty() ? "unknown" : d.model), cell(d.file), d.line,
        findings.empty() ? (d.estimate && !d.device.empty() ? cell(d.estimate->fit.reason) : "") : findings);
    if (out.size() > kLongestSummary) {
      out += "\nThere is more than fits here.\n";
      break;
    }
  }
  return out;
}

}  // namespace qwenfit::report
