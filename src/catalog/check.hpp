// What must hold between the records of a catalog, beyond each one being well-formed.
#pragma once

#include <string>
#include <vector>

#include "index.hpp"
#include "records.hpp"

namespace qwenfit::catalog {

/// The sentences of all that is wrong: ids or names that two records share, references to nothing,
/// numbers that contradict each other (bandwidth against bus and rate, heads against KV heads ...).
std::vector<std::string> check(const Records& records, const std::vector<NameEntry>& index);

}  // namespace qwenfit::catalog
