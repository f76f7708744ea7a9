// A start command in the forms that people deploy: one file each.
#pragma once

#include <string>

#include "qwenfit/command.hpp"

namespace qwenfit::report {

/// A script for a POSIX shell.
std::string command_shell(const plan::StartCommand& command, const Estimate& estimate);

/// A compose file. @throws Error(unsupported) when the engine has no container image for the device.
std::string command_compose(const plan::StartCommand& command, const Estimate& estimate);

/// A Deployment and its Service (and a ConfigMap, for Ollama). @throws as above.
std::string command_kubernetes(const plan::StartCommand& command, const Estimate& estimate);

// --- Pieces that they share -------------------------------------------------------------------------

/// Comment lines: what was estimated, the keys that have no flag, where the weights come from.
std::string command_comments(const plan::StartCommand& command, const Estimate& estimate);

/// `word` in quotes where a shell would see more in it than a word.
std::string shell_word(const std::string& word);

/// `text` as a YAML scalar in double quotes.
std::string yaml_text(const std::string& text);

/// Where a volume stands that keeps downloaded weights.
inline constexpr std::string_view kWeightsFolder = "/weights";

/// The command as it stands in a container: files of the machine are mounted below /models.
struct Contained {
  std::vector<std::string> program;  ///< empty: the image's own
  std::vector<std::string> words;
  std::vector<std::string> modelfile;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string folder;  ///< of the machine that is mounted to /models; empty: none
};

/// @param form "compose" or "kubernetes", for the message
Contained contained(const plan::StartCommand& command, const std::string& form);

}  // namespace qwenfit::report
