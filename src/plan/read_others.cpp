// Dockerfiles, Ollama Modelfiles, systemd units, and files of any other kind with a command line in them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "embedded.hpp"
#include "readers.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

struct Line {
  std::string_view text;
  int number;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> out;
  int number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.push_back({line, number});
    at = end + 1;
  }
  return out;
}

/// Lines joined where one ends in a backslash; comment lines between them are left out.
std::vector<std::pair<std::string, int>> logical_lines(std::string_view text) {
  std::vector<std::pair<std::string, int>> out;
  bool open = false;
  for (const Line& line : lines_of(text)) {
    const std::string_view trimmed = trim(line.text);
    if (open && (trimmed.starts_with('#') || trimmed.starts_with(';'))) continue;
    if (!open) out.emplace_back("", line.number);
    open = line.text.ends_with('\\');
    out.back().first += open ? line.text.substr(0, line.text.size() - 1) : line.text;
    out.back().first += open ? "\n" : "";
  }
  return out;
}

/// A logical line as a shell continues it.
std::string continued(std::string_view line) {
  std::string out;
  for (const char c : line) {
    if (c == '\n') out += '\\';
    out += c;
  }
  return out;
}

/// ["a", "b"] as words, or the text for a shell.
std::vector<Word> exec_words(std::string_view text, int line, Variables& variables) {
  std::vector<Word> words;
  text = trim(text);
  if (text.starts_with('[') && text.size() < 65536) {
    const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
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

Workload workload_at(const Source& source, std::string kind, std::string name, int line) {
  Workload w;
  w.base.file = source.file;
  w.base.kind = std::move(kind);
  w.base.name = std::move(name);
  w.base.line = line;
  return w;
}

}  // namespace

void read_dockerfile(const Source& source) {
  Variables variables = given_variables(source);
  std::string image;
  std::vector<Word> entry;
  std::vector<Word> command;
  int line = 1;
  const auto finish = [&] {
    if (image.empty() && entry.empty() && command.empty()) return;
    Workload w = workload_at(source, "Dockerfile", std::string(base_name(source.file)), line);
    w.base.image = image;
    w.variables = variables;
    std::vector<Word> words = entry;
    words.insert(words.end(), command.begin(), command.end());
    if (!words.empty()) add_process(std::move(w), std::move(words), !entry.empty(), source);
    entry.clear();
    command.clear();
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
    } else if (word == "entrypoint" || word == "cmd") {
      line = number;
      (word == "cmd" ? command : entry) = exec_words(rest, number, variables);
      if (word == "entrypoint") command.clear();
    }
  }
  finish();
}

void read_modelfile(const Source& source) {
  Workload w = workload_at(source, "Modelfile", std::string(base_name(source.file)), 1);
  w.engine = EngineKind::ollama;
  w.program = "ollama";
  w.variables = given_variables(source);
  for (const Line& line : lines_of(source.text)) {
    const auto words = split_words(line.text, line.number);
    if (words.empty()) continue;
    const std::string key = lower(words[0].text);
    if (key == "from" && words.size() > 1) {
      w.model = words[1];
      w.base.line = line.number;
    } else if (key == "parameter" && words.size() > 2 &&
               (words[1].text == "num_ctx" || words[1].text == "num_gpu")) {
      w.args.push_back({"--" + words[1].text, line.number, {}});
      w.args.push_back(words[2]);
    }
  }
  if (w.model) add_workload(std::move(w), source);
}

void read_systemd_unit(const Source& source) {
  Variables variables = given_variables(source);
  std::string name(base_name(source.file));
  std::string image;
  std::string exec;   // of a container unit (Quadlet)
  std::string cards;  // likewise
  int exec_line = 1;
  const auto lines = logical_lines(source.text);
  for (const auto& [text, number] : lines) {
    std::string_view l = trim(text);
    if (l.starts_with("Environment=")) {
      for (const Word& part : split_words(l.substr(12), number)) {
        const auto equals = part.text.find('=');
        if (equals != std::string::npos)
          variables.set(part.text.substr(0, equals), part.text.substr(equals + 1), number);
      }
    } else if (l.starts_with("Image=")) {
      image = std::string(trim(l.substr(6)));
    } else if (l.starts_with("AddDevice=nvidia.com/gpu=")) {
      cards += (cards.empty() ? "" : ",") + std::string(trim(l.substr(25)));
    } else if (l.starts_with("Exec=")) {
      exec = std::string(l.substr(5));
      exec_line = number;
    }
  }
  const auto words_of = [&](std::string_view text, int line) {
    std::vector<Word> words;
    for (const Word& raw : split_words(text, line)) {
      const Expanded e = expand(raw.text, Dialect::systemd, variables);
      if (raw.text.starts_with('$') && !raw.text.starts_with("${") && e.unresolved.empty()) {
        for (Word& part : split_words(e.text, raw.line)) words.push_back(std::move(part));
      } else {
        words.push_back({e.text, raw.line, e.unresolved});
      }
    }
    return words;
  };
  for (const auto& [text, number] : lines) {
    std::string_view l = trim(text);
    if (!l.starts_with("ExecStart=")) continue;
    l.remove_prefix(10);
    while (!l.empty() && (l[0] == '-' || l[0] == '@' || l[0] == '+' || l[0] == '!' || l[0] == ':'))
      l.remove_prefix(1);
    Workload w = workload_at(source, "systemd unit", name, number);
    w.variables = variables;
    add_process(std::move(w), words_of(l, number), true, source);
  }
  if (!image.empty()) {
    Workload w = workload_at(source, "container unit", name, exec_line);
    w.variables = variables;
    w.base.image = image;
    if (!cards.empty()) take_gpu_list(cards == "all" ? cards : "device=" + cards, exec_line, "AddDevice", w);
    add_process(std::move(w), words_of(exec, exec_line), false, source);
  }
}

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
  add_launches(ollama, w, source);
  // Here-documents are read with what the script sets.
  Source after = source;
  for (const std::string& name : variables.names()) {
    if (std::string value = variables.text(name); !value.empty()) after.siblings[name] = std::move(value);
  }
  read_embedded(after, 1, depth);
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

/// Nix writes ${llama-server} for a program.
void replace_programs(std::string& text) {
  for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 1)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) return;
    const std::string name = text.substr(at + 2, end - at - 2);
    if (name.find("llama-server") != std::string::npos || name == "vllm")
      text.replace(at, end + 1 - at, name.substr(name.rfind('.') + 1));
  }
}

/// What cmd.exe and PowerShell write differently: line ends that continue, backslashes in paths, %VAR%, set.
std::string like_a_shell(std::string_view text, bool batch) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool ends_line = i + 1 < text.size() && (text[i + 1] == '\n' || text[i + 1] == '\r');
    if (c == (batch ? '^' : '`') && ends_line) {
      out += '\\';
      if (text[i + 1] == '\r') ++i;
    } else if (c == '\\') {
      out += '/';
    } else if (batch && c == '%' && text.find('%', i + 1) < text.find('\n', i)) {
      const std::size_t end = text.find('%', i + 1);
      out += "${" + std::string(text.substr(i + 1, end - i - 1)) + "}";
      i = end;
    } else {
      out += c;
    }
  }
  return out;
}

/// Lines of a batch file: comments go, `set NAME=value` becomes a variable.
void read_batch_lines(std::string& text, Variables& variables) {
  std::string out;
  for (const Line& line : lines_of(text)) {
    const std::string l = lower(trim(line.text));
    if (l.starts_with("set ") && l.find('=') != std::string::npos) {
      const std::string_view rest = trim(trim(line.text).substr(4));
      const auto equals = rest.find('=');
      std::string_view name = rest.substr(0, equals), value = rest.substr(equals + 1);
      if (name.starts_with('"') && value.ends_with('"')) {
        name.remove_prefix(1);
        value.remove_suffix(1);
      }
      variables.set(std::string(name), std::string(value), line.number);
    } else if (!l.starts_with("rem ") && !l.starts_with("::")) {
      out += line.text;
    }
    out += '\n';
  }
  text = std::move(out);
}

/// PM2: script: '/opt/vllm', args: 'serve MODEL ...' or a list of them.
std::string joined_script(std::string_view text) {
  const auto quoted_behind = [&](std::string_view key,
                                 std::size_t from) -> std::pair<std::string, std::size_t> {
    const std::size_t at = text.find(key, from);
    if (at == std::string_view::npos) return {"", at};
    const std::size_t begin = text.find_first_not_of(" \t\n", at + key.size());
    if (begin == std::string_view::npos) return {"", begin};
    const std::size_t end = text[begin] == '[' ? text.find(']', begin) : text.find(text[begin], begin + 1);
    if (end == std::string_view::npos) return {"", end};
    std::string value(text.substr(begin + 1, end - begin - 1));
    if (text[begin] == '[') std::replace(value.begin(), value.end(), ',', ' ');
    return {value, end};
  };
  const auto [script, behind] = quoted_behind("script:", 0);
  if (script.empty()) return {};
  return script + " " + quoted_behind("args:", behind).first;
}

}  // namespace

void read_other_file(const Source& source) {
  if (source.text.find("```") != std::string_view::npos) read_fenced_files(source);
  // Make writes $(VAR) and $$; the rest of what people write is near enough to a shell.
  Variables variables = given_variables(source);
  const bool make = contains_folded(base_name(source.file), "makefile") || source.file.ends_with(".mk");
  std::string text(source.text);
  if (make) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$') {
        out += '$';
        ++i;
      } else if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '(') {
        const auto end = text.find(')', i);
        if (end == std::string::npos) break;
        out += "${" + text.substr(i + 2, end - i - 2) + "}";
        i = end;
      } else {
        out += text[i];
      }
    }
    text = std::move(out);
    // NAME ?= value, NAME := value
    for (const Line& line : lines_of(text)) {
      const auto equals = line.text.find('=');
      if (equals == std::string_view::npos || line.text.starts_with('\t')) continue;
      std::string_view name = trim(line.text.substr(0, equals));
      while (!name.empty() && (name.back() == '?' || name.back() == ':' || name.back() == '+'))
        name.remove_suffix(1);
      name = trim(name);
      if (!name.empty() && name.find_first_of(" \t:$") == std::string_view::npos)
        variables.set(std::string(name), std::string(trim(line.text.substr(equals + 1))), line.number);
    }
  }
  if (source.file.ends_with(".nix")) replace_programs(text);
  const std::string name = lower(base_name(source.file));
  const bool batch = name.ends_with(".bat") || name.ends_with(".cmd");
  if (batch || name.ends_with(".ps1")) text = like_a_shell(text, batch);
  if (batch) read_batch_lines(text, variables);
  if (name == "justfile") {
    for (std::size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", at + 1)) {
      const auto end = text.find("}}", at);
      if (end == std::string::npos) break;
      text = text.substr(0, at) + "${" +
             std::string(trim(std::string_view(text).substr(at + 2, end - at - 2))) + "}" +
             text.substr(end + 2);
    }
    for (const Line& line : lines_of(text)) {
      const auto assign = line.text.find(":=");
      if (assign == std::string_view::npos) continue;
      std::string_view value = trim(line.text.substr(assign + 2));
      if (value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
        value = value.substr(1, value.size() - 2);
      variables.set(std::string(trim(line.text.substr(0, assign))), std::string(value), line.number);
    }
  }
  if (name.ends_with(".js") || name.ends_with(".cjs")) {
    if (const std::string script = joined_script(text); !script.empty()) text = script;
  }
  // A command stands on a line of its own (with those it is continued on), in a fence, or between quotes.
  Workload w;
  w.base.file = source.file;
  w.base.kind = "command in text";
  for (auto [line, number] : logical_lines(text)) {
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
    std::erase_if(launches, [](const Launch& launch) { return launch.args.empty(); });
    add_launches(launches, w, source);
  }
}

}  // namespace qwenfit::plan
