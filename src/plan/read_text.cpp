// Shell scripts, and files of any other kind with a command line in them.
#include <algorithm>

#include "as_shell.hpp"
#include "lines.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {

void read_shell_file(const Source& source, int depth) {
  Variables variables = given_variables(source);
  Workload w;
  w.base.file = source.file;
  read_batch_directives(source.text, w);
  std::vector<Launch> ollama;  // `ollama serve` and what fills it are one server
  for (Launch& launch : launches_of_script(source.text, 1, variables)) {
    if (launch.engine == EngineKind::ollama) ollama.push_back(std::move(launch));
    else add_launches({launch}, w, source);
  }
  const std::vector<Embedded> told = take_modelfiles(ollama, source);
  add_launches(ollama, w, source);
  // Here-documents are read with what the script sets.
  Source after = source;
  for (const std::string& name : variables.names()) {
    if (std::string value = variables.text(name); !value.empty()) after.siblings[name] = std::move(value);
  }
  read_embedded(after, 1, depth);
  drop_modelfiles(told, source);
}

namespace {

/// Fenced blocks of a guide that are files themselves: manifests, Modelfiles, Python.
void read_fenced_files(const Source& source) {
  for (const Embedded& block : fenced_blocks(source.text, 1)) {
    const bool yaml = block.text.find("apiVersion:") != std::string::npos ||
                      block.text.find("services:") != std::string::npos;
    const bool modelfile =
        block.text.find("FROM ") != std::string::npos && block.text.find("PARAMETER ") != std::string::npos;
    const bool python = may_hold_python_engine(block.text) && block.word != "bash" && block.word != "sh";
    // Empty lines ahead keep the numbers of the lines.
    const std::string text = std::string(static_cast<std::size_t>(block.line - 1), '\n') + block.text;
    const Source inner{source.file, text, source.options, source.report, source.siblings};
    if (!here_documents(block.text, 1).empty()) read_embedded(inner);
    else if (yaml) read_yaml_file(inner);
    else if (modelfile) read_modelfile(inner);
    else if (python) read_python(inner);
  }
}

}  // namespace

void read_other_file(const Source& source) {
  if (source.text.find("```") != std::string_view::npos) read_fenced_files(source);
  Variables variables = given_variables(source);
  const std::string text = as_shell(source.file, source.text, variables);
  // A command stands on a line of its own (with those it is continued on), in a fence, or between quotes.
  Workload w = workload_at(source, "command in text");
  for (auto [line, number] : logical_lines(text)) {
    if (source.report.too_many) break;
    if (!may_launch({Word{line, number, {}}})) continue;
    const std::string joined = continued(trim(line));
    std::string_view l = joined;
    for (const std::string_view prefix : {"@", "- ", "$ ", "> ", "* ", "ExecStart=", "command="}) {
      if (l.starts_with(prefix)) l.remove_prefix(prefix.size());
    }
    Variables own = variables;
    std::vector<Launch> launches = launches_of_script(l, number, own);
    if (launches.empty()) {
      // cmd = "llama-server -hf ..." of TOML, Nix and JavaScript
      for (const char quote : {'"', '\'', '`'}) {
        const auto begin = l.find(quote);
        const auto end = l.rfind(quote);
        if (begin == std::string_view::npos || end <= begin + 4) continue;
        own = variables;
        launches = launches_of_script(l.substr(begin + 1, end - begin - 1), number, own);
        if (!launches.empty()) break;
      }
    }
    // "starts llama-server for ..." of a sentence
    std::erase_if(launches, [](const Launch& launch) {
      return launch.args.empty() ||
             (launch.subcommand.empty() &&
              std::none_of(launch.args.begin(), launch.args.end(), [](const Word& word) {
                return word.text.starts_with('-') || !word.unresolved.empty();
              }));
    });
    drop_modelfiles(take_modelfiles(launches, source), source);
    add_launches(launches, w, source);
  }
}

}  // namespace qwenfit::plan
