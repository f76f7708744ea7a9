// qwenfit completion|complete|man: what a shell and a manual want to know, from the help's own source.
#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/engine.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::cli {
namespace {

// The scripts hand over the words behind `qwenfit` up to the cursor; the program knows the rest.
constexpr std::string_view kBash = R"SCRIPT(# bash: source <(qwenfit completion bash)
_qwenfit() {
  local IFS=$'\n'
  COMPREPLY=($(qwenfit complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _qwenfit qwenfit
)SCRIPT";
constexpr std::string_view kZsh = R"SCRIPT(#compdef qwenfit
# zsh: source <(qwenfit completion zsh), or a file _qwenfit in $fpath
_qwenfit() {
  local -a found
  found=(${(f)"$(qwenfit complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
if [ "$funcstack[1]" = _qwenfit ]; then _qwenfit "$@"; else compdef _qwenfit qwenfit; fi
)SCRIPT";
constexpr std::string_view kFish = R"SCRIPT(# fish: qwenfit completion fish | source
function __qwenfit_complete
  set -l typed (commandline -ct)
  set -l found (qwenfit complete (commandline -opc)[2..-1] "$typed" 2>/dev/null)
  if set -q found[1]
    printf '%s\n' $found
  else
    __fish_complete_path "$typed"
  end
end
complete -c qwenfit -f -a '(__qwenfit_complete)'
)SCRIPT";

/// Prints those that begin with what was typed, one a line.
class Candidates {
 public:
  /// @param before stands before every name: what of the word is typed already, "--device=", "2x"
  explicit Candidates(std::string_view typed, std::string_view before = "")
      : typed_(typed), before_(before) {}
  void add(std::string_view name) const {
    if (name.starts_with(typed_)) print(fmt::format("{}{}\n", before_, name));
  }
  template <class List>
  void add_ids(const List& list) const {
    for (const auto* item : list) add(item->id);
  }
  /// Devices may be counted: "2xh100".
  void add_devices(const catalog::Catalog& catalog) const {
    const std::size_t digits = std::min(typed_.find_first_not_of("0123456789"), typed_.size());
    const bool counted = digits > 0 && digits < typed_.size() && typed_[digits] == 'x';
    const std::size_t count = counted ? digits + 1 : 0;
    const std::string before = fmt::format("{}{}", before_, typed_.substr(0, count));
    Candidates(typed_.substr(count), before).add_ids(catalog.devices());
  }

 private:
  std::string_view typed_;
  std::string_view before_;
};

const Command* command_named(std::string_view name) {
  for (const Command& c : commands()) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

/// What a command says of an option, or of its first word.
OptionWords words_of(const Command* command, const std::string& option) {
  ask_for_words(option);
  if (command) command->run({"--help"});
  else run_estimate({"--help"});
  return words_told();
}

/// Prints what may follow an option. @return whether something follows it
bool add_values(const Command* command, const std::string& option, const Candidates& out) {
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  if (option == "-d" || option == "--device") out.add_devices(catalog);
  else if (option == "-f" || option == "--format") out.add_ids(catalog.formats());
  else if (option == "-e" || option == "--engine") out.add_ids(catalog.engines());
  else if (option == "-m" || option == "--model") out.add_ids(catalog.models());
  else if (option == "--backend") {
    for (int i = 0; i <= static_cast<int>(engine::Backend::cpu); ++i)
      out.add(engine::backend_name(static_cast<engine::Backend>(i)));
  } else {
    const OptionWords said = words_of(command, option);
    for (const std::string& word : said.words) out.add(word);
    return said.takes_value;
  }
  return true;
}

}  // namespace

int run_completion(const std::vector<std::string>& args) {
  CLI::App app(
      "Prints the script by which a shell completes commands, options, models, devices, formats and engines.",
      "qwenfit completion");
  std::string shell;
  app.add_option("shell", shell, "bash, zsh or fish")->required()->check(one_of({"bash", "zsh", "fish"}));
  add_examples(app, {{"For this shell", "qwenfit completion bash"}});
  if (!parse(app, args)) return kAnswered;
  print(shell == "zsh" ? kZsh : shell == "fish" ? kFish : kBash);
  return kAnswered;
}

int run_complete(const std::vector<std::string>& given) {
  std::vector<std::string> args = given;
  std::string typed = args.empty() ? "" : args.back();
  // bash takes "--device=rtx" for three words.
  if (args.size() > 1 && typed == "=") args.back() = typed = "";
  else if (args.size() > 2 && args[args.size() - 2] == "=") args.erase(args.end() - 2);
  const Command* command = args.size() > 1 ? command_named(args[0]) : nullptr;
  const Candidates out(typed);
  const std::string before = args.size() > 1 ? args[args.size() - 2] : "";
  if (before.starts_with("-") && before.size() > 1 && add_values(command, before, out)) return kAnswered;
  if (const std::size_t equals = typed.find('='); typed.starts_with("--") && equals != std::string::npos) {
    const std::string_view whole = typed;
    add_values(command, typed.substr(0, equals),
               Candidates(whole.substr(equals + 1), whole.substr(0, equals + 1)));
    return kAnswered;
  }
  if (typed.starts_with("-")) {
    set_help_form(HelpForm::names, typed);
    return command ? command->run({"--help"}) : run_estimate({"--help"});
  }
  const catalog::Catalog& catalog = catalog::Catalog::builtin();
  if (args.size() <= 1) {
    for (const Command& c : commands()) out.add(c.name);
    if (!typed.empty()) out.add_ids(catalog.models());
    return kAnswered;
  }
  if (args.size() == 2 && command) {
    const OptionWords said = words_of(command, "");
    for (const std::string& word : said.words) out.add(word);
    if (!said.words.empty()) return kAnswered;
  }
  if (args[0] == "list") {
    for (const char* kind : {"models", "devices", "formats", "engines"}) out.add(kind);
  } else if (args[0] == "calibrate") {
    if (args.size() == 2) {
      for (const char* action : {"list", "remove"}) out.add(action);
    }
    // Behind --measured a model follows, else files, which the shell knows.
    if (std::find(args.begin(), args.end(), "--measured") != args.end()) out.add_ids(catalog.models());
  } else if (args[0] != "check" && args[0] != "plan" && args[0] != "batch" && args[0] != "inspect" &&
             args[0] != "catalog" && args[0] != "validate" && args[0] != "config") {
    out.add_ids(catalog.models());
    if (args[0] == "show") {
      out.add_ids(catalog.devices());
      out.add_ids(catalog.formats());
      out.add_ids(catalog.engines());
    }
  }
  return kAnswered;
}

int run_man(const std::vector<std::string>& args) {
  CLI::App app("Prints the manual page.", "qwenfit man");
  add_examples(app, {{"To read", "qwenfit man"}});
  if (!parse(app, args)) return kAnswered;
  std::string out = fmt::format(
      ".TH QWENFIT 1 \"{}\" \"qwenfit {}\" \"User Commands\"\n.SH NAME\nqwenfit \\- memory, fit and speed of "
      "Qwen models\n.SH SYNOPSIS\n.B qwenfit\n.I COMMAND\n.RI [ OPTIONS ]\n.br\n.B qwenfit\n.I MODEL\n.RI [ "
      "OPTIONS ]\n.SH DESCRIPTION\nHow much memory does a Qwen model need, does it fit, how fast will it be, "
      "and "
      "why.\nWithout a command, the first word is a model and the command is\n.BR estimate .\n.SH COMMANDS\n",
      catalog::Catalog::date(), QWENFIT_VERSION);
  print(out);
  set_help_form(HelpForm::man, "");
  for (const Command& c : commands()) c.run({"--help"});
  print(
      ".SH EXIT STATUS\n.TP\n.B 0\nan answer was given\n.TP\n.B 1\na requirement is not met\n.TP\n.B 2\nthe "
      "command line or the input is wrong\n.TP\n.B 3\nit can\\(aqt be decided\n.SH FILES\n.TP\n.I "
      "$XDG_CONFIG_HOME/qwenfit/config.json\nsettings: default_device, default_host, units, color\n.TP\n.I "
      "$XDG_CONFIG_HOME/qwenfit/calibration.json\nmeasurements of one\\(aqs own, which correct "
      "speeds\n.TP\n.I "
      "$XDG_CONFIG_HOME/qwenfit/\ncatalog entries of one\\(aqs own: all other *.json\n.SH "
      "ENVIRONMENT\n.TP\n.B "
      "QWENFIT_CATALOG\na "
      "file or folder of such entries\n.TP\n.B NO_COLOR\nno colour\n");
  return kAnswered;
}

}  // namespace qwenfit::cli
