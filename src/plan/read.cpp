// Texts -> readers: which one, by the file's name and what stands in it.
#include <fmt/format.h>

#include <algorithm>

#include "embedded.hpp"
#include "model_names.hpp"
#include "qwenfit/error.hpp"
#include "readers.hpp"
#include "remarks.hpp"
#include "templates.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

enum class Shape { yaml, shell, dockerfile, modelfile, systemd, python, other };

bool has_line(std::string_view text, std::string_view start) {
  for (std::size_t at = text.find(start); at != std::string_view::npos; at = text.find(start, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return true;
  }
  return false;
}

Shape shape_of(const std::string& file, std::string_view text) {
  const std::string name = lower(base_name(file));
  const auto ends = [&](std::initializer_list<std::string_view> list) {
    return std::any_of(list.begin(), list.end(), [&](std::string_view end) { return name.ends_with(end); });
  };
  if (ends({".yaml", ".yml"})) return Shape::yaml;
  if (name.find("dockerfile") != std::string::npos || name.find("containerfile") != std::string::npos)
    return Shape::dockerfile;
  if (name.find("modelfile") != std::string::npos && !name.ends_with(".md")) return Shape::modelfile;
  if (ends({".service", ".container"})) return Shape::systemd;
  if (name.ends_with(".py") ||
      (text.starts_with("#!") && text.substr(0, text.find('\n')).find("python") != std::string_view::npos))
    return Shape::python;
  if (ends({".sh", ".bash", ".zsh"}) || text.starts_with("#!")) return Shape::shell;
  if (ends({".md", ".nix", ".toml", ".js", ".cjs", ".ts", ".mk", ".conf", ".ps1", ".bat", ".cmd"}) ||
      name == "makefile" || name == "justfile")
    return Shape::other;
  if (has_line(text, "[Unit]") || has_line(text, "[Service]")) return Shape::systemd;
  if (has_line(text, "apiVersion:") || has_line(text, "services:") || has_line(text, "models:") ||
      has_line(text, "servingEngineSpec:") || has_line(text, "deployments:") || has_line(text, "model:") ||
      text.starts_with("{") || text.starts_with("---"))
    return Shape::yaml;
  if (has_line(text, "FROM ") || has_line(text, "from ")) {
    const bool docker = has_line(text, "RUN ") || has_line(text, "CMD ") || has_line(text, "ENTRYPOINT ") ||
                        has_line(text, "COPY ");
    return docker ? Shape::dockerfile : Shape::modelfile;
  }
  return Shape::other;
}

/// The first word of `text` that names a Qwen model, comments left out; its line in `line`.
std::string mentioned_model(std::string_view text, int& line) {
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view l = trim(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (l.starts_with('#') || l.starts_with("//") || !mentions_qwen(l)) continue;
    const auto word_char = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) ||
             std::string_view("._/:-").find(c) != std::string_view::npos;
    };
    for (std::size_t i = 0; i < l.size();) {
      if (!word_char(l[i])) {
        ++i;
        continue;
      }
      std::size_t k = i;
      while (k < l.size() && word_char(l[k])) ++k;
      std::string_view word = l.substr(i, std::min<std::size_t>(k - i, 200));
      while (!word.empty() && (word.back() == ':' || word.back() == '.' || word.back() == '/'))
        word.remove_suffix(1);
      // ${MODEL:-Qwen/Qwen3-8B}
      if (const auto fallback = word.find(":-"); fallback != std::string_view::npos)
        word.remove_prefix(fallback + 2);
      if (mentions_qwen(word)) {
        line = number;
        return std::string(word);
      }
      i = k;
    }
  }
  return {};
}

/// What the beginning of a file gives away; empty: it is text.
std::string_view no_text(std::string_view text) {
  const std::string_view head = text.substr(0, 8192);
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff")) return "UTF-16: save it as UTF-8";
  if (head.find('\0') != std::string_view::npos) return "no text";
  const auto odd = std::count_if(head.begin(), head.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\x1b';
  });
  return odd > 4 && static_cast<std::size_t>(odd) * 64 > head.size() ? "no text" : "";
}

/// `inner` with the lines of the file: empty ones ahead of it.
std::string at_line(const std::string& text, int line) {
  return std::string(static_cast<std::size_t>(std::max(line - 1, 0)), '\n') + text;
}

/// Where lines are few, what stands in them is not worth empty lines ahead of it.
constexpr int kMostLines = 200000;

void read_fragment(const Source& source, const Embedded& embedded, int depth) {
  if (embedded.line > kMostLines) return;
  std::string text = embedded.text;
  if (embedded.expands) {
    Variables variables = given_variables(source);
    text = expand(text, Dialect::shell, variables).text;
  }
  const std::string name = std::string(base_name(embedded.word));
  Shape shape = shape_of(
      name.find('.') == std::string::npos && lower(name) != "dockerfile" && lower(name) != "modelfile" ? ""
                                                                                                       : name,
      text);
  // "from vllm import LLM" begins like a Modelfile.
  if (may_hold_python_engine(text) && (shape == Shape::other || shape == Shape::modelfile))
    shape = Shape::python;
  const std::string padded = at_line(text, embedded.line);
  const Source inner{source.file, padded, source.options, source.report, source.siblings};
  try {
    switch (shape) {
      case Shape::yaml: read_yaml_file(inner); break;
      case Shape::dockerfile: read_dockerfile(inner); break;
      case Shape::modelfile:
        // `ollama create NAME -f Modelfile` of the script is told already, where its name says the model.
        if (std::any_of(source.report.deployments.begin(), source.report.deployments.end(),
                        [&](const Deployment& d) {
                          return d.file == source.file && d.engine == "ollama" && !d.model_id.empty();
                        }))
          break;
        if (has_line(text, "PARAMETER ") || has_line(text, "parameter ") ||
            lower(name).find("modelfile") != std::string::npos)
          read_modelfile(inner);
        break;
      case Shape::systemd: read_systemd_unit(inner); break;
      case Shape::python: read_python(inner); break;
      case Shape::shell:
      case Shape::other: read_shell_file(inner, depth + 1); break;
    }
  } catch (const Error&) {
    // A piece of a text: what can't be read in it is no fault of the file.
  }
}

}  // namespace

void read_embedded(const Source& source, int first_line, int depth) {
  if (depth > 3 || source.text.find("<<") == std::string_view::npos) return;
  Source known = source;
  for (const Embedded& embedded : here_documents(source.text, first_line)) {
    bool relevant = mentions_qwen(embedded.text) || may_hold_python_engine(embedded.text) ||
                    may_launch({Word{embedded.text, 1}});
    if (relevant) read_fragment(known, embedded, depth);
  }
}

bool add_unreadable(const Source& source, int first_line, const std::string& why) {
  static constexpr std::pair<std::string_view, EngineKind> kHints[] = {
      {"vllm", EngineKind::vllm},
      {"sglang", EngineKind::sglang},
      {"llama-server", EngineKind::llama_cpp},
      {"llama.cpp", EngineKind::llama_cpp},
      {"ollama", EngineKind::ollama},
      {"trtllm", EngineKind::tensorrt_llm},
      {"text-generation-", EngineKind::tgi}};
  std::vector<EngineKind> engines;
  for (const auto& [hint, engine] : kHints) {
    if (contains_folded(source.text, hint) &&
        std::find(engines.begin(), engines.end(), engine) == engines.end())
      engines.push_back(engine);
  }
  if (engines.empty() && source.text.find("hf://") == std::string_view::npos) return false;
  int line = 1;
  const std::string model = mentioned_model(source.text, line);
  line += first_line - 1;
  if (model.empty()) return false;
  Workload w = workload_at(source, "unknown shape", std::string(base_name(source.file)), line);
  if (engines.size() == 1) w.engine = engines[0];
  w.model = Word{model, line, {}};
  Deployment d = interpret(std::move(w), source.options);
  Finding f;
  f.id = "unreadable";
  f.severity = Severity::warning;
  f.undecided = true;
  f.line = line;
  f.message =
      !why.empty()
          ? why
          : fmt::format("'{}' is named here, but no command or object that serves it could be read", model);
  d.findings.push_back(std::move(f));
  source.report.deployments.push_back(std::move(d));
  return true;
}

std::string why_unreadable(const std::string& file, std::string_view text) {
  if (trim(text).empty()) return "empty";
  if (const std::string_view why = no_text(text); !why.empty()) return std::string(why);
  // A template is no YAML before it is rendered.
  if (is_template(text) || (shape_of(file, text) != Shape::yaml && !lower(file).ends_with(".json")))
    return {};
  try {
    for (const auto& [document, line] : split_documents(text)) parse_yaml(document, line);
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

void read_text(const std::string& file, std::string_view text, const Options& options, Report& report) {
  ++report.files;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (const std::string_view why = no_text(text); !why.empty()) {
    report.skipped.push_back({file, std::string(why), true});
    return;
  }
  const Source source{file, text, options, report, options.environment};
  const std::size_t before = report.file_begin = report.deployments.size();
  report.too_many = false;
  std::string complaint;
  try {
    switch (shape_of(file, text)) {
      case Shape::yaml: complaint = read_yaml_file(source); break;
      case Shape::shell: read_shell_file(source); break;
      case Shape::dockerfile: read_dockerfile(source); break;
      case Shape::modelfile: read_modelfile(source); break;
      case Shape::systemd: read_systemd_unit(source); break;
      case Shape::python: read_python(source); break;
      case Shape::other: read_other_file(source); break;
    }
    if (report.deployments.size() == before && mentions_qwen(text)) {
      read_other_file(source);
      // A program that only names a model (a client, a test) starts no engine.
      const bool program = shape_of(file, text) == Shape::python && !may_hold_python_engine(text);
      const bool names = shape_of(file, text) == Shape::yaml && only_names_models(text);
      if (report.deployments.size() == before && !program && !names) add_unreadable(source);
    }
    if (report.too_many)
      throw Error(ErrorCode::bad_input, "starts more than 2,000 engines: no deployment plan");
  } catch (const Error& e) {
    // What was found so far is not the whole of it.
    report.deployments.erase(report.deployments.begin() + static_cast<std::ptrdiff_t>(before),
                             report.deployments.end());
    report.skipped.push_back({file, e.what(), true});
    return;
  }
  if (report.deployments.size() == before)
    report.skipped.push_back({file, complaint.empty() ? "serves no model" : complaint, !complaint.empty()});
  else {
    read_suppressions(text, report, before);
    read_settings(text, report, before);
  }
}

void read_command(const std::vector<std::string>& words, const Options& options, Report& report) {
  const Source source{"command line", {}, options, report};
  Variables variables = given_variables(source);
  ShellCommand command;
  command.line = 1;
  // NAME=value ahead of the program, as a shell takes it.
  std::size_t first = 0;
  for (; first < words.size(); ++first) {
    const auto equals = words[first].find('=');
    if (equals == std::string::npos || equals == 0 || words[first].starts_with('-')) break;
    variables.set(words[first].substr(0, equals), words[first].substr(equals + 1), 1);
  }
  for (std::size_t i = first; i < words.size(); ++i) command.words.push_back({words[i], 1, {}});
  command.variables = variables;
  const std::vector<Launch> launches = find_launches(command);
  if (launches.empty()) {
    throw Error(ErrorCode::usage,
                "the command starts no engine that qwenfit knows: vllm serve, python -m "
                "sglang.launch_server, llama-server, "
                "trtllm-serve, text-generation-launcher, ollama run ...");
  }
  Workload w;
  w.base.file = "command line";
  w.base.kind = "command";
  add_launches(launches, w, source);
}

}  // namespace qwenfit::plan
