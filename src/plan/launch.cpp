#include "launch.hpp"

#include <algorithm>
#include <array>

#include "embedded.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// `sh -c` inside `sh -c`; nobody nests deeper.
constexpr int kDeepest = 6;

struct Program {
  std::string_view name;  ///< file name, or module behind `-m`
  EngineKind engine;
  std::string_view subcommands;  ///< words of which one has to follow, joined by blanks; empty: none
};

constexpr std::array kPrograms{
    Program{"vllm", EngineKind::vllm, "serve"},
    Program{"vllm.entrypoints.openai.api_server", EngineKind::vllm, ""},
    Program{"vllm.entrypoints.api_server", EngineKind::vllm, ""},
    Program{"vllm.entrypoints.cli.main", EngineKind::vllm, "serve"},
    Program{"sglang.launch_server", EngineKind::sglang, ""},
    Program{"sglang", EngineKind::sglang, "serve"},
    Program{"launch_server.py", EngineKind::sglang, ""},
    Program{"llama-server", EngineKind::llama_cpp, ""},
    Program{"llama-server.exe", EngineKind::llama_cpp, ""},
    Program{"llama-cli", EngineKind::llama_cpp, ""},
    Program{"llama-swap-server", EngineKind::llama_cpp, ""},
    Program{"ik-llama-server", EngineKind::llama_cpp, ""},
    Program{"llama", EngineKind::llama_cpp, "serve"},
    Program{"dynamo.vllm", EngineKind::vllm, ""},
    Program{"dynamo.sglang", EngineKind::sglang, ""},
    Program{"dynamo.sglang.worker", EngineKind::sglang, ""},
    Program{"dynamo.trtllm", EngineKind::tensorrt_llm, ""},
    Program{"trtllm-serve", EngineKind::tensorrt_llm, ""},
    Program{"tensorrt_llm.commands.serve", EngineKind::tensorrt_llm, ""},
    Program{"text-generation-launcher", EngineKind::tgi, ""},
    Program{"ollama", EngineKind::ollama, "run pull serve create"},
    Program{"mlx_lm.server", EngineKind::mlx, ""},
    Program{"mlx_lm", EngineKind::mlx, "server"},
    Program{"huggingfaceserver", EngineKind::huggingface, ""},
    Program{"lmdeploy", EngineKind::other, "serve"},
    Program{"koboldcpp", EngineKind::other, ""},
    Program{"tabbyapi", EngineKind::other, ""},
    Program{"aphrodite", EngineKind::other, "run"},
};

/// Commands that only talk about engines.
constexpr std::array kTalkers = std::to_array<std::string_view>(
    {"echo",      "printf",     "cat",          "grep",          "pkill",      "pgrep", "killall", "kill",
     "which",     "command",    "type",         "curl",          "wget",       "pip",   "pip3",    "apt",
     "apt-get",   "brew",       "log",          "info",          "warn",       "error", "ls",      "rm",
     "cp",        "mv",         "mkdir",        "test",          "[",          "[[",    "sed",     "awk",
     "systemctl", "journalctl", "ssh-keygen",   "git",           "tail",       "head",  "chmod",   "ln",
     "throw",     "Write-Host", "Write-Output", "Write-Warning", "Write-Error"});

bool in(std::string_view word, std::string_view list) {
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool is_shell(std::string_view name) {
  return name == "sh" || name == "bash" || name == "zsh" || name == "dash" || name == "ash";
}

/// -c, -lc, -ec, -euxc ...
bool is_command_flag(std::string_view word) {
  return word.size() >= 2 && word.size() <= 8 && word[0] == '-' && word[1] != '-' &&
         word.find('c') != std::string_view::npos && word.find('/') == std::string_view::npos;
}

bool is_runner(std::string_view name) {
  return name == "docker" || name == "podman" || name == "nerdctl";
}

/// `docker run` options that take no value; all others with a blank do.
bool docker_switch(std::string_view flag) {
  static constexpr std::string_view kSwitches[] = {"--rm",
                                                   "-d",
                                                   "--detach",
                                                   "-i",
                                                   "-t",
                                                   "-it",
                                                   "-ti",
                                                   "-dit",
                                                   "-itd",
                                                   "-td",
                                                   "-id",
                                                   "--init",
                                                   "--privileged",
                                                   "--interactive",
                                                   "--tty",
                                                   "-P",
                                                   "--publish-all",
                                                   "--read-only",
                                                   "--no-healthcheck",
                                                   "--oom-kill-disable",
                                                   "--replace",
                                                   "-q",
                                                   "--quiet"};
  return std::find(std::begin(kSwitches), std::end(kSwitches), flag) != std::end(kSwitches);
}

class Finder {
 public:
  Finder(const ShellCommand& command, int depth)
      : words_(command.words), variables_(command.variables), depth_(depth), line_(command.line) {}

  std::vector<Launch> run() {
    if (words_.empty() || depth_ > kDeepest) return {};
    const std::string_view first = base_name(words_[0].text);
    if (std::find(kTalkers.begin(), kTalkers.end(), first) != kTalkers.end()) return {};
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::string_view word = words_[i].text;
      std::string_view name = base_name(word);
      if (takes_assignment(word)) {  // env NAME=value program
        const auto equals = word.find('=');
        variables_.set(std::string(word.substr(0, equals)),
                       {Word{std::string(word.substr(equals + 1)), words_[i].line, words_[i].unresolved}},
                       false);
        continue;
      }
      name = name.substr(0, name.find('@'));  // uvx vllm@0.11.0
      if (is_runner(name) && i + 1 < words_.size()) {
        if (container(i + 1)) return std::move(out_);
        if (words_[i + 1].text == "exec") continue;
      }
      if (is_shell(name) && nested(i)) return std::move(out_);
      for (const Program& program : kPrograms) {
        // Builds carry a suffix: llama-server-ec9e0301.
        if (name != program.name && !(program.name == "llama-server" && name.starts_with("llama-server-")))
          continue;
        if (word.starts_with("-") || (i > 0 && takes_name(words_[i - 1].text))) continue;
        std::size_t next = i + 1;
        std::string sub;
        if (!program.subcommands.empty()) {
          if (next >= words_.size() || !in(words_[next].text, program.subcommands)) continue;
          sub = words_[next++].text;
        }
        launch(program.engine, std::string(program.name) + (sub.empty() ? "" : " " + sub), sub, next);
        return std::move(out_);
      }
    }
    // tmux new -s llm "vllm serve ...": a command line in one word.
    for (std::size_t i = 1; i < words_.size(); ++i) {
      if (words_[i].text.find(' ') == std::string::npos || !may_launch({words_[i]})) continue;
      Variables inner = variables_;
      for (Launch& l : launches_of_script(words_[i].text, words_[i].line, inner, depth_ + 1))
        out_.push_back(std::move(l));
    }
    return std::move(out_);
  }

 private:
  static bool takes_assignment(std::string_view word) {
    const auto equals = word.find('=');
    return equals != std::string_view::npos && equals > 0 && word.find(' ') == std::string_view::npos &&
           std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                       [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
  }

  /// `--name vllm`, `-n llama-server`: a value, not a program.
  static bool takes_name(std::string_view flag) {
    return flag == "--name" || flag == "-n" || flag == "--tag" || flag == "-t" || flag == "--hostname" ||
           flag == "--title" || flag == "-J" || flag == "--job-name" || flag == "--network" || flag == "-f";
  }

  void launch(EngineKind engine, std::string program, std::string sub, std::size_t first) {
    Launch l;
    l.engine = engine;
    l.program = std::move(program);
    l.subcommand = std::move(sub);
    l.args.assign(words_.begin() + static_cast<std::ptrdiff_t>(std::min(first, words_.size())), words_.end());
    l.variables = variables_;
    l.line = line_;
    l.image = image_;
    l.gpus = gpus_;
    l.mounts = mounts_;
    out_.push_back(std::move(l));
  }

  /// sh -c "..." at `i`.
  bool nested(std::size_t i) {
    for (std::size_t k = i + 1; k < words_.size(); ++k) {
      if (!words_[k].text.starts_with('-')) return false;
      if (!is_command_flag(words_[k].text)) continue;
      if (k + 1 >= words_.size()) return false;
      Variables inner = variables_;
      if (k + 3 < words_.size())
        inner.set("@", {words_.begin() + static_cast<std::ptrdiff_t>(k) + 3, words_.end()}, true);
      out_ = launches_of_script(words_[k + 1].text, words_[k + 1].line, inner, depth_ + 1);
      for (Launch& l : out_) {
        if (!l.image) l.image = image_;
        if (!l.gpus) l.gpus = gpus_;
        // What was open before the shell read it may still be put in, even between its quotes.
        for (Word& arg : l.args) arg.literal = arg.literal && words_[k + 1].unresolved.empty();
      }
      return !out_.empty();
    }
    return false;
  }

  /// docker run OPTIONS IMAGE ARGS, from the word behind `docker`.
  bool container(std::size_t i) {
    while (i < words_.size() && words_[i].text != "run") {
      if (words_[i].text != "container" && !words_[i].text.starts_with("-")) return false;
      ++i;
    }
    if (i >= words_.size()) return false;
    std::string entry;
    for (++i; i < words_.size(); ++i) {
      std::string_view word = words_[i].text;
      if (!word.starts_with('-')) break;
      if (docker_switch(word)) continue;
      std::string value;
      const auto equals = word.find('=');
      if (word.starts_with("--") && equals != std::string_view::npos) {
        value = std::string(word.substr(equals + 1));
        word = word.substr(0, equals);
      } else if (i + 1 < words_.size()) {
        value = words_[++i].text;
      }
      if (word == "--gpus") gpus_ = value;
      else if (word == "--device" && value.starts_with("nvidia.com/gpu=")) gpus_ = value.substr(15);
      else if (word == "--entrypoint") entry = value;
      else if (word == "-v" || word == "--volume") add_mount(value, mounts_);
      else if (word == "-e" || word == "--env") {
        const auto at = value.find('=');
        if (at != std::string::npos)
          variables_.set(value.substr(0, at),
                         {Word{value.substr(at + 1), words_[i].line, words_[i].unresolved}}, false);
      }
    }
    if (i >= words_.size()) return false;
    image_ = words_[i];
    const auto engine = engine_of_image(image_->text);
    ShellCommand inner{
        {words_.begin() + static_cast<std::ptrdiff_t>(i) + 1, words_.end()}, variables_, line_};
    if (!entry.empty()) inner.words.insert(inner.words.begin(), Word{entry, line_, {}});
    out_ = find_launches(inner, depth_ + 1);
    for (Launch& l : out_) {
      l.image = image_;
      if (!l.gpus) l.gpus = gpus_;
      l.mounts = mounts_;
    }
    if (out_.empty() && engine && (image_is_server(image_->text) || *engine == EngineKind::ollama))
      launch(*engine, std::string(image_->text), "", i + 1);
    return true;
  }

  std::vector<Word> words_;
  Variables variables_;
  int depth_;
  int line_;
  std::optional<Word> image_;
  std::optional<std::string> gpus_;
  Mounts mounts_;
  std::vector<Launch> out_;
};

}  // namespace

void add_mount(std::string_view text, Mounts& mounts) {
  const auto colon = text.rfind(":/");
  if (colon == std::string_view::npos || colon == 0) return;
  std::string_view inside = text.substr(colon + 1);
  inside = inside.substr(0, inside.find(':'));
  if (inside.size() > 1 && mounts.size() < 100) mounts.emplace_back(inside, text.substr(0, colon));
}

std::vector<Launch> find_launches(const ShellCommand& command, int depth) {
  return Finder(command, depth).run();
}

std::vector<Launch> launches_of_script(std::string_view text, int first_line, Variables& variables,
                                       int depth) {
  if (depth > kDeepest) return {};
  std::vector<Launch> out;
  for (const ShellCommand& command : read_shell(text, first_line, variables, may_launch)) {
    for (Launch& l : find_launches(command, depth)) out.push_back(std::move(l));
    if (out.size() > 10000) break;
  }
  // cat > options.yaml <<EOF, for --config options.yaml
  if (!out.empty() && text.find("<<") != std::string_view::npos) {
    for (const Embedded& written : here_documents(text, first_line)) {
      if (written.word.empty()) continue;
      const std::string put =
          written.expands ? expand(written.text, Dialect::shell, variables).text : written.text;
      for (Launch& l : out) l.files.emplace(base_name(written.word), put);
    }
  }
  return out;
}

}  // namespace qwenfit::plan
