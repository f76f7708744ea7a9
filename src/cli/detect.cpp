// qwenfit detect: what hardware this machine has, and what the catalog knows of it.
#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/machine.hpp"
#include "report/machine.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {

int run_detect(const std::vector<std::string>& args) {
  CLI::App app(
      "What hardware this machine has: graphics cards, processor, memory, and which entries of the catalog "
      "they "
      "are. Nothing leaves the machine.",
      "qwenfit detect");
  bool measure = false;
  std::string folder;
  CommonOptions common;
  app.add_flag("--measure", measure, "measures the memory bandwidth of the processor, which takes a second");
  app.add_option(
         "--from", folder,
         "a folder with what the tools of another machine printed (docs/detect.md), instead of this machine")
      ->type_name("DIR");
  add_common_options(app, common);
  add_examples(app, {{"What is here?", "qwenfit detect"},
                     {"How fast is the memory?", "qwenfit detect --measure"},
                     {"In a script", "qwenfit detect --json"}});
  if (!parse(app, args)) return kAnswered;
  if (measure && !folder.empty())
    throw Error(ErrorCode::usage, "--measure measures this machine, not one from a folder");
  const catalog::Catalog catalog = open_catalog(common);
  const auto source = folder.empty() ? machine::this_machine() : machine::recorded_machine(folder);
  machine::Machine found = machine::detect(catalog, *source);
  if (measure) measure_memory(*source, found);
  else if (folder.empty()) found.memory.measured_gb_s = remembered_bandwidth(found);
  print(report::render(report::machine_sections(found), common.form(), output_style()));
  return kAnswered;
}

}  // namespace qwenfit::cli
