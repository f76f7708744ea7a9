#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "catalog/nearest.hpp"
#include "command.hpp"
#include "help.hpp"
#include "output.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"
#include "settings.hpp"

namespace qwenfit::cli {
namespace {

constexpr int kNameColumn = 14;
constexpr int kSharedColumn = 30;
constexpr int kCodeColumn = 5;

using Entry = std::pair<const char*, const char*>;
constexpr std::array kShared{
    Entry{"-d, --device DEVICE", "as people call it: '4090', 'M3 Max 64GB', 2xh100; auto is this machine"},
    Entry{"-f, --format FORMAT", "of the weights: q4_k_m, fp8, awq-int4 ..."},
    Entry{"-e, --engine ENGINE", "llama.cpp, ollama, vllm, sglang, mlx ..."},
    Entry{"-c, --context TOKENS", "of each sequence: 8192, 32k"},
    Entry{"-u, --concurrency N", "sequences at once"},
    Entry{"--require LIST", "what has to hold: fits,decode=25,context=32k ..."},
    Entry{"--json, --csv, --markdown", "instead of text"}};
constexpr std::array kExitCodes{
    Entry{"0", "an answer was given"}, Entry{"1", "a requirement is not met"},
    Entry{"2", "the command line or the input is wrong"},
    Entry{"3", "it can't be decided: an unknown device, a figure that nobody knows"}};

constexpr std::array kCommands{
    Command{"estimate", "Does it fit, how fast will it be, and why?",
            "qwenfit estimate qwen3-8b --device rtx-4090", run_estimate, CommandGroup::question},
    Command{"quants", "Which weight format should I take?", "qwenfit quants qwen3-14b --device rtx-4090",
            run_quants, CommandGroup::question},
    Command{"devices", "Which devices run it? Does a Mac?", "qwenfit devices qwen3-8b --class gpu,mac",
            run_devices, CommandGroup::question},
    Command{"models", "What runs on my machine?", "qwenfit models --device rtx-3060-12gb", run_models,
            CommandGroup::question},
    Command{"recommend", "Which model is best for my purpose?",
            "qwenfit recommend --for code --device rtx-4090", run_recommend, CommandGroup::question},
    Command{"compare", "Which of these?", "qwenfit compare qwen2.5-0.5b-instruct qwen3-0.6b", run_compare,
            CommandGroup::question},
    Command{"max", "How long a context, how many users at most?",
            "qwenfit max qwen3-8b --device rtx-3060-12gb --what context", run_max, CommandGroup::question},
    Command{"cost", "What does a million tokens cost?",
            "qwenfit cost qwen3-32b --format fp8 --engine vllm --device h100", run_cost,
            CommandGroup::question},
    Command{"finetune", "How much memory does fine-tuning take?",
            "qwenfit finetune qwen3-8b --device rtx-4090", run_finetune, CommandGroup::question},
    Command{"check", "Would this deployment start?",
            "qwenfit check --device h100:2 -- vllm serve Qwen/Qwen3-32B -tp 2", run_check,
            CommandGroup::question},
    Command{"show", "What is known of a model, device, format or engine?", "qwenfit show qwen3-30b-a3b",
            run_show, CommandGroup::knowledge},
    Command{"list", "Which ones are known?", "qwenfit list models coder", run_list, CommandGroup::knowledge},
    Command{"inspect", "What is in this model file?",
            "echo '{\"model_type\": \"qwen3\"}' > config.json && qwenfit inspect config.json", run_inspect,
            CommandGroup::knowledge},
    Command{"detect", "What hardware is in this machine?", "qwenfit detect", run_detect,
            CommandGroup::knowledge},
    Command{"calibrate", "Can my own measurements make it exact?",
            "qwenfit calibrate qwen3-8b -d rtx-4090 --measured 118.5 --dry-run", run_calibrate,
            CommandGroup::knowledge},
    Command{"catalog", "Are my own entries good?",
            "echo '{\"devices\": []}' > my.json && qwenfit catalog check my.json", run_catalog,
            CommandGroup::knowledge},
    Command{"config", "Which defaults of mine hold?", "qwenfit config", run_config, CommandGroup::knowledge},
    Command{"validate", "How far are the estimates from public measurements?", "qwenfit validate memory",
            run_validate, CommandGroup::knowledge},
    Command{"command", "How is exactly that started?", "qwenfit command qwen3-8b -d rtx-4090 -c 16k",
            run_command, CommandGroup::work},
    Command{"plan", "How do these files look as a plan of qwenfit's own?",
            "echo 'vllm serve Qwen/Qwen3-8B' | qwenfit plan init - -d rtx-4090", run_plan,
            CommandGroup::work},
    Command{"sweep", "A whole grid of estimates, for a plot or a table?",
            "qwenfit sweep qwen3-8b -d rtx-4090 --context 4k..64k --format q4_k_m,q8_0", run_sweep,
            CommandGroup::work},
    Command{"batch", "Thousands of scenarios, as JSON lines?",
            "echo '{\"model\": \"qwen3-8b\", \"device\": \"rtx-4090\"}' | qwenfit batch", run_batch,
            CommandGroup::work},
    Command{"completion", "How does my shell complete all that?", "qwenfit completion bash", run_completion,
            CommandGroup::work},
    Command{"man", "Where is the manual page?", "qwenfit man", run_man, CommandGroup::work},
};

/// The commands of a group with what each answers, in a line each.
std::string listed(CommandGroup group, const report::Style& style) {
  std::string out;
  for (const Command& c : kCommands) {
    if (c.group == group) add_entry(out, std::string(c.name), std::string(c.question), style, kNameColumn);
  }
  return out;
}

/// Ten questions with an example each; then the words that mean the same everywhere, and the other commands.
std::string help(const report::Style& style) {
  const auto strong = [&](std::string_view text) { return paint(text, report::Tone::strong, style); };
  std::string out;
  for (const std::string& line : report::wrap(
           "qwenfit: how much memory does a Qwen model need, does it fit, how fast will it be, and why.",
           style.width))
    out += line + "\n";
  out += fmt::format(
      "\n{} qwenfit COMMAND ...\n       qwenfit MODEL ...    the same as qwenfit estimate MODEL ...\n",
      strong("Usage:"));
  out += fmt::format("\n{}\n", strong("Questions"));
  for (const Command& c : kCommands) {
    if (c.group == CommandGroup::question) out += fmt::format("  {}\n    {}\n", c.question, c.example);
  }
  out += fmt::format("\n{}\n", strong("The same in all of them"));
  for (const auto& [names, text] : kShared) add_entry(out, names, text, style, kSharedColumn);
  out += fmt::format("\n{}\n{}\n{}\n{}", strong("What is known"), listed(CommandGroup::knowledge, style),
                     strong("From answers to work"), listed(CommandGroup::work, style));
  out += fmt::format("\n{}\n", strong("Exit codes"));
  for (const auto& [code, text] : kExitCodes) add_entry(out, code, text, style, kCodeColumn);
  out += "\n`qwenfit COMMAND --help` has the options of a command, and more examples.\n";
  return report::for_locale(std::move(out), style);
}

const Command* find_command(std::string_view name) {
  const auto* const it =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == name; });
  return it == kCommands.end() ? nullptr : it;
}

/// `qwenfit MODEL ...`; where MODEL is none, the word may have been meant as a command.
int run_without_command(const std::vector<std::string>& args) {
  try {
    return run_estimate(args);
  } catch (const Error& e) {
    std::vector<std::string_view> names;
    for (const Command& c : kCommands) names.push_back(c.name);
    const std::string meant = catalog::did_you_mean(args[0], names);
    if (meant.empty() || (e.code() != ErrorCode::unknown_name && e.code() != ErrorCode::usage)) throw;
    throw Error(ErrorCode::usage, fmt::format("unknown command or model '{}'{}", args[0], meant));
  }
}

int dispatch(const std::vector<std::string>& args) {
  const std::string first = args.empty() ? "" : args[0];
  if (first == "help" && args.size() > 1) {
    if (const Command* command = find_command(args[1])) return command->run({"--help"});
  }
  if (args.empty() || first == "--help" || first == "-h" || first == "help") {
    print(help(output_style()));
    return args.empty() ? kInputError : kAnswered;
  }
  if (first == "complete") return run_complete({args.begin() + 1, args.end()});
  if ((first == "--version" || first == "-V") && args.size() > 1 && args[1] == "--json") {
    print(fmt::format("{{\n  \"version\": \"{}\",\n  \"catalog\": \"{}\"\n}}\n", QWENFIT_VERSION,
                      catalog::Catalog::date()));
    return kAnswered;
  }
  if (first == "--version" || first == "-V") {
    print(fmt::format("qwenfit {} (catalog of {})\n", QWENFIT_VERSION, catalog::Catalog::date()));
    return kAnswered;
  }
  const Command* command = find_command(first);
  return command ? command->run({args.begin() + 1, args.end()}) : run_without_command(args);
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace qwenfit::cli

int main(int argc, char** argv) {
  using namespace qwenfit;
  const std::vector<std::string> args(argv + 1, argv + argc);
  try {
    const int code = cli::dispatch(args);
    cli::flush_output();
    return code;
  } catch (const Error& e) {
    cli::complain(e.what() + cli::setting_behind(e, args));
    return exit_code(e.code());
  } catch (const std::exception& e) {
    cli::complain(fmt::format("internal error: {}", e.what()));
    return 70;
  }
}
