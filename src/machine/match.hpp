// Parts of a machine -> entries of the catalog.
#pragma once

#include "qwenfit/machine.hpp"

namespace qwenfit::machine {

/// The first of these names that the catalog knows, with the memory of the part where it comes in several
/// sizes; empty when it knows none.
Match match_name(const catalog::Catalog& catalog, const std::vector<std::string>& names,
                 std::optional<Bytes> memory);

/// Fills the matches of cards and processor.
void match_parts(const catalog::Catalog& catalog, Machine& machine);

}  // namespace qwenfit::machine
