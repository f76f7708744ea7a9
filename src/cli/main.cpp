#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

#include "catalog/nearest.hpp"
#include "command.hpp"
#include "output.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::cli {
namespace {

constexpr std::array kCommands{
    Command{"estimate", "How much memory, does it fit, how fast, and why?",
            "qwenfit estimate qwen3-8b --device rtx-4090", run_estimate},
    Command{"quants", "Which weight format?", "qwenfit quants qwen2.5-0.5b --method quick", run_quants},
    Command{"devices", "Which devices run it?", "qwenfit devices qwen3-8b --class gpu,mac", run_devices},
    Command{"models", "What runs on my machine?", "qwenfit models --device rtx-3060-12gb", run_models},
    Command{"max", "How long a context, how many users, which format at most?",
            "qwenfit max qwen3-8b -d rtx-3060-12gb --what context", run_max},
    Command{"list", "Which models, devices, formats and engines are known?", "qwenfit list models coder",
            run_list},
    Command{"show", "What is it?", "qwenfit show qwen3-30b-a3b", run_show},
    Command{"inspect", "What is in this model file?",
            "echo '{\"model_type\": \"qwen3\"}' > config.json && qwenfit inspect config.json", run_inspect},
    Command{"detect", "What hardware is in this machine?", "qwenfit detect", run_detect},
    Command{"catalog", "Are my own entries good?",
            "echo '{\"devices\": []}' > my.json && qwenfit catalog check my.json", run_catalog},
    Command{"finetune", "How much memory does fine-tuning take?",
            "qwenfit finetune qwen3-8b --device rtx-4090", run_finetune},
    Command{"compare", "Which of these?", "qwenfit compare qwen2.5-0.5b-instruct qwen3-0.6b", run_compare},
    Command{"recommend", "Which model for my purpose and my device?",
            "qwenfit recommend --for code -d rtx-4090", run_recommend},
    Command{"cost", "What does a million tokens cost?", "qwenfit cost qwen3-32b -f fp8 -e vllm -d h100",
            run_cost},
    Command{"command", "How is exactly that started?", "qwenfit command qwen3-8b -d rtx-4090 -c 16k",
            run_command},
    Command{"sweep", "A whole grid of them, for a plot or a table?",
            "qwenfit sweep qwen3-8b -d rtx-4090 --context 4k..64k --format q4_k_m,q8_0", run_sweep},
    Command{"batch", "The same for thousands of scenarios, as JSON lines?",
            "echo '{\"model\": \"qwen3-8b\", \"device\": \"rtx-4090\"}' | qwenfit batch", run_batch},
    Command{"check", "Would these deployment files work?",
            "qwenfit check -d h100:2 -- vllm serve Qwen/Qwen3-32B -tp 2 --max-model-len 32768", run_check},
    Command{"plan", "How do these files look as a plan of qwenfit's own?",
            "echo 'vllm serve Qwen/Qwen3-8B' | qwenfit plan init - -d rtx-4090", run_plan},
    Command{"validate", "How far are the estimates from public measurements?", "qwenfit validate memory",
            run_validate},
    Command{"completion", "How does my shell complete all that?", "qwenfit completion bash", run_completion},
    Command{"man", "Where is the manual page?", "qwenfit man", run_man},
};

std::string help(const report::Style& style) {
  const auto strong = [&](std::string_view text) { return paint(text, report::Tone::strong, style); };
  std::string out;
  for (const std::string& line : report::wrap(
           "qwenfit: how much memory does a Qwen model need, does it fit, how fast will it be, and why.",
           style.width))
    out += line + "\n";
  out += fmt::format(
      "\n{} qwenfit COMMAND ...\n       qwenfit MODEL [--device DEVICE] ...   is estimate\n\n{}\n",
      strong("Usage:"), strong("Commands"));
  for (const Command& c : kCommands)
    out += fmt::format("  {} {}\n            {}\n", strong(report::pad(c.name, 9)), c.question, c.example);
  out += fmt::format("\n{}\n", strong("Exit codes"));
  out +=
      "  0  an answer was given\n  1  a requirement is not met\n  2  the command line or the input is wrong\n"
      "  3  it can't be decided: an unknown device, a figure that nobody knows\n\n";
  return out + "`qwenfit COMMAND --help` has the options of a command, and more examples.\n";
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
  try {
    const int code = cli::dispatch({argv + 1, argv + argc});
    cli::flush_output();
    return code;
  } catch (const Error& e) {
    cli::complain(e.what());
    return exit_code(e.code());
  } catch (const std::exception& e) {
    cli::complain(fmt::format("internal error: {}", e.what()));
    return 70;
  }
}
