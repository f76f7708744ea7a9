// SARIF 2.1.0: one run, every rule listed, a location for every result, as GitHub's code scanning takes it.
#include <fmt/format.h>

#include <algorithm>

#include "check.hpp"
#include "json_writer.hpp"

namespace qwenfit::report {
namespace {

/// A relative reference of RFC 3986: paths of the repository stay relative, odd bytes are escaped.
std::string uri(const std::string& file) {
  const std::string path = repository_path(file);
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) || std::string_view("-._~/").find(c) != std::string_view::npos) out += c;
    else out += fmt::format("%{:02X}", u);
  }
  return out.empty() ? "stdin" : out;
}

std::string_view level(plan::Severity severity) {
  return plan::severity_name(severity);  // SARIF's words are ours
}

void text_member(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key).begin_object();
  json.member("text", std::string(text));
  json.end_object();
}

void write_rules(JsonWriter& json) {
  json.key("rules").begin_array();
  for (const plan::Rule& rule : plan::rules()) {
    json.begin_object();
    json.member("id", rule.id);
    text_member(json, "shortDescription", rule.text);
    text_member(json, "fullDescription", rule.text);
    text_member(json, "help", fmt::format("{} See docs/check.md, {}.", rule.text, rule.id));
    json.key("defaultConfiguration").begin_object();
    json.member("level", level(rule.severity));
    json.end_object();
    json.end_object();
  }
  json.end_array();
}

void write_result(JsonWriter& json, const plan::Deployment& d, const plan::Finding& f) {
  const auto& all = plan::rules();
  const auto rule = std::find_if(all.begin(), all.end(), [&](const plan::Rule& r) { return r.id == f.id; });
  json.begin_object();
  json.member("ruleId", f.id);
  if (rule != all.end()) json.member("ruleIndex", static_cast<std::int64_t>(rule - all.begin()));
  json.member("level", level(f.severity));
  text_member(json, "message", printable(fmt::format("{}: {}", deployment_title(d), finding_text(f))));
  json.key("locations").begin_array();
  json.begin_object();
  json.key("physicalLocation").begin_object();
  json.key("artifactLocation").begin_object();
  json.member("uri", uri(d.file));
  json.end_object();
  json.key("region").begin_object();
  json.member("startLine", std::max(f.line, 1));
  json.end_object();
  json.end_object();
  json.end_object();
  json.end_array();
  json.key("partialFingerprints").begin_object();
  json.member("qwenfit/v1", plan::fingerprint(d, f));
  json.end_object();
  if (!f.suppressed.empty()) {
    json.key("suppressions").begin_array();
    json.begin_object();
    json.member("kind", f.suppressed == "baseline" ? "external" : "inSource");
    json.member("justification", f.suppressed);
    json.end_object();
    json.end_array();
  }
  json.end_object();
}

}  // namespace

std::string check_sarif(const plan::Report& report, std::string_view version) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  json.member("version", "2.1.0");
  json.key("runs").begin_array();
  json.begin_object();
  json.key("tool").begin_object();
  json.key("driver").begin_object();
  json.member("name", "qwenfit");
  json.member("semanticVersion", std::string(version));
  write_rules(json);
  json.end_object();
  json.end_object();
  json.member("columnKind", "utf16CodeUnits");
  json.key("results").begin_array();
  for (const plan::Deployment& d : report.deployments) {
    for (const plan::Finding& f : d.findings) write_result(json, d, f);
  }
  json.end_array();
  json.end_object();
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace qwenfit::report
