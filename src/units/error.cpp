#include "qwenfit/error.hpp"

namespace qwenfit {

std::string_view code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage: return "usage";
    case ErrorCode::invalid_value: return "invalid_value";
    case ErrorCode::unknown_key: return "unknown_key";
    case ErrorCode::unknown_name: return "unknown_name";
    case ErrorCode::unknown_device: return "unknown_device";
    case ErrorCode::ambiguous: return "ambiguous";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::bad_input: return "bad_input";
    case ErrorCode::io: return "io";
    case ErrorCode::undecidable: return "undecidable";
  }
  return "unknown";
}

int exit_code(ErrorCode code) {
  return code == ErrorCode::undecidable || code == ErrorCode::unknown_device ? 3 : 2;
}

}  // namespace qwenfit
