// "# qwenfit: with concurrency=32": what a command can't say of the deployment it starts.
#include <fmt/format.h>

#include <array>

#include "device_hints.hpp"
#include "estimate/scenario_fields.hpp"
#include "qwenfit/error.hpp"
#include "remarks.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// Keys that a comment may not set: what runs, and questions of another kind.
constexpr std::array<std::string_view, 6> kNot{"id", "model", "method", "train", "require", "explain"};

void set_device(Deployment& d, std::string_view text) {
  if (!d.device.empty()) return;  // the file says it better
  Scenario s;
  set_field_text(s, scenario_field("device"), text);
  d.scenario.devices = s.devices;
  d.device = s.devices.front().name;
  d.device_source = "comment";
  // A slice given by its number: this says which one it is.
  std::erase_if(d.unresolved, [](const std::string& entry) { return entry.starts_with("device: "); });
}

}  // namespace

void read_settings(std::string_view text, Report& report, std::size_t first) {
  constexpr std::string_view kMark = "qwenfit: with ";
  each_remark(text, kMark, [&](int line, std::string_view rest) {
    Deployment* d = deployment_at(report, first, line);
    if (!d) return;
    const auto equals = std::min(rest.find('='), rest.size());
    const std::string key(trim(rest.substr(0, equals)));
    const std::string_view value = trim(rest.substr(std::min(equals + 1, rest.size())));
    try {
      if (std::find(kNot.begin(), kNot.end(), key) != kNot.end() || value.empty())
        throw Error(ErrorCode::invalid_value, fmt::format("a comment can't set '{}'", key));
      if (key == "device") return set_device(*d, value);
      Scenario trial = d->scenario;
      set_field_text(trial, scenario_field(key), value);
      d->scenario = std::move(trial);
      std::erase_if(d->unresolved, [&](const std::string& entry) { return entry.starts_with(key + ": "); });
    } catch (const Error& e) {
      Finding f;
      f.id = "invalid-flag";
      f.severity = Severity::error;
      f.line = line;
      f.message = fmt::format("'{}{}': {}", kMark, rest.substr(0, 200), e.what());
      d->findings.push_back(std::move(f));
    }
  });
}

}  // namespace qwenfit::plan
