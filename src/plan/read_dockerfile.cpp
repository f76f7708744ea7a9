// Dockerfiles: what the image starts, and with which environment.
#include <nlohmann/json.hpp>

#include "lines.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// ["a", "b"] as words, or the text for a shell.
std::vector<Word> exec_words(std::string_view text, int line, Variables& variables) {
  std::vector<Word> words;
  text = trim(text);
  if (text.starts_with('[') && text.size() < 65536) {
    const nlohmann::json list = nlohmann::json::parse(std::string(text), nullptr, false);
    if (list.is_array()) {
      for (const auto& item : list) {
        if (item.is_string()) words.push_back({item.get<std::string>(), line, {}});
      }
      return words;
    }
  }
  Variables own = variables;
  for (const ShellCommand& command : read_shell(continued(text), line, own, nullptr)) {
    if (!words.empty()) words.push_back({"&&", line, {}});
    words.insert(words.end(), command.words.begin(), command.words.end());
  }
  return words;
}

}  // namespace

void read_dockerfile(const Source& source) {
  Variables variables = given_variables(source);
  std::string image;
  std::vector<Word> entry;
  std::vector<Word> command;
  std::vector<Launch> pulled;  // `RUN ollama pull MODEL`: what the image's server has
  int line = 1;
  const auto finish = [&] {
    if (image.empty() && entry.empty() && command.empty()) return;
    Workload w = workload_at(source, "Dockerfile", std::string(base_name(source.file)), line);
    w.base.image = image;
    w.variables = variables;
    std::vector<Word> words = entry;
    words.insert(words.end(), command.begin(), command.end());
    auto& list = source.report.deployments;
    const std::size_t before = list.size();
    if (!words.empty()) add_process(w, std::move(words), !entry.empty(), source);
    const bool serves_pulled =
        list.size() > before
            ? list.back().engine == "ollama" && list.back().model.empty()
            : entry.empty() && command.empty() && engine_of_image(image) == EngineKind::ollama;
    if (!pulled.empty() && serves_pulled) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(before), list.end());
      for (Launch& launch : pulled) launch.variables = variables;
      add_launches(pulled, w, source);
    }
    entry.clear();
    command.clear();
    pulled.clear();
  };
  for (const auto& [text, number] : logical_lines(source.text)) {
    const std::string_view l = trim(text);
    const auto blank = l.find_first_of(" \t");
    if (l.starts_with('#') || blank == std::string_view::npos) continue;
    const std::string word = lower(l.substr(0, blank));
    const std::string_view rest = trim(l.substr(blank));
    if (word == "from") {
      finish();
      image = expand(rest.substr(0, rest.find(' ')), Dialect::compose, variables).text;
    } else if (word == "env" || word == "arg") {
      for (const Word& part : split_words(rest, number)) {
        const auto equals = part.text.find('=');
        if (equals != std::string::npos)
          variables.set(part.text.substr(0, equals),
                        expand(part.text.substr(equals + 1), Dialect::compose, variables).text, number);
      }
      if (rest.find('=') == std::string_view::npos && word == "env") {
        const auto at = rest.find_first_of(" \t");
        if (at != std::string_view::npos)
          variables.set(std::string(rest.substr(0, at)), std::string(trim(rest.substr(at))), number);
      }
    } else if (word == "run") {
      Variables own = variables;
      for (Launch& launch : launches_of_script(continued(rest), number, own)) {
        if (launch.engine == EngineKind::ollama && launch.subcommand == "pull")
          pulled.push_back(std::move(launch));
      }
    } else if (word == "entrypoint" || word == "cmd") {
      line = number;
      (word == "cmd" ? command : entry) = exec_words(rest, number, variables);
      if (word == "entrypoint") command.clear();
    }
  }
  finish();
}

}  // namespace qwenfit::plan
