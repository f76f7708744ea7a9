// `qwenfit check`: what was found in deployment plans, for people and for CI. One file per form.
#pragma once

#include <string>

#include "qwenfit/plan.hpp"
#include "screen.hpp"

namespace qwenfit::report {

/// How the run is to end and what to print.
struct CheckSummary {
  std::int64_t passed = 0, failed = 0, unknown = 0, not_checked = 0;
  std::int64_t errors = 0, warnings = 0, suppressed = 0;
};

CheckSummary summarize(const plan::Report& report);

/// "3 deployments in 2 files: 1 fails, 1 passes, 1 unknown; 4 files serve no model".
std::string summary_sentence(const plan::Report& report);

/// A finding as one line of text: the message, and the remedy behind a semicolon.
std::string finding_text(const plan::Finding& finding);

/// A file as CI systems look for it: relative to the folder that qwenfit runs in where it is below that,
/// without
/// "./" and the like; else as it was given.
std::string repository_path(const std::string& file);

/// "Deployment llm/qwen (vllm), prefill"
std::string deployment_title(const plan::Deployment& deployment);

std::string check_text(const plan::Report& report, const Style& style, bool all);
/// data/schema/check.schema.json
std::string check_json(const plan::Report& report, int exit_code);
std::string check_junit(const plan::Report& report);
/// SARIF 2.1.0 as GitHub takes it: one run, all rules listed, a location for every result.
std::string check_sarif(const plan::Report& report, std::string_view version);
/// GitHub workflow commands: ::error file=...,line=...::message
std::string check_github(const plan::Report& report);
/// Markdown for $GITHUB_STEP_SUMMARY.
std::string check_markdown(const plan::Report& report);
std::string check_tap(const plan::Report& report);

/// The findings that count, for --baseline of later runs.
std::string check_baseline(const plan::Report& report);

/// qwenfit's own plan with the deployments of `report` (data/schema/plan.schema.json).
std::string check_plan(const plan::Report& report);

}  // namespace qwenfit::report
