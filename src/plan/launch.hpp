// Which inference engine a command line starts, through whatever wraps it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shell_script.hpp"

namespace qwenfit::plan {

enum class EngineKind : std::uint8_t {
  vllm,
  sglang,
  llama_cpp,
  ollama,
  tensorrt_llm,
  tgi,  ///< text-generation-inference: read, not estimated
  mlx,
  huggingface,  ///< KServe's huggingfaceserver: vLLM's options
  other,        ///< serves models, but its options are not known here
};

/// The catalog's id ("vllm"); for engines without an estimate the engine's own name.
std::string_view engine_id(EngineKind kind);

/// The engine of this id that has an estimate; nothing for others.
std::optional<EngineKind> engine_kind(std::string_view id);

/// Folders of a container, and what stands there: a folder of the host, a path in a volume.
using Mounts = std::vector<std::pair<std::string, std::string>>;

/// "HOST:CONTAINER", "HOST:CONTAINER:ro".
void add_mount(std::string_view text, Mounts& mounts);

/// An engine's start.
struct Launch {
  EngineKind engine = EngineKind::other;
  std::string program;     ///< as written: "vllm serve"
  std::string subcommand;  ///< "serve", "run", "pull"
  std::vector<Word> args;
  Variables variables;
  int line = 0;
  std::optional<Word> image;                   ///< of a `docker run` around it
  std::optional<std::string> gpus;             ///< `docker run --gpus`
  Mounts mounts{};                             ///< of it
  std::map<std::string, std::string> files{};  ///< by name: what here-documents of the script write
};

/// Whether a command can start an engine: a cheap first look.
bool may_launch(const std::vector<Word>& words);

/// The engine that a container image runs, by its name.
std::optional<EngineKind> engine_of_image(std::string_view image);

/// Whether the image's entry point is the server itself, so that arguments alone start it.
bool image_is_server(std::string_view image);

/// The engine starts in one command: `python -m ...`, `docker run ... image ...`, `sh -c "..."` looked into.
std::vector<Launch> find_launches(const ShellCommand& command, int depth = 0);

/// The engine starts of a script.
std::vector<Launch> launches_of_script(std::string_view text, int first_line, Variables& variables,
                                       int depth = 0);

}  // namespace qwenfit::plan
