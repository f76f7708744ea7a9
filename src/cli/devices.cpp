// qwenfit devices MODEL: which devices run it.
#include "qwenfit/devices.hpp"

#include <limits>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "report/questions.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

constexpr std::size_t kRowsOfGroup = 8;

}  // namespace

int run_devices(const std::vector<std::string>& args) {
  CLI::App app(
      "Which devices run a model: graphics cards, laptops, unified-memory machines, Macs, CPUs, servers; "
      "from "
      "those that run it great to those that don't.",
      "qwenfit devices");
  Scenario scenario;
  CommonOptions common;
  std::vector<std::string> kinds;
  std::string order = "memory";
  bool all = false;
  app.add_option("model", scenario.model, "catalog id, Hugging Face id, Ollama tag, GGUF file name or a path")
      ->required();
  app.add_option("--class", kinds, "gpu, laptop, unified, mac, cpu or server; several with commas")
      ->type_name("CLASS")
      ->delimiter(',')
      ->expected(1)
      ->take_all();
  app.add_option("--sort", order, "within a group: memory (smallest first), price (cheapest first) or speed")
      ->type_name("ORDER");
  app.add_flag("--all", all, "all devices of each group, not the first only");
  add_scenario_options(
      app, args, scenario,
      {{"device", "it tries all devices; --class picks among them, `qwenfit estimate` takes one"},
       "device_count",
       "train",
       "explain"});
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(app, {{"What runs an 8B model?", "qwenfit devices qwen3-8b"},
                     {"Does it run on a Mac?", "qwenfit devices qwen2.5-0.5b --class mac --sort memory"},
                     {"The cheapest card for a 32B model at 32k tokens",
                      "qwenfit devices qwen3-32b -f q4_k_m -c 32k --class gpu --sort price"},
                     {"Servers for vLLM, as a table for a spreadsheet",
                      "qwenfit devices qwen3-235b-a22b -e vllm -f fp8 --class server --csv"}});
  if (!parse(app, args)) return kAnswered;
  DevicesQuestion question;
  for (const std::string& kind : kinds) question.kinds.push_back(parse_device_kind(kind));
  question.order = parse_device_order(order);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::read, surroundings(catalog, common));
  const DevicesAnswer answer = compare_devices(estimator, scenario, question);
  const std::size_t most = all ? std::numeric_limits<std::size_t>::max() : kRowsOfGroup;
  print(report::render(answer, common.form(), output_style(), most));
  return answer.runs.empty() && scenario.require.any() ? kRequirementNotMet : kAnswered;
}

}  // namespace qwenfit::cli
