// Reads the keys of a config.json; every figure in it is distrusted.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "local_model.hpp"

namespace qwenfit::input {

/// An object of the configuration. Errors name its keys in full: "text_config.hidden_size".
class ConfigNode {
 public:
  ConfigNode(const nlohmann::json& object, const std::string& path, std::string prefix = {})
      : object_(&object), path_(&path), prefix_(std::move(prefix)) {}

  bool has(const char* key) const { return object_->contains(key) && !(*object_)[key].is_null(); }
  const nlohmann::json& value(const char* key) const { return (*object_)[key]; }

  std::optional<ConfigNode> child(const char* key) const {
    if (!has(key) || !value(key).is_object()) return std::nullopt;
    return ConfigNode(value(key), *path_, prefix_ + key + ".");
  }
  std::int32_t optional(const char* key, std::int32_t otherwise) const {
    return has(key) ? whole(key, 0) : otherwise;
  }
  std::int32_t needed(const char* key) const {
    if (!has(key)) fail(fmt::format("lacks {}{}", prefix_, key));
    return whole(key, 1);
  }
  /// A key that files leave out where it has the class's default.
  std::int32_t usual(const char* key, std::int32_t otherwise) const {
    return has(key) ? whole(key, 1) : otherwise;
  }
  double number(const char* key, double otherwise) const {
    if (!has(key)) return otherwise;
    if (!value(key).is_number()) fail(fmt::format("{}{} is no number", prefix_, key));
    return value(key).get<double>();
  }
  bool flag(const char* key, bool otherwise) const {
    if (!has(key)) return otherwise;
    if (!value(key).is_boolean()) fail(fmt::format("{}{} is neither true nor false", prefix_, key));
    return value(key).get<bool>();
  }
  std::string text(const char* key) const {
    return has(key) && value(key).is_string() ? value(key).get<std::string>() : "";
  }
  std::string name(const char* key) const { return prefix_ + key; }
  [[noreturn]] void fail(const std::string& what) const { bad(*path_, what); }

 private:
  std::int32_t whole(const char* key, std::int32_t least) const {
    const nlohmann::json& v = value(key);
    constexpr double kMost = 1 << 30;
    // Some tools write whole numbers as 4096.0.
    const double number = v.is_number() ? v.get<double>() : -1;
    if (number != std::floor(number) || number < least || number > kMost)
      fail(
          fmt::format("{}{} is {}, where a whole number from {} is expected", prefix_, key, shown(v), least));
    return static_cast<std::int32_t>(number);
  }

  /// Lists and objects may nest deeper than a printer can follow.
  static std::string shown(const nlohmann::json& v) {
    if (v.is_structured()) return v.is_array() ? "a list" : "an object";
    return v.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, 40);
  }

  const nlohmann::json* object_;
  const std::string* path_;
  std::string prefix_;
};

}  // namespace qwenfit::input
