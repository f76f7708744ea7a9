// Standard output, with failures noticed: a full disk is an error, a closed pipe a quiet end.
#pragma once

#include <string_view>

#include "report/report.hpp"

namespace qwenfit::cli {

/// Writes to standard output; what fits is buffered until `flush_output`.
/// @throws Error(io) when it can't be written.
void print(std::string_view text);

/// @throws Error(io) when the last bytes can't be written.
void flush_output();

/// How standard output wants its text: width and colour of the terminal, NO_COLOR, the locale's charset.
report::Style output_style();

}  // namespace qwenfit::cli
