// Files of any shape: the first line is the file's name, the rest its text. What is read is checked and
// reported in every form.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "qwenfit/error.hpp"
#include "qwenfit/plan.hpp"
#include "report/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qwenfit;
  static Estimator estimator(catalog::Catalog::builtin());
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(input.find('\n'), input.size());
  plan::Options options;
  options.device = "h100";
  plan::Report report;
  plan::read_text(std::string(input.substr(0, line)), input.substr(std::min(line + 1, size)), options,
                  report);
  if (report.deployments.size() > 50) report.deployments.resize(50);
  plan::check(report, options, estimator);
  for (const std::string& text :
       {report::check_text(report, {}, true), report::check_json(report, 0), report::check_junit(report),
        report::check_sarif(report, "0"), report::check_github(report), report::check_markdown(report),
        report::check_tap(report), report::check_plan(report), report::check_baseline(report)}) {
    if (text.empty()) __builtin_trap();
    for (const char c : text) {
      // Nothing that a terminal would obey comes through.
      if (c == '\x1b' || c == '\0') __builtin_trap();
    }
  }
  return 0;
}
