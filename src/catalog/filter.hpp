// Records by words that people remember of them: `qwenfit list models coder 2025`.
#pragma once

#include <string_view>

#include "qwenfit/catalog.hpp"

namespace qwenfit::catalog {

/// Whether every word of `filter` (separated by blanks) stands somewhere in the record's names, family, kind,
/// class and the like. Case and punctuation do not matter; an empty filter takes everything.
bool matches(const Model& model, std::string_view filter);
bool matches(const Device& device, std::string_view filter);
bool matches(const WeightFormat& format, std::string_view filter);
bool matches(const Engine& engine, std::string_view filter);

}  // namespace qwenfit::catalog
