// The one exception type of the library, and the exit codes that the command line gives for it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace qwenfit {

/// What kind of failure; `code_name` gives the stable word that JSON output carries.
enum class ErrorCode {
  usage,           ///< the command line or the scenario does not make sense
  invalid_value,   ///< a value is out of range or not of its type
  unknown_key,     ///< a key of the JSON contract is misspelt
  unknown_name,    ///< no such model, format, engine
  unknown_device,  ///< no such device: nothing can be said about fit and speed
  ambiguous,       ///< a name that fits several entries
  unsupported,     ///< the combination exists, but this engine can't do it
  bad_input,       ///< a file or a line that can't be read as what it should be
  io,              ///< the operating system refused to read or write
  undecidable,     ///< the facts needed for an answer are not known
};

/// "unknown_name", "invalid_value" ...
std::string_view code_name(ErrorCode code);

/// 2 for what the caller can mend (usage, input), 3 where qwenfit can't decide (a device or a fact it
/// does not know).
int exit_code(ErrorCode code);

/// A failure told in one sentence that names the input, what is wrong and the nearest right thing.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace qwenfit
