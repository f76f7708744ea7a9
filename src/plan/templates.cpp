#include "templates.hpp"

#include <algorithm>
#include <cctype>

#include "text.hpp"

namespace qwenfit::plan {
namespace {

bool steers(std::string_view body) {
  for (const std::string_view word :
       {"if",      "else",   "end",    "range", "with", "define", "block",   "template",
        "include", "toYaml", "tpl",    "/*",    "$",    "fail",   "break",   "continue",
        "for",     "endif",  "endfor", "set",   "elif", "macro",  "endmacro"}) {
    if (body == word ||
        (body.starts_with(word) && body.size() > word.size() &&
         (word == "/*" || word == "$" || !std::isalnum(static_cast<unsigned char>(body[word.size()]))) &&
         body[word.size()] != '_' && body[word.size()] != '.'))
      return true;
  }
  return false;
}

/// The literal behind `default`, if there is one.
bool literal_default(std::string_view body, std::string& out) {
  for (std::size_t at = body.rfind("default"); at != std::string_view::npos;
       at = at == 0 ? std::string_view::npos : body.rfind("default", at - 1)) {
    std::string_view rest = trim(body.substr(at + 7));
    if (rest.starts_with('(')) rest = trim(rest.substr(1));  // Jinja: default('x')
    if (rest.empty()) continue;
    if (rest[0] == '"' || rest[0] == '\'' || rest[0] == '`') {
      const auto end = rest.find(rest[0], 1);
      if (end == std::string_view::npos) continue;
      out = std::string(rest.substr(1, end - 1));
      return true;
    }
    std::size_t end = 0;
    while (end < rest.size() && !std::isspace(static_cast<unsigned char>(rest[end])) && rest[end] != ')' &&
           rest[end] != '|' && rest[end] != ',')
      ++end;
    const std::string_view word = rest.substr(0, end);
    const bool number =
        !word.empty() && (std::isdigit(static_cast<unsigned char>(word[0])) || word[0] == '-');
    if (number || word == "true" || word == "false") {
      out = std::string(word);
      return true;
    }
  }
  return false;
}

std::string open_name(std::string_view body) {
  const auto bar = body.find('|');
  std::string name;
  for (const char c : trim(body.substr(0, bar))) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-') name += c;
    else if (!name.empty() && name.back() != '_') name += '_';
  }
  return "$(" + name.substr(0, 100) + ")";
}

}  // namespace

bool is_template(std::string_view text) {
  return text.find("{{") != std::string_view::npos || text.find("{%") != std::string_view::npos;
}

std::string plain_template(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t line_begin = 0;  // in `out`
  bool only_steering = true;   // of this line, so far
  bool steered = false;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\n') {
      if (steered && only_steering) out.resize(line_begin);
      out += '\n';
      line_begin = out.size();
      only_steering = true;
      steered = false;
      ++i;
      continue;
    }
    const bool action = text.substr(i, 2) == "{{";
    if (!action && text.substr(i, 2) != "{%") {
      if (!std::isspace(static_cast<unsigned char>(text[i]))) only_steering = false;
      out += text[i++];
      continue;
    }
    const std::size_t length = text.substr(i + 2, 2000).find(action ? "}}" : "%}");
    const std::size_t end = i + 2 + length;
    if (length == std::string_view::npos) {
      out += text[i++];
      continue;
    }
    std::string_view body = text.substr(i + 2, end - i - 2);
    const auto breaks = std::count(body.begin(), body.end(), '\n');
    if (body.starts_with('-')) body.remove_prefix(1);
    if (body.ends_with('-')) body.remove_suffix(1);
    body = trim(body);
    i = end + 2;
    std::string value;
    if (!action || steers(body)) {
      // On a line of its own it steers; behind a key its text is not known.
      std::string_view so_far(out);
      so_far = trim(so_far.substr(line_begin));
      if (action && so_far.ends_with(':') &&
          (body.starts_with("include") || body.starts_with("toYaml") || body.starts_with("tpl")))
        value = "";
      steered = true;
    } else {
      if (!literal_default(body, value)) value = open_name(body);
      only_steering = false;
    }
    out += value;
    out.append(static_cast<std::size_t>(breaks), '\n');
  }
  if (steered && only_steering) out.resize(line_begin);
  return out;
}

}  // namespace qwenfit::plan
