// What must hold between the records of a catalog, beyond each one being well-formed.
#pragma once

#include <string>
#include <vector>

#include "index.hpp"
#include "records.hpp"

namespace qwenfit::catalog {

struct Problem {
  std::string record;  ///< "model qwen3-8b"
  std::string text;    ///< what is wrong with it
};

/// What was looked at, and what is wrong.
struct Proof {
  std::vector<Problem> problems;
  std::size_t names = 0;                 ///< that no two records share
  std::size_t bandwidths = 0;            ///< that equal bus x rate
  std::size_t bandwidth_exceptions = 0;  ///< with a note that says why they do not
  std::size_t systems = 0;               ///< whose memory and bandwidth are count x their single device
};

/// Ids and names that two records share, references to nothing or in a circle, numbers that contradict each
/// other (bandwidth against bus and rate, heads against KV heads ...) or are beyond anything that exists.
Proof check(const Records& records, const std::vector<NameEntry>& index);

/// What no model can have: sizes that are missing, that do not divide what they have to, or whose products
/// would not stay inside 64 bits. One sentence each; empty for a sound geometry.
std::vector<std::string> contradictions(const Geometry& geometry);

}  // namespace qwenfit::catalog
