// The options of inference engines, read as the engine itself would read them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "launch.hpp"

namespace qwenfit::plan {

enum class Takes : std::uint8_t {
  value,
  nothing,  ///< a switch; `--no-NAME` and `=false` turn it off
  maybe,    ///< a value when the next word is none of an option's (llama.cpp: -fa on)
  many,     ///< all words up to the next option
};

struct OptionRule {
  std::string_view
      names;  ///< "tensor-parallel-size -tp": long names without dashes; the first one is canonical
  Takes takes = Takes::value;
  /// To memory, speed or the meaning of the model: kept. The others are listed so that their values are not
  /// taken for something else and prefixes stay unique.
  bool relevant = false;
  /// The scenario key whose value this option has, both ways: files are read and commands written by it. Of
  /// several options with one key the first that is given counts, and the first is written.
  std::string_view key = {};

  /// "tensor_parallel_size"
  std::string canonical() const;
};

struct EngineOptions {
  std::span<const OptionRule> rules;
  bool prefixes;     ///< unique prefixes of long names stand for them (argparse)
  bool underscores;  ///< `_` and `-` are the same
};

const EngineOptions& options_of(EngineKind engine);

// The long lists, one file each.
std::span<const OptionRule> vllm_options();
std::span<const OptionRule> sglang_options();
std::span<const OptionRule> llama_options();

/// An option as given. Switches have the value "true" or "false".
struct Setting {
  Word value;
  int line = 0;
};

struct ParsedOptions {
  std::map<std::string, Setting> settings;  ///< canonical name with `_` -> what was given last
  std::vector<Word> positional;
  std::vector<std::string> unresolved;  ///< words that may hold options: "$EXTRA_ARGS"
  std::vector<Word> unknown;            ///< options that the engine is not known to have
  std::vector<Word> ambiguous;          ///< prefixes of several options, and of which
  std::vector<Word> joined;             ///< words that hold a blank and so are no option to the engine

  const Setting* find(const std::string& name) const {
    const auto it = settings.find(name);
    return it == settings.end() ? nullptr : &it->second;
  }
};

ParsedOptions parse_options(EngineKind engine, const std::vector<Word>& args);

/// The one engine that has all these options, two of them telling at least; nothing when several do or none.
std::optional<EngineKind> engine_of_options(const std::vector<Word>& args);

}  // namespace qwenfit::plan
