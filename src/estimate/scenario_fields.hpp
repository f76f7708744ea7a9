// The keys of a scenario, once: JSON, command line, plan files, sweeps, documentation and the echo in every
// estimate all walk this list.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "qwenfit/scenario.hpp"

namespace qwenfit {

/// A pointer to a simple member of R; sub-objects of a scenario have lists of the same kind.
template <class R>
using Member =
    std::variant<std::string R::*, std::optional<std::string> R::*, std::optional<std::int64_t> R::*,
                 std::optional<double> R::*, std::optional<bool> R::*, std::vector<double> R::*,
                 std::optional<int> R::*, int R::*, bool R::*>;

/// Keys whose value has a shape of its own.
enum class Shape : std::uint8_t { id, devices, host, speculative, train, method, require };

/// Which heading of the help a key stands under.
enum class Group : std::uint8_t { what, device, work, llama, serving, answer };

struct Field {
  std::string_view key;
  std::string_view option;  ///< command-line spelling, "-c,--context"
  std::string_view value;   ///< what the help shows for it: "TOKENS"
  std::string_view help;
  Group group;
  std::variant<Member<Scenario>, Shape> member;
  std::int64_t min = 0;  ///< of counts
  std::int64_t max = units::kMaxCount;
};

/// Every key, in the order of the documentation.
std::span<const Field> scenario_fields();

/// @throws Error(unknown_key) with the nearest known key.
const Field& scenario_field(std::string_view key);

/// A key of a sub-object.
template <class R>
struct SubField {
  std::string_view key;
  Member<R> member;
};
std::span<const SubField<HostRequest>> host_fields();
std::span<const SubField<engine::Speculative>> speculative_fields();
std::span<const SubField<Train>> train_fields();
std::span<const SubField<Require>> require_fields();

/// Sets `field` from a JSON value. @throws Error(invalid_value | unknown_key) naming the key.
void set_field(Scenario& scenario, const Field& field, const nlohmann::json& value);

/// Sets `field` from text as people type it ("32k", "2x rtx-4090", "mtp:2:0.7", "fits,decode=25").
/// @throws Error(invalid_value) naming the key.
void set_field_text(Scenario& scenario, const Field& field, std::string_view text);

/// The value of `field` as `set_field_text` reads it; empty: absent. Of `train` and `require`, nothing.
std::string field_text(const Scenario& scenario, const Field& field);

/// @throws Error(bad_input) that says where the text stops being JSON.
nlohmann::json parse_json(std::string_view text);

/// A scenario from a parsed JSON object.
Scenario scenario_from_json(const nlohmann::json& object);

}  // namespace qwenfit
