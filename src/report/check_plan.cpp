// What a run leaves for later ones: its deployments as qwenfit's own plan, its findings as a baseline.
#include "check.hpp"
#include "json_writer.hpp"
#include "report.hpp"

namespace qwenfit::report {

std::string check_plan(const plan::Report& report) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("schema", 1);
  json.key("deployments").begin_array();
  for (const plan::Deployment& d : report.deployments) {
    if (!d.estimable || d.scenario.model.empty()) continue;
    Scenario s = d.scenario;
    s.id.clear();
    s.require = {};
    json.begin_object();
    json.member("name", deployment_title(d));
    write_scenario(json, s);
    if (d.replicas != 1) json.member("replicas", d.replicas);
    if (d.nodes != 1) json.member("nodes", d.nodes);
    if (d.gpus) json.member("gpus", *d.gpus);
    json.key("require").begin_object();
    json.member("fits", true);
    if (s.context) json.member("context", *s.context);
    if (d.scenario.require.concurrency) json.member("concurrency", *d.scenario.require.concurrency);
    json.end_object();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

std::string check_baseline(const plan::Report& report) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object();
  json.member("schema", 1);
  json.key("findings").begin_array();
  for (const plan::Deployment& d : report.deployments) {
    for (const plan::Finding& f : d.findings) {
      if (!f.suppressed.empty() && f.suppressed != "baseline") continue;
      json.begin_object();
      json.member("fingerprint", plan::fingerprint(d, f));
      json.member("id", f.id);
      json.member("file", d.file);
      json.member("deployment", deployment_title(d));
      json.end_object();
    }
  }
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace qwenfit::report
