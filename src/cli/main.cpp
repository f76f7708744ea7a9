#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <exception>

#include "catalog/nearest.hpp"
#include "command.hpp"
#include "output.hpp"
#include "qwenfit/catalog.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::cli {
namespace {

constexpr std::array kCommands{
    Command{"estimate", "memory, fit and speed of one model", run_estimate},
    Command{"quants", "the weight formats of a model side by side", run_quants},
    Command{"batch", "one scenario a line in, one estimate a line out", run_batch},
    Command{"validate", "the estimates against public measurements", run_validate},
};

std::string help() {
  std::string out =
      "qwenfit: how much memory does a Qwen model need, does it fit, how fast will it be, and why.\n\n"
      "Usage: qwenfit COMMAND ...\n       qwenfit MODEL [--device DEVICE] ...   (the same as "
      "estimate)\n\nCommands:\n";
  for (const Command& c : kCommands) out += fmt::format("  {:<12} {}\n", c.name, c.summary);
  return out + "\n`qwenfit COMMAND --help` says more.\n";
}

int dispatch(const std::vector<std::string>& args) {
  if (args.empty() || args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
    print(help());
    return args.empty() ? kInputError : kAnswered;
  }
  if (args[0] == "--version") {
    print(fmt::format("qwenfit {} (catalog of {})\n", QWENFIT_VERSION, catalog::Catalog::date()));
    return kAnswered;
  }
  for (const Command& command : kCommands) {
    if (command.name == args[0]) return command.run({args.begin() + 1, args.end()});
  }
  return run_estimate(args);
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
    std::fflush(stdout);
    fmt::print(stderr, "qwenfit: {}\n", report::printable(e.what()));
    return exit_code(e.code());
  } catch (const std::exception& e) {
    fmt::print(stderr, "qwenfit: internal error: {}\n", report::printable(e.what()));
    return 70;
  }
}
