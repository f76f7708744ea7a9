// Headers of GGUF files: for the files without weights that llama.cpp is asked about, and for tests.
#pragma once

#include <string>

#include "qwenfit/format.hpp"

namespace qwenfit::tools {

inline constexpr std::int64_t kGgufAlignment = 32;

struct GgufHeader {
  std::string bytes;  ///< with the padding before the data
  Bytes data = 0;     ///< bytes of the tensors that follow, padding included
};

/// The header of the GGUF file that holds `weights`, without a tokenizer.
/// @throws Error(unsupported) for architectures whose keys are not known.
GgufHeader gguf_header(const format::Weights& weights);

}  // namespace qwenfit::tools
