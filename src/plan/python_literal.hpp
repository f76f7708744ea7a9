// Literals of Python source, read as text: what a call is given, as far as it stands there.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "yaml_tree.hpp"

namespace qwenfit::plan {

/// A call in a source file.
struct PythonCall {
  std::string name;  ///< as written: "LLM", "sgl.Engine"
  int line = 1;
  YamlPtr arguments;  ///< a map: keyword arguments; those by position are "0", "1" ...
};

/// The calls whose name (its last part) `wanted` takes, with their arguments: strings, numbers, True, False,
/// None, lists and dictionaries of these, names that the file gives one such value, defaults of
/// os.environ.get, os.getenv and of argparse. What else there is becomes "$EXPRESSION", which no variable
/// resolves.
std::vector<PythonCall> python_calls(std::string_view text, bool (*wanted)(std::string_view name));

}  // namespace qwenfit::plan
