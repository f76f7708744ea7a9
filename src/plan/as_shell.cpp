#include "as_shell.hpp"

#include <algorithm>

#include "lines.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// Make: $(VAR) and $$; `NAME ?= value` and `NAME := value` become variables.
std::string make_as_shell(std::string_view text, Variables& variables) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$') {
      out += '$';
      ++i;
    } else if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '(') {
      const auto end = text.find(')', i);
      if (end == std::string::npos) break;
      out += "${" + std::string(text.substr(i + 2, end - i - 2)) + "}";
      i = end;
    } else {
      out += text[i];
    }
  }
  for (const Line& line : lines_of(out)) {
    const auto equals = line.text.find('=');
    if (equals == std::string_view::npos || line.text.starts_with('\t')) continue;
    std::string_view name = trim(line.text.substr(0, equals));
    while (!name.empty() && (name.back() == '?' || name.back() == ':' || name.back() == '+'))
      name.remove_suffix(1);
    name = trim(name);
    if (!name.empty() && name.find_first_of(" \t:$") == std::string_view::npos)
      variables.set(std::string(name), std::string(trim(line.text.substr(equals + 1))), line.number);
  }
  return out;
}

/// just: {{ variable }}; `name := "value"` becomes a variable.
std::string just_as_shell(std::string text, Variables& variables) {
  std::string put;
  std::size_t done = 0;
  for (std::size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", done)) {
    const auto end = text.find("}}", at);
    if (end == std::string::npos) break;
    put.append(text, done, at - done).append("${");
    put.append(trim(std::string_view(text).substr(at + 2, end - at - 2))).append("}");
    done = end + 2;
  }
  text = put.append(text, done);
  for (const Line& line : lines_of(text)) {
    const auto assign = line.text.find(":=");
    if (assign == std::string_view::npos) continue;
    std::string_view value = trim(line.text.substr(assign + 2));
    if (value.size() > 1 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
      value = value.substr(1, value.size() - 2);
    variables.set(std::string(trim(line.text.substr(0, assign))), std::string(value), line.number);
  }
  return text;
}

/// Nix: ${llama-server} stands for a program.
void replace_programs(std::string& text) {
  std::string put;
  std::size_t done = 0;
  for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 1)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) break;
    if (end - at > 200) continue;
    const std::string name = text.substr(at + 2, end - at - 2);
    if (name.find("llama-server") == std::string::npos && name != "vllm") continue;
    put.append(text, done, at - done).append(name, name.rfind('.') + 1);
    done = end + 1;
  }
  text = put.append(text, done);
}

/// What cmd.exe and PowerShell write differently: line ends that continue, backslashes in paths, %VAR%, set.
std::string with_shell_signs(std::string_view text, bool batch) {
  std::string out;
  std::size_t line_end = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i >= line_end) line_end = std::min(text.find('\n', i + 1), text.size());
    const bool ends_line = i + 1 < text.size() && (text[i + 1] == '\n' || text[i + 1] == '\r');
    if (c == (batch ? '^' : '`') && ends_line) {
      out += '\\';
      if (text[i + 1] == '\r') ++i;
    } else if (c == '\\') {
      out += '/';
    } else if (batch && c == '%' && text.find('%', i + 1) < line_end) {
      const std::size_t end = text.find('%', i + 1);
      out += "${" + std::string(text.substr(i + 1, end - i - 1)) + "}";
      i = end;
    } else {
      out += c;
    }
  }
  return out;
}

/// cmd.exe: comments go, `set NAME=value` becomes a variable.
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

std::string as_shell(std::string_view file, std::string_view text, Variables& variables) {
  const std::string name = lower(base_name(file));
  const bool make = name.find("makefile") != std::string::npos || file.ends_with(".mk");
  std::string out = make ? make_as_shell(text, variables) : std::string(text);
  if (file.ends_with(".nix")) replace_programs(out);
  const bool batch = name.ends_with(".bat") || name.ends_with(".cmd");
  if (batch || name.ends_with(".ps1")) out = with_shell_signs(out, batch);
  if (batch) read_batch_lines(out, variables);
  if (name == "justfile") out = just_as_shell(std::move(out), variables);
  if (name.ends_with(".js") || name.ends_with(".cjs")) {
    if (std::string script = joined_script(out); !script.empty()) out = std::move(script);
  }
  return out;
}

}  // namespace qwenfit::plan
