// What the forms of a start command share.
#include "command.hpp"

#include <fmt/format.h>

#include "json_writer.hpp"
#include "qwenfit/error.hpp"
#include "screen.hpp"
#include "words.hpp"

namespace qwenfit::report {

std::string command_comments(const plan::StartCommand& c, const Estimate& e) {
  std::string out = fmt::format("# {}\n# {}\n# {}\n", printable(headline(e)), printable(assumptions(e)),
                                printable(verdict_sentence(e)));
  for (const auto& [key, value] : c.settings)
    out += fmt::format("# qwenfit: with {}={}\n", key, printable(value));
  for (const std::string& note : c.notes) out += fmt::format("# {}\n", printable(note));
  return out;
}

std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=,@%+-";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out + "'";
}

std::string yaml_text(const std::string& text) {
  std::string out;
  append_json_string(out, text);  // a string of JSON is one of YAML
  return out;
}

Contained contained(const plan::StartCommand& c, const std::string& form) {
  if (c.image.empty())
    throw Error(
        ErrorCode::unsupported,
        fmt::format("--as {}: there is no container image of {} for this device; --as shell starts it", form,
                    c.engine));
  Contained out;
  std::string inside = c.model;
  if (c.model_is_file) {
    const auto slash = c.model.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : c.model.substr(0, slash);
    out.folder = folder == "." && !c.model_is_there ? "./models" : folder;
    inside = "/models/" + c.model.substr(slash == std::string::npos ? 0 : slash + 1);
  }
  // llama.cpp's and Ollama's images start the server by themselves.
  if (c.engine != "llama.cpp" && c.engine != "ollama") out.program = c.program;
  for (const auto& option : c.options) {
    for (std::size_t i = 0; i < option.size(); ++i) {
      const bool projector = i > 0 && option[0] == "--mmproj";
      out.words.push_back(option[i] == c.model ? inside : projector ? "/models/" + option[i] : option[i]);
    }
  }
  out.words.insert(out.words.end(), c.listen.begin(), c.listen.end());
  out.modelfile = c.modelfile;
  out.environment = c.environment;
  // Where engines keep what they download and compile: Hugging Face's cache, vLLM's and llama.cpp's follow
  // XDG_CACHE_HOME.
  out.environment.emplace_back(out.modelfile.empty() ? "XDG_CACHE_HOME" : "OLLAMA_MODELS", kWeightsFolder);
  if (!out.modelfile.empty()) out.modelfile.front() = "FROM " + inside;
  return out;
}

}  // namespace qwenfit::report
