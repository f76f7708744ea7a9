// One value of a scenario, from JSON or from text, with the checks that every value goes through.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "scenario_fields.hpp"

namespace qwenfit::values {

[[noreturn]] void refuse(std::string_view key, std::string_view given, std::string_view expected);

/// The value as it is quoted in a message; lists and objects are only named, however large they are.
std::string brief(const nlohmann::json& value);

/// A count between min and max; JSON numbers and texts ("32k") alike.
std::int64_t count(std::string_view key, const nlohmann::json& value, std::int64_t min, std::int64_t max);
std::int64_t count(std::string_view key, std::string_view text, std::int64_t min, std::int64_t max);

/// A finite, non-negative number.
double number(std::string_view key, const nlohmann::json& value);
double number(std::string_view key, std::string_view text);

bool flag(std::string_view key, const nlohmann::json& value);
bool flag(std::string_view key, std::string_view text);

std::string text(std::string_view key, const nlohmann::json& value);

/// Sets a simple member from JSON or text.
template <class R, class V>
void set_member(R& record, std::string_view key, const Member<R>& member, const V& value, std::int64_t min,
                std::int64_t max) {
  std::visit(
      [&](auto pointer) {
        auto& target = record.*pointer;
        using T = std::remove_reference_t<decltype(target)>;
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::optional<std::string>>) {
          if constexpr (std::is_same_v<V, nlohmann::json>) target = text(key, value);
          else target = std::string(value);
        } else if constexpr (std::is_same_v<T, std::optional<std::int64_t>>) {
          target = count(key, value, min, max);
        } else if constexpr (std::is_same_v<T, std::optional<int>> || std::is_same_v<T, int>) {
          target = static_cast<int>(count(key, value, min, std::min<std::int64_t>(max, 1 << 30)));
        } else if constexpr (std::is_same_v<T, std::optional<double>>) {
          target = number(key, value);
        } else if constexpr (std::is_same_v<T, std::optional<bool>> || std::is_same_v<T, bool>) {
          target = flag(key, value);
        } else {
          target.clear();
          if constexpr (std::is_same_v<V, nlohmann::json>) {
            if (!value.is_array()) refuse(key, brief(value), "a list of numbers");
            for (const auto& item : value) target.push_back(number(key, item));
          } else {
            std::string_view rest = value;
            while (!rest.empty()) {
              const auto comma = std::min(rest.find(','), rest.size());
              target.push_back(number(key, rest.substr(0, comma)));
              rest.remove_prefix(std::min(comma + 1, rest.size()));
            }
          }
        }
      },
      member);
}

}  // namespace qwenfit::values
