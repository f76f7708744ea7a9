// qwenfit's own plan: scenario keys per deployment, defaults, requirements and a matrix.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "catalog/nearest.hpp"
#include "device_hints.hpp"
#include "estimate/scenario_fields.hpp"
#include "model_names.hpp"
#include "qwenfit/error.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

using nlohmann::json;

constexpr std::size_t kMostCombinations = 10000;

/// A scalar as JSON: quoted texts stay texts where the key wants one; the scenario's reader takes "32k" too.
json to_json(const YamlNode& node, int depth = 0) {
  if (depth > 20) return nullptr;
  if (node.is_map()) {
    json out = json::object();
    for (const auto& [key, value] : node.members) out[key] = to_json(*value, depth + 1);
    return out;
  }
  if (node.is_list()) {
    json out = json::array();
    for (const YamlPtr& item : node.items) out.push_back(to_json(*item, depth + 1));
    return out;
  }
  if (!node.is_scalar()) return nullptr;
  if (node.text == "true") return true;
  if (node.text == "false") return false;
  return node.text;
}

struct Setting {
  std::string key;
  YamlPtr value;
  int line;
};

std::vector<Setting> settings_of(const YamlNode& map) {
  std::vector<Setting> out;
  for (std::size_t i = 0; i < map.members.size(); ++i)
    out.push_back({map.members[i].first, map.members[i].second, map.key_lines[i]});
  return out;
}

bool own_key(std::string_view key) {
  return key == "name" || key == "replicas" || key == "nodes" || key == "gpus" || key == "ignore" ||
         key == "matrix" || key == "require";
}

class PlanReader {
 public:
  PlanReader(const YamlNode& root, const Source& source) : root_(root), source_(source) {}

  void run() {
    for (const auto& [key, value] : root_.members) {
      if (key != "deployments" && key != "defaults" && key != "require" && key != "matrix" &&
          key != "schema" && key != "$schema" && key != "name")
        throw Error(
            ErrorCode::unknown_key,
            fmt::format("{}: unknown key '{}'{}", source_.file, key,
                        catalog::did_you_mean_of_few(key, {"deployments", "defaults", "require", "matrix"})));
    }
    for (const YamlPtr& item : root_["deployments"].items) {
      std::vector<std::vector<Setting>> combinations{{}};
      multiply(root_["matrix"], combinations);
      multiply((*item)["matrix"], combinations);
      for (const auto& chosen : combinations) one(*item, chosen);
    }
  }

 private:
  static void multiply(const YamlNode& matrix, std::vector<std::vector<Setting>>& combinations) {
    for (const Setting& axis : settings_of(matrix)) {
      if (!axis.value->is_list()) continue;
      std::vector<std::vector<Setting>> next;
      for (const auto& before : combinations) {
        for (const YamlPtr& value : axis.value->items) {
          if (next.size() >= kMostCombinations)
            throw Error(ErrorCode::bad_input, "a matrix of more than 10,000 combinations");
          next.push_back(before);
          next.back().push_back({axis.key, value, value->line});
        }
      }
      combinations = std::move(next);
    }
  }

  void one(const YamlNode& item, const std::vector<Setting>& chosen) {
    Deployment d;
    d.file = source_.file;
    d.line = item.line;
    d.kind = "plan";
    d.name = item["name"].text.empty() ? item["model"].text : item["name"].text;
    for (const Setting& s : chosen)
      d.container += fmt::format("{}{}={}", d.container.empty() ? "" : ", ", s.key,
                                 s.value->is_scalar() ? s.value->text : "...");
    // Later ones win: defaults, the deployment, the matrix.
    for (const Setting& s : settings_of(root_["defaults"])) apply(d, s);
    for (const Setting& s : settings_of(item)) apply(d, s);
    for (const Setting& s : chosen) apply(d, s);
    for (const YamlNode* require : {&root_["require"], &root_["defaults"]["require"], &item["require"]}) {
      for (const Setting& s : settings_of(*require)) add_require(d, s);
    }
    finish(d);
    source_.report.deployments.push_back(std::move(d));
  }

  void complain(Deployment& d, int line, const std::string& message) {
    Finding f;
    f.id = "invalid-flag";
    f.line = line;
    f.message = message;
    d.findings.push_back(std::move(f));
  }

  void apply(Deployment& d, const Setting& s) {
    try {
      if (s.key == "replicas" || s.key == "nodes" || s.key == "gpus") {
        const auto n = s.value->number();
        if (!n || *n < 1 || *n > 1000000)
          throw Error(ErrorCode::invalid_value,
                      fmt::format("{}: '{}' is no count from 1 to 1,000,000", s.key, s.value->text));
        if (s.key == "replicas") d.replicas = *n;
        else if (s.key == "nodes") d.nodes = *n;
        else d.gpus = *n;
      } else if (s.key == "ignore") {
        for (const auto& [rule, reason] : s.value->members) d.suppressions[rule] = reason->text;
      } else if (!own_key(s.key)) {
        set_field(d.scenario, scenario_field(s.key), to_json(*s.value));
        d.flags[s.key] = {s.value->is_scalar() ? s.value->text : to_json(*s.value).dump(), s.line};
      }
    } catch (const Error& e) {
      complain(d, s.line, e.what());
    }
  }

  void add_require(Deployment& d, const Setting& s) {
    try {
      set_field_text(d.scenario, scenario_field("require"),
                     s.key == "fits" && s.value->is_true() ? "fits" : s.key + "=" + s.value->text);
    } catch (const Error& e) {
      complain(d, s.line, e.what());
    }
  }

  void finish(Deployment& d) {
    const std::optional<std::string> format = d.scenario.format;
    d.model = d.scenario.model;
    d.model_line = d.flags.contains("model") ? d.flags["model"].line : d.line;
    if (d.scenario.engine) d.engine = *d.scenario.engine;
    if (d.model.empty()) complain(d, d.line, "a deployment without a model");
    else name_model(d, true, source_.options);
    if (format) d.scenario.format = format;
    try {
      const auto& catalog = catalog_of(source_.options);
      if (d.scenario.engine) d.engine = std::string(catalog.find_engine(*d.scenario.engine).id);
      if (!d.scenario.devices.empty()) {
        // As the scenario has it: nothing is added to what a plan says.
        const std::string& name = d.scenario.devices.front().name;
        d.device =
            machine::names_this_machine(name) ? name : std::string(catalog.find_device(name).device->id);
        d.device_source = "plan";
        if (!d.gpus) d.gpus = d.scenario.device_count.value_or(d.scenario.devices.front().count);
      } else {
        choose_device(d, {}, source_.options);
      }
    } catch (const Error& e) {
      add_unresolved(d, "device", {e.what()});
    }
  }

  const YamlNode& root_;
  const Source& source_;
};

}  // namespace

bool read_own_plan(const YamlNode& root, const Source& source) {
  if (!root["deployments"].is_list() || root.has("apiVersion")) return false;
  const std::string name = lower(base_name(source.file));
  if (name.find("plan") == std::string::npos && !root.has("schema") && !root.has("$schema") &&
      !root.has("defaults"))
    return false;
  PlanReader(root, source).run();
  return true;
}

}  // namespace qwenfit::plan
