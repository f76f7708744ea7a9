// Parts of a machine -> entries of the catalog.
#pragma once

#include "qwenfit/machine.hpp"

namespace qwenfit::machine {

enum class Part : std::uint8_t { card, processor };

/// The first of these names that the catalog knows as such a part, with its memory where it comes in several
/// sizes; empty when it knows none.
Match match_name(const catalog::Catalog& catalog, const std::vector<std::string>& names,
                 std::optional<Bytes> memory, Part part = Part::card);

/// Whether a device's memory is the machine's.
bool has_unified_memory(const catalog::Device& device);

/// Fills the matches of cards and processor.
void match_parts(const catalog::Catalog& catalog, Machine& machine);

}  // namespace qwenfit::machine
