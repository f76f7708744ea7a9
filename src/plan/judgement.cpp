// Findings -> judgement, exit status, fingerprints of a baseline.
#include "judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace qwenfit::plan {

namespace {

/// Whoever suppressed what keeps it from being checked has decided.
bool accepted(const Deployment& d) {
  return std::any_of(d.findings.begin(), d.findings.end(),
                     [](const Finding& f) { return !f.suppressed.empty(); });
}

}  // namespace

bool names_check(std::string_view rule) {
  return rule == "all" ||
         std::any_of(rules().begin(), rules().end(), [&](const Rule& r) { return r.id == rule; });
}

void judge(Deployment& d, const std::set<std::string>& baseline) {
  // Of annotations, labels and plans; comments told it as they were read.
  for (const auto& [rule, reason] : d.suppressions) {
    if (names_check(rule)) continue;
    Finding f;
    f.id = "suppression-ignored";
    f.severity = Severity::warning;
    f.line = d.line;
    f.message = fmt::format("'{}' is the id of no check", rule);
    d.findings.push_back(std::move(f));
  }
  std::stable_sort(d.findings.begin(), d.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  bool failed = false;
  bool undecided = false;
  bool not_checked = !d.estimable;
  for (Finding& f : d.findings) {
    for (const std::string& key : {f.id, std::string("all")}) {
      const auto it = d.suppressions.find(key);
      if (it != d.suppressions.end() && f.suppressed.empty()) f.suppressed = it->second;
    }
    if (f.suppressed.empty() && baseline.contains(fingerprint(d, f))) f.suppressed = "baseline";
    if (!f.suppressed.empty()) continue;
    failed = failed || (f.severity == Severity::error && !f.undecided);
    undecided = undecided || f.undecided;
  }
  // What is estimated on nothing passes nothing.
  if (d.estimable && (!d.estimate || d.device.empty()) && !failed && !undecided) {
    if (d.findings.empty()) {
      undecided = true;
    } else {
      Finding f;
      f.id = "not-estimated";
      f.severity = Severity::note;
      f.line = d.line;
      f.message = "what is suppressed keeps it from being estimated: whether it fits is not told";
      d.findings.push_back(std::move(f));
      not_checked = true;
    }
  }
  d.judgement = failed        ? Judgement::fail
                : undecided   ? Judgement::unknown
                : not_checked ? Judgement::not_checked
                              : Judgement::pass;
}

int exit_status(const Report& report, FailOn fail_on) {
  bool failed = false, unknown = false, checked = false, not_checked = false, unreadable = false;
  for (const Deployment& d : report.deployments) {
    if (d.judgement == Judgement::fail) failed = true;
    else if (d.judgement == Judgement::unknown) unknown = true;
    else if (d.judgement == Judgement::not_checked && !accepted(d)) not_checked = true;
    else checked = true;
    for (const Finding& f : d.findings) {
      if (f.suppressed.empty() && f.severity == Severity::warning && !f.undecided &&
          fail_on == FailOn::warning)
        failed = true;
      unreadable = unreadable || (f.suppressed.empty() && f.severity == Severity::error && f.undecided);
    }
  }
  if (unreadable) return 2;
  if (failed || (unknown && fail_on != FailOn::error)) return 1;
  // A run that decided nothing is no pass.
  return unknown || (not_checked && !checked) ? 3 : 0;
}

std::string fingerprint(const Deployment& deployment, const Finding& finding) {
  // ./dep.yaml and dep.yaml are one file.
  const std::string file = std::filesystem::path(deployment.file).lexically_normal().generic_string();
  // FNV-1a over what stays when lines move.
  std::uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    hash = (hash ^ 0xff) * 1099511628211ULL;
  };
  for (const std::string_view part :
       {std::string_view(file), std::string_view(deployment.kind), std::string_view(deployment.name),
        std::string_view(deployment.container), std::string_view(deployment.role),
        std::string_view(finding.id)})
    mix(part);
  if (finding.id == "unresolved") mix(finding.message);
  return fmt::format("{:016x}", hash);
}

}  // namespace qwenfit::plan
