// JUnit XML: one test suite a file, one test case a deployment and check that found something. Valid by the
// schema of Jenkins's xUnit plugin (junit-10.xsd), `file` apart, by which GitLab links to it.
#include <fmt/format.h>

#include <map>

#include "check.hpp"

namespace qwenfit::report {
namespace {

/// Text for XML 1.0, which has no place for control characters.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

void add_case(std::string& out, const plan::Deployment& d, std::string_view check, std::string_view inside) {
  out += fmt::format("    <testcase classname=\"{}\" name=\"{}: {}\" file=\"{}\"", xml(d.file),
                     xml(deployment_title(d)), xml(check), xml(repository_path(d.file)));
  out += inside.empty() ? "/>\n" : fmt::format(">\n      {}\n    </testcase>\n", inside);
}

}  // namespace

std::string check_junit(const plan::Report& report) {
  struct Suite {
    int tests = 0, failures = 0, errors = 0, skipped = 0;
    std::string cases;
  };
  std::map<std::string, Suite> suites;
  for (const plan::Deployment& d : report.deployments) {
    Suite& suite = suites[d.file];
    if (d.findings.empty()) {
      ++suite.tests;
      if (d.judgement == plan::Judgement::pass) {
        add_case(suite.cases, d, "all checks", "");
      } else {
        ++suite.skipped;
        add_case(suite.cases, d, "all checks",
                 fmt::format("<skipped message=\"{}\"/>", plan::judgement_name(d.judgement)));
      }
    }
    for (const plan::Finding& f : d.findings) {
      ++suite.tests;
      const std::string text = xml(finding_text(f));
      if (!f.suppressed.empty()) {
        ++suite.skipped;
        add_case(suite.cases, d, f.id,
                 fmt::format("<skipped message=\"suppressed: {}\"/>", xml(f.suppressed)));
      } else if (f.severity == plan::Severity::error) {
        // An undecided error is a file that can't be read: JUnit's own word for that is an error.
        const std::string_view tag = f.undecided ? "error" : "failure";
        ++(f.undecided ? suite.errors : suite.failures);
        add_case(suite.cases, d, f.id,
                 fmt::format("<{} type=\"{}\" message=\"{}\">{}:{}: {}</{}>", tag, f.id, xml(f.message),
                             xml(d.file), f.line, text, tag));
      } else {
        ++suite.skipped;
        add_case(suite.cases, d, f.id,
                 fmt::format("<skipped message=\"{}: {}\"/>", plan::severity_name(f.severity), text));
      }
    }
  }
  int tests = 0, failures = 0, errors = 0;
  for (const auto& [file, suite] : suites) {
    tests += suite.tests;
    failures += suite.failures;
    errors += suite.errors;
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"qwenfit check\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
                     tests, failures, errors);
  for (const auto& [file, suite] : suites) {
    out +=
        fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
                    xml(file), suite.tests, suite.failures, suite.errors, suite.skipped);
    out += suite.cases + "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace qwenfit::report
