// Names -> records. Built by the bake tool for the built-in catalog, at load time for overlays.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "records.hpp"

namespace qwenfit::catalog {

enum class NameKind : std::uint8_t { model, device, format, engine };

/// A folded name and the record it stands for. Sorted by (kind, name).
struct NameEntry {
  NameKind kind;
  Text name;
  std::int32_t record;
  std::int32_t variant;  ///< -1: the record itself
};

/// All names of all records, sorted. A name that two records claim is in the list twice; `check`
/// complains about it.
std::vector<NameEntry> build_index(const Records& records, Arena& arena);

/// The entries with this kind and folded name.
std::span<const NameEntry> find_entries(std::span<const NameEntry> index, NameKind kind,
                                        std::string_view folded);

}  // namespace qwenfit::catalog
