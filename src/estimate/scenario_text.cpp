// A scenario's values as text: the inverse of `set_field_text`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "scenario_fields.hpp"

namespace qwenfit {
namespace {

std::string text_of(const Scenario& s, const Member<Scenario>& member) {
  return std::visit(
      [&](auto pointer) -> std::string {
        const auto& value = s.*pointer;
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return value;
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          return fmt::format("{}", fmt::join(value, ","));
        } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, int>) {
          return fmt::format("{}", value);
        } else {
          return value ? fmt::format("{}", *value) : std::string();
        }
      },
      member);
}

std::string text_of(const HostRequest& host) {
  std::string out = host.name;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ",") + part; };
  if (host.bandwidth_gb_s) add(fmt::format("{}GB/s", *host.bandwidth_gb_s));
  if (host.memory_gib) add(fmt::format("{}GiB", *host.memory_gib));
  return out;
}

}  // namespace

std::string field_text(const Scenario& s, const Field& field) {
  if (const auto* member = std::get_if<Member<Scenario>>(&field.member)) return text_of(s, *member);
  switch (std::get<Shape>(field.member)) {
    case Shape::devices: {
      std::string out;
      for (const DeviceRequest& d : s.devices) {
        if (!out.empty()) out += ",";
        out += d.count == 1 ? d.name : fmt::format("{}x {}", d.count, d.name);
      }
      return out;
    }
    case Shape::host: return s.host ? text_of(*s.host) : "";
    case Shape::speculative:
      if (!s.speculative) return "";
      return fmt::format(
          "{}:{}{}", s.speculative->method, s.speculative->tokens,
          s.speculative->acceptance ? fmt::format(":{}", *s.speculative->acceptance) : std::string());
    case Shape::id: return s.id;
    case Shape::method: return s.method == Method::quick ? "quick" : "exact";
    case Shape::train:
    case Shape::require: break;
  }
  return "";
}

}  // namespace qwenfit
