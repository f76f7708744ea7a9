#include "write.hpp"

#include <nlohmann/json.hpp>

#include "fields.hpp"

namespace qwenfit::catalog {
namespace {

using nlohmann::ordered_json;

/// The JSON of a value; null when it holds nothing and its key is better left out.
template <class T>
ordered_json value_of(const T& value);

template <class R>
ordered_json record_of(const R& record) {
  ordered_json out = ordered_json::object();
  bool holds = false;  // anything but zeros of required keys
  auto visit = [&](const char* key, const auto& member, Need need) {
    ordered_json value = value_of(member);
    holds = holds || !value.is_null();
    if (value.is_null() && need == Need::required) {
      using M = std::remove_cvref_t<decltype(member)>;
      if constexpr (std::is_same_v<M, Text>) value = "";
      else if constexpr (std::is_same_v<M, bool>) value = false;
      else if constexpr (std::is_arithmetic_v<M>) value = 0;
      else if constexpr (std::is_enum_v<M>) value = enum_name(member);
      else value = ordered_json::array();
    }
    if (!value.is_null()) out[key] = std::move(value);
  };
  fields(visit, record);
  return holds ? out : ordered_json();
}

template <class T>
ordered_json value_of(const T& value) {
  if constexpr (requires { value.has_value(); }) {
    if (!value) return {};
    using V = std::remove_cvref_t<decltype(*value)>;
    // A zero that is given is not a zero that is not.
    if constexpr (std::is_arithmetic_v<V>) return *value;
    else return value_of(*value);
  } else if constexpr (requires { value.first; }) {
    if (value.empty()) return {};
    ordered_json list = ordered_json::array();
    for (const auto& item : value) {
      if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(item)>>) list.push_back(item);
      else list.push_back(value_of(item));
    }
    return list;
  } else if constexpr (std::is_same_v<T, Text>) {
    return value.empty() ? ordered_json() : ordered_json(value);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return value == T{} ? ordered_json() : ordered_json(value);
  } else if constexpr (std::is_enum_v<T>) {
    return enum_name(value);
  } else {
    return record_of(value);
  }
}

}  // namespace

ordered_json to_json(const Model& record) {
  return record_of(record);
}
ordered_json to_json(const DType& record) {
  return record_of(record);
}
ordered_json to_json(const WeightFormat& record) {
  return record_of(record);
}
ordered_json to_json(const Device& record) {
  return record_of(record);
}
ordered_json to_json(const Engine& record) {
  return record_of(record);
}
ordered_json to_json(const PublishedFile& record) {
  return record_of(record);
}
ordered_json to_json(const Download& record) {
  return record_of(record);
}
ordered_json to_json(const QualityTable& record) {
  return record_of(record);
}

}  // namespace qwenfit::catalog
