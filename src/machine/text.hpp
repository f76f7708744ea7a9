// Lines and fields of what tools print.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qwenfit/units.hpp"
#include "units/split.hpp"

namespace qwenfit::machine {

std::string_view trimmed(std::string_view s);

using units::split;

/// "key<mark>value" -> both trimmed; an empty key when the mark is missing.
struct KeyValue {
  std::string_view key, value;
};
KeyValue key_value(std::string_view line, char mark);

/// The whole number that `text` begins with, in base 10 or (with or without 0x) 16; what is behind it is a
/// unit.
std::optional<std::int64_t> leading_number(std::string_view text, int base = 10);

/// So many times `unit`; nothing where that is no sensible size.
std::optional<Bytes> scaled(std::optional<std::int64_t> count, Bytes unit);

std::string lower(std::string_view s);

bool has_word(std::string_view list, std::string_view word);

}  // namespace qwenfit::machine
