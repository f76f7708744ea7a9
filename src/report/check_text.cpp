#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "check.hpp"
#include "words.hpp"

namespace qwenfit::report {
namespace {

using plan::Deployment;
using plan::Finding;
using plan::Judgement;

Tone tone_of(Judgement judgement) {
  switch (judgement) {
    case Judgement::pass: return Tone::good;
    case Judgement::fail: return Tone::bad;
    case Judgement::unknown: return Tone::warn;
    case Judgement::not_checked: break;
  }
  return Tone::dim;
}

/// "Qwen/Qwen3-32B with vllm on 2 x h100"
std::string what_runs(const Deployment& d) {
  std::string out = d.model.empty() ? std::string("unknown model") : d.model;
  if (!d.engine.empty()) out += " with " + d.engine;
  const std::int64_t cards = d.scenario.devices.empty() ? 0 : d.scenario.devices.front().count;
  if (cards > 0) out += fmt::format(" on {} x {}", cards, d.device);
  else if (d.gpus) out += fmt::format(", {} GPUs", *d.gpus);
  if (d.replicas != 1) out += fmt::format(", {} replicas", d.replicas);
  return out;
}

}  // namespace

std::string repository_path(const std::string& file) {
  namespace fs = std::filesystem;
  fs::path path = fs::path(file).lexically_normal();
  if (path.is_absolute()) {
    std::error_code error;
    const fs::path below = path.lexically_relative(fs::current_path(error));
    if (!error && !below.empty() && *below.begin() != "..") path = below;
  }
  return path.generic_string();
}

std::string deployment_title(const plan::Deployment& d) {
  std::string out = fmt::format("{} {}", d.kind, d.name);
  if (!d.container.empty()) out += " (" + d.container + ")";
  if (!d.role.empty()) out += ", " + d.role;
  return out;
}

CheckSummary summarize(const plan::Report& report) {
  CheckSummary s;
  for (const Deployment& d : report.deployments) {
    switch (d.judgement) {
      case Judgement::pass: ++s.passed; break;
      case Judgement::fail: ++s.failed; break;
      case Judgement::unknown: ++s.unknown; break;
      case Judgement::not_checked: ++s.not_checked; break;
    }
    for (const Finding& f : d.findings) {
      if (!f.suppressed.empty()) ++s.suppressed;
      else if (f.severity == plan::Severity::error) ++s.errors;
      else if (f.severity == plan::Severity::warning) ++s.warnings;
    }
  }
  return s;
}

std::string summary_sentence(const plan::Report& report) {
  const CheckSummary s = summarize(report);
  const auto n = static_cast<std::int64_t>(report.deployments.size());
  // A command line stands in no file.
  const std::string where = report.files == 0 && n > 0
                                ? ""
                                : fmt::format(" in {} file{}", report.files, report.files == 1 ? "" : "s");
  std::string out = fmt::format("{} deployment{}{}: {} passed, {} failed, {} unknown", n, n == 1 ? "" : "s",
                                where, s.passed, s.failed, s.unknown);
  if (s.not_checked > 0) out += fmt::format(", {} not checked", s.not_checked);
  const auto unread =
      std::count_if(report.skipped.begin(), report.skipped.end(), [](const auto& f) { return f.unreadable; });
  const auto idle = static_cast<std::int64_t>(report.skipped.size()) - unread;
  if (idle > 0)
    out += fmt::format("; {} file{} serve{} no model", idle, idle == 1 ? "" : "s", idle == 1 ? "s" : "");
  if (unread > 0) out += fmt::format("; {} file{} could not be read", unread, unread == 1 ? "" : "s");
  if (s.suppressed > 0)
    out += fmt::format("; {} finding{} suppressed", s.suppressed, s.suppressed == 1 ? "" : "s");
  return out;
}

std::string finding_text(const Finding& finding) {
  return finding.remedies.empty() ? finding.message
                                  : finding.message + "; remedy: " + plan::remedy_text(finding);
}

std::string check_text(const plan::Report& report, const Style& style, bool all) {
  std::string out;
  const auto put = [&](std::string_view indent, std::string_view text, Tone tone) {
    for (const std::string& line :
         wrap(printable(text), std::max(style.width - static_cast<int>(indent.size()), 20)))
      out += std::string(indent) + paint(line, tone, style) + "\n";
  };
  for (const Deployment& d : report.deployments) {
    if (d.judgement == Judgement::pass && d.findings.empty() && !all && report.deployments.size() > 20)
      continue;
    out += fmt::format(
        "{} {}:{} {}\n",
        paint(fmt::format("{:<11}", plan::judgement_name(d.judgement)), tone_of(d.judgement), style),
        printable(d.file), d.line, printable(deployment_title(d)));
    if (!d.engine.empty() || !d.model.empty()) put("  ", what_runs(d), Tone::plain);
    if (d.estimate && !d.device.empty()) put("  ", d.estimate->fit.reason, Tone::dim);
    for (const Finding& f : d.findings) {
      if (!f.suppressed.empty()) {
        put("    ", fmt::format("suppressed {}: {} ({})", f.id, f.message, f.suppressed), Tone::dim);
        continue;
      }
      const Tone tone = f.severity == plan::Severity::error     ? Tone::bad
                        : f.severity == plan::Severity::warning ? Tone::warn
                                                                : Tone::dim;
      out += fmt::format("  {} {}:{} [{}]\n", paint(plan::severity_name(f.severity), tone, style),
                         printable(d.file), f.line, f.id);
      put("    ", f.message, Tone::plain);
      if (!f.remedies.empty()) put("    ", "remedy: " + plan::remedy_text(f), Tone::plain);
    }
    out += "\n";
  }
  // Files that could not be read are no files without models.
  for (const plan::SkippedFile& file : report.skipped) {
    if (file.unreadable) put("", fmt::format("not read: {}: {}", file.file, file.reason), Tone::warn);
  }
  put("", summary_sentence(report), Tone::strong);
  return for_locale(std::move(out), style);
}

}  // namespace qwenfit::report
