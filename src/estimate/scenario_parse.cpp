// JSON and typed text -> Scenario.
#include <fmt/format.h>

#include <array>
#include <vector>

#include "catalog/counted_name.hpp"
#include "catalog/nearest.hpp"
#include "qwenfit/error.hpp"
#include "scenario_values.hpp"
#include "units/split.hpp"

namespace qwenfit {
namespace {

using nlohmann::json;
using units::split;

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

template <class R>
const SubField<R>& sub_field(std::string_view parent, std::string_view key,
                             std::span<const SubField<R>> fields) {
  std::vector<std::string_view> known;
  for (const SubField<R>& field : fields) {
    if (field.key == key) return field;
    known.push_back(field.key);
  }
  throw Error(ErrorCode::unknown_key,
              fmt::format("{}: unknown key '{}'{}", parent, key, catalog::did_you_mean_of_few(key, known)));
}

template <class R>
R read_object(std::string_view parent, const json& value, std::span<const SubField<R>> fields) {
  if (!value.is_object()) values::refuse(parent, values::brief(value), "an object");
  R record{};
  for (const auto& [key, item] : value.items()) {
    const SubField<R>& field = sub_field<R>(parent, key, fields);
    values::set_member(record, fmt::format("{}.{}", parent, key), field.member, item, 0, units::kMaxCount);
  }
  return record;
}

void check_share(std::string_view key, const std::optional<double>& share) {
  if (share && (*share <= 0 || *share > 1))
    values::refuse(key, fmt::format("{}", *share), "a share above 0 and up to 1");
}

/// What no single value can tell: limits of the sub-objects.
void check_speculative(const engine::Speculative& s) {
  static constexpr std::array<std::string_view, 6> kMethods{"mtp",   "draft",  "ngram",
                                                            "eagle", "eagle3", "dflash"};
  if (std::find(kMethods.begin(), kMethods.end(), s.method) == kMethods.end()) {
    values::refuse("speculative.method", s.method, "one of mtp, draft, ngram, eagle, eagle3, dflash");
  }
  if (s.tokens < 1 || s.tokens > 64)
    values::refuse("speculative.tokens", std::to_string(s.tokens), "a number from 1 to 64");
  if (s.acceptance && *s.acceptance > 1)
    values::refuse("speculative.acceptance", fmt::format("{}", *s.acceptance), "a share up to 1");
}

void check_train(const Train& t) {
  if (t.method != "full" && t.method != "lora" && t.method != "qlora") {
    values::refuse("train.method", t.method, "one of full, lora, qlora");
  }
  if (t.zero_stage && *t.zero_stage > 3)
    values::refuse("train.zero_stage", std::to_string(*t.zero_stage), "0, 1, 2 or 3");
}

Method parse_method(std::string_view text) {
  if (text == "exact") return Method::exact;
  if (text == "quick") return Method::quick;
  values::refuse("method", text, "exact or quick");
}

/// "2x rtx-4090", "rtx-4090:2", "4090".
DeviceRequest parse_device(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) values::refuse("device", text, "the name of a device");
  const catalog::CountedName counted = catalog::split_count(text);
  DeviceRequest request{std::string(counted.name), 1};
  if (!counted.count.empty())
    request.count = static_cast<int>(values::count("device", counted.count, 1, 65536));
  return request;
}

/// A text or a whole number, echoed as what it was.
void set_id(Scenario& scenario, const json& value) {
  scenario.id_is_number = value.is_number_integer();
  if (!scenario.id_is_number && !value.is_string())
    values::refuse("id", values::brief(value), "a text or a whole number");
  scenario.id = values::brief(value);
}

void set_devices(Scenario& scenario, const json& value) {
  scenario.devices.clear();
  if (value.is_string()) {
    scenario.devices.push_back(parse_device(value.get_ref<const std::string&>()));
    return;
  }
  if (!value.is_array() || value.empty())
    values::refuse("device", values::brief(value), "a name or a list of {device, count}");
  for (const json& item : value) {
    if (item.is_string()) {
      scenario.devices.push_back(parse_device(item.get_ref<const std::string&>()));
      continue;
    }
    if (!item.is_object() || !item.contains("device"))
      values::refuse("device", values::brief(item), "a name or {device, count}");
    DeviceRequest request = parse_device(values::text("device.device", item["device"]));
    for (const auto& [key, count] : item.items()) {
      if (key == "count") request.count = static_cast<int>(values::count("device.count", count, 1, 65536));
      else if (key == "free_gib") request.free_gib = values::number("device.free_gib", count);
      else if (key != "device")
        throw Error(ErrorCode::unknown_key,
                    fmt::format("device: unknown key '{}'{}", key,
                                catalog::did_you_mean_of_few(key, {"device", "count", "free_gib"})));
    }
    scenario.devices.push_back(std::move(request));
  }
}

/// "cpu-ddr5-6000-dual", "89.6GB/s", "89.6GB/s,64GiB".
HostRequest parse_host(std::string_view text) {
  HostRequest host;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view word = trimmed(part);
    if (units::parse_number(word))
      throw Error(
          ErrorCode::invalid_value,
          fmt::format("host: '{}' has no unit: {}GiB is its memory, {}GB/s its bandwidth", word, word, word));
    const auto bandwidth =
        word.find("/s") == std::string_view::npos ? std::nullopt : units::parse_bandwidth(word);
    const auto bytes = units::parse_bytes(word);
    if (bandwidth) host.bandwidth_gb_s = *bandwidth / 1e9;
    else if (bytes) host.memory_gib = units::to_gib(*bytes);
    else host.name = std::string(word);
  }
  return host;
}

engine::Speculative parse_speculative(std::string_view text) {
  const auto parts = split(text, ':');
  engine::Speculative s;
  s.method = std::string(trimmed(parts[0]));
  if (parts.size() > 1) s.tokens = static_cast<int>(values::count("speculative.tokens", parts[1], 1, 64));
  if (parts.size() > 2) s.acceptance = values::number("speculative.acceptance", parts[2]);
  if (parts.size() > 3) values::refuse("speculative", text, "METHOD[:TOKENS[:ACCEPTANCE]]");
  return s;
}

Train parse_train(std::string_view text) {
  Train train;
  for (const std::string_view part : split(text, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      train.method = std::string(trimmed(part));
    } else {
      const std::string_view key = trimmed(part.substr(0, equals));
      values::set_member(train, fmt::format("train.{}", key),
                         sub_field<Train>("train", key, train_fields()).member, part.substr(equals + 1), 0,
                         units::kMaxCount);
    }
  }
  return train;
}

/// "fits,decode=25,ttft=1500": short names beside the keys of the contract.
void parse_require(Require& require, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kShort{
      {{"decode", "decode_tok_s"},
       {"ttft", "ttft_ms"},
       {"cost", "usd_per_million_tokens"},
       {"headroom", "headroom_fraction"}}};
  for (const std::string_view part : split(text, ',')) {
    const auto equals = part.find('=');
    std::string_view key = trimmed(part.substr(0, equals));
    for (const auto& [from, to] : kShort) {
      if (key == from) key = to;
    }
    const SubField<Require>& field = sub_field<Require>("require", key, require_fields());
    if (equals == std::string_view::npos && key != "fits")
      values::refuse("require", part, fmt::format("{}=VALUE", part));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view("true") : trimmed(part.substr(equals + 1));
    values::set_member(require, fmt::format("require.{}", key), field.member, value, 0, units::kMaxCount);
  }
}

void check(const Scenario& s) {
  check_share("gpu_memory_utilization", s.gpu_memory_utilization);
  check_share("mem_fraction_static", s.mem_fraction_static);
  check_share("utilization", s.utilization);
  if (s.speculative) check_speculative(*s.speculative);
  if (s.train) check_train(*s.train);
  if (s.program && *s.program != "server" && *s.program != "cli")
    values::refuse("program", *s.program, "server or cli");
}

}  // namespace

void set_field(Scenario& scenario, const Field& field, const json& value) {
  if (const auto* member = std::get_if<Member<Scenario>>(&field.member)) {
    values::set_member(scenario, field.key, *member, value, field.min, field.max);
  } else {
    switch (std::get<Shape>(field.member)) {
      case Shape::id: set_id(scenario, value); break;
      case Shape::devices: set_devices(scenario, value); break;
      case Shape::host:
        scenario.host = value.is_string() ? parse_host(value.get_ref<const std::string&>())
                                          : read_object<HostRequest>("host", value, host_fields());
        break;
      case Shape::speculative:
        if (value.is_string()) scenario.speculative = parse_speculative(value.get_ref<const std::string&>());
        else
          scenario.speculative = read_object<engine::Speculative>("speculative", value, speculative_fields());
        break;
      case Shape::train:
        scenario.train = value.is_string() ? parse_train(value.get_ref<const std::string&>())
                                           : read_object<Train>("train", value, train_fields());
        break;
      case Shape::method: scenario.method = parse_method(values::text("method", value)); break;
      case Shape::require:
        if (value.is_string()) parse_require(scenario.require, value.get_ref<const std::string&>());
        else scenario.require = read_object<Require>("require", value, require_fields());
        break;
    }
  }
  check(scenario);
}

void set_field_text(Scenario& scenario, const Field& field, std::string_view text) {
  if (const auto* member = std::get_if<Member<Scenario>>(&field.member)) {
    values::set_member(scenario, field.key, *member, text, field.min, field.max);
  } else {
    switch (std::get<Shape>(field.member)) {
      case Shape::id: scenario.id = std::string(text); break;
      case Shape::devices:
        for (const std::string_view part : split(text, ',')) scenario.devices.push_back(parse_device(part));
        break;
      case Shape::host: scenario.host = parse_host(text); break;
      case Shape::speculative: scenario.speculative = parse_speculative(text); break;
      case Shape::train: scenario.train = parse_train(text); break;
      case Shape::method: scenario.method = parse_method(text); break;
      case Shape::require: parse_require(scenario.require, text); break;
    }
  }
  check(scenario);
}

Scenario scenario_from_json(const json& object) {
  if (!object.is_object()) throw Error(ErrorCode::bad_input, "a scenario is a JSON object");
  Scenario scenario;
  for (const auto& [key, value] : object.items()) {
    if (value.is_null()) continue;  // as good as absent
    set_field(scenario, scenario_field(key), value);
  }
  return scenario;
}

json parse_json(std::string_view text) {
  try {
    return json::parse(std::string(text));  // as the others do: one parser in the program
  } catch (const json::exception& e) {
    std::string what = e.what();
    if (const auto colon = what.find("] "); colon != std::string::npos) what.erase(0, colon + 2);
    throw Error(ErrorCode::bad_input, fmt::format("not valid JSON: {}", what));
  }
}

Scenario parse_scenario(std::string_view text) {
  return scenario_from_json(parse_json(text));
}

}  // namespace qwenfit
