// Numbers as an engine's own parser reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launch.hpp"

namespace qwenfit::plan {

/// A value of an option as plain digits. What the engine reads differently from what was meant, or refuses,
/// is told in `complaint`.
///
/// vLLM's large integers take a suffix: 1k is 1,000 and 1K 1,024 (human_readable_int of its arg_utils), no
/// "Ki", and no fraction with K. llama.cpp's integers go through std::stoi, which stops at the first letter:
/// 64k is 64.
struct EngineNumber {
  std::string text;
  std::string complaint;
};
EngineNumber number_for(EngineKind engine, std::string_view option, std::string_view text);

}  // namespace qwenfit::plan
