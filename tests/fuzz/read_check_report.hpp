// What every target on plans does: read a text as a file of this name, check what is found, report it in
// every form.
#pragma once

#include <string>
#include <string_view>

#include "qwenfit/plan.hpp"
#include "report/check.hpp"

namespace qwenfit {

inline void read_check_report(const std::string& file, std::string_view text) {
  static Estimator estimator(catalog::Catalog::builtin());
  plan::Options options;
  options.device = "h100";
  plan::Report report;
  plan::read_text(file, text, options, report);
  if (report.deployments.size() > 20) report.deployments.resize(20);
  plan::check(report, options, estimator);
  for (const std::string& form :
       {report::check_text(report, {}, true), report::check_json(report, 0), report::check_junit(report),
        report::check_sarif(report, "0"), report::check_github(report), report::check_markdown(report),
        report::check_tap(report), report::check_plan(report), report::check_baseline(report)}) {
    if (form.empty()) __builtin_trap();
    for (const char c : form) {
      // Nothing that a terminal would obey comes through.
      if (c == '\x1b' || c == '\0') __builtin_trap();
    }
  }
}

}  // namespace qwenfit
