// Standard output and error, with failures noticed: a full disk is an error, a closed pipe a quiet end.
#pragma once

#include <string_view>

#include "report/report.hpp"

namespace qwenfit::cli {

/// Writes to standard output; what fits is buffered until `flush_output`.
/// @throws Error(io) when it can't be written. A pipe that nobody reads any more ends the program.
void print(std::string_view text);

/// @throws Error(io) when the last bytes can't be written.
void flush_output();

/// Writes "qwenfit: SENTENCE" to standard error, after all that was printed.
void complain(std::string_view sentence);

/// How standard output wants its text: width and colour of the terminal, NO_COLOR, the locale's charset.
report::Style output_style();

}  // namespace qwenfit::cli
