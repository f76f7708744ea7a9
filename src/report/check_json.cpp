// The report of `qwenfit check` as JSON: docs/check.md, data/schema/check.schema.json.
#include "check.hpp"
#include "json_writer.hpp"
#include "report.hpp"

namespace qwenfit::report {
namespace {

using plan::Deployment;
using plan::Finding;

void strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& list) {
  json.key(key).begin_array();
  for (const std::string& item : list) json.value(item);
  json.end_array();
}

void write_finding(JsonWriter& json, const Deployment& d, const Finding& f) {
  json.begin_object();
  json.member("id", f.id);
  json.member("severity", plan::severity_name(f.severity));
  json.member("message", f.message);
  if (!f.remedies.empty()) json.member("remedy", plan::remedy_text(f));
  json.member("file", d.file);
  json.member("line", f.line);
  if (f.undecided) json.member("undecided", true);
  if (!f.suppressed.empty()) json.member("suppressed", f.suppressed);
  json.member("fingerprint", plan::fingerprint(d, f));
  json.end_object();
}

void write_fit(JsonWriter& json, const Estimate& e) {
  json.key("estimate").begin_object();
  json.member("verdict", verdict_name(e.fit.verdict));
  json.member("fits", e.fit.fits);
  json.member("reason", e.fit.reason);
  json.member("weights_bytes", e.weights.bytes);
  json.member("total_bytes", e.memory.total());
  json.member("max_context", e.fit.max_context);
  json.member("max_concurrency", e.fit.max_concurrency);
  if (e.speed) json.member("decode_tok_s", e.speed->decode_tok_s.value);
  json.end_object();
}

void write_deployment(JsonWriter& json, const Deployment& d) {
  json.begin_object();
  json.member("file", d.file);
  json.member("line", d.line);
  json.member("kind", d.kind);
  json.member("name", d.name);
  if (!d.container.empty()) json.member("container", d.container);
  if (!d.role.empty()) json.member("role", d.role);
  if (!d.engine.empty()) json.member("engine", d.engine);
  if (!d.image.empty()) json.member("image", d.image);
  if (!d.model.empty()) json.member("model", d.model);
  if (!d.model_id.empty()) json.member("model_id", d.model_id);
  strings(json, "served_names", d.served_names);
  json.member("gpu_count", d.gpus);
  if (d.nodes > 1) json.member("gpus_per_node", d.gpus_per_node);
  if (!d.gpu_resource.empty()) json.member("gpu_resource", d.gpu_resource);
  json.member("device", d.device.empty() ? std::string("unknown") : d.device);
  if (!d.device_source.empty()) json.member("device_source", d.device_source);
  json.member("replicas", d.replicas);
  json.member("nodes", d.nodes);
  json.key("flags").begin_object();
  for (const auto& [name, flag] : d.flags) json.member(name, flag.value);
  json.end_object();
  json.key("flag_lines").begin_object();
  for (const auto& [name, flag] : d.flags) json.member(name, flag.line);
  json.end_object();
  json.key("scenario").begin_object();
  write_scenario(json, d.scenario);
  json.end_object();
  strings(json, "unresolved", d.unresolved);
  strings(json, "notes", d.notes);
  if (d.estimate) write_fit(json, *d.estimate);
  json.key("findings").begin_array();
  for (const Finding& f : d.findings) write_finding(json, d, f);
  json.end_array();
  json.member("verdict", plan::judgement_name(d.judgement));
  json.end_object();
}

}  // namespace

std::string check_json(const plan::Report& report, int exit_code) {
  std::string out;
  JsonWriter json(out, 2);
  const CheckSummary s = summarize(report);
  json.begin_object();
  json.member("schema", 1);
  json.key("summary").begin_object();
  json.member("files", report.files);
  json.member("skipped", static_cast<std::int64_t>(report.skipped.size()));
  json.member("deployments", static_cast<std::int64_t>(report.deployments.size()));
  json.member("pass", s.passed);
  json.member("fail", s.failed);
  json.member("unknown", s.unknown);
  json.member("not_checked", s.not_checked);
  json.member("errors", s.errors);
  json.member("warnings", s.warnings);
  json.member("suppressed", s.suppressed);
  json.end_object();
  json.key("deployments").begin_array();
  for (const Deployment& d : report.deployments) write_deployment(json, d);
  json.end_array();
  json.key("skipped").begin_array();
  for (const plan::SkippedFile& file : report.skipped) {
    json.begin_object();
    json.member("file", file.file);
    json.member("reason", file.reason);
    if (file.unreadable) json.member("unreadable", true);
    json.end_object();
  }
  json.end_array();
  json.member("exit_code", exit_code);
  json.end_object();
  return out + "\n";
}

}  // namespace qwenfit::report
