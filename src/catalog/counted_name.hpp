// "2x RTX 4090", "8 x H100", "RTX 4090 x2", "rtx-4090:2": a name and how many of it.
#pragma once

#include <string_view>

namespace qwenfit::catalog {

struct CountedName {
  std::string_view name;   ///< without the count, trimmed
  std::string_view count;  ///< as it was written; empty: the name has none
};

/// Takes the count off either end of a device's name. "7900XTX" and "780 XT" are names.
CountedName split_count(std::string_view text);

}  // namespace qwenfit::catalog
