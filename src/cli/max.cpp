// qwenfit max MODEL --what W: the most that fits.
#include <fmt/format.h>

#include "command.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/limits.hpp"
#include "report/questions.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {

int run_max(const std::vector<std::string>& args) {
  CLI::App app(
      "The most that fits: the longest context, the most sequences, the largest format, the most layers, the "
      "smallest device. One more would not fit.",
      "qwenfit max");
  Scenario scenario;
  CommonOptions common;
  std::string what = "context";
  std::string order = "memory";
  app.add_option("model", scenario.model, "catalog id, Hugging Face id, Ollama tag, GGUF file name or a path")
      ->required();
  app.add_option("--what", what, "context, concurrency, tokens, layers, format or device")
      ->type_name("LIMIT");
  app.add_option("--sort", order, "of devices: memory (the smallest) or price (the cheapest)")
      ->type_name("ORDER");
  add_scenario_options(app, args, scenario, {"train", "explain"});
  add_common_options(app, common);
  add_calibration_option(app, common);
  add_examples(
      app,
      {{"How long a context?", "qwenfit max qwen3-8b -d rtx-3060-12gb"},
       {"How many users of 4k tokens each?",
        "qwenfit max qwen3-8b -e vllm -f fp8 -d l40s -c 4k --what concurrency"},
       {"Which format at 16k tokens?", "qwenfit max qwen3-14b -d 'RTX 4080' -c 16k --what format"},
       {"How many layers on the card?", "qwenfit max qwen3-32b -f q4_k_m -d rtx-3060-12gb --what layers"},
       {"The cheapest device that decodes 40 tok/s",
        "qwenfit max qwen3-8b -f q4_k_m --what device --sort price --require decode=40"}});
  if (!parse(app, args)) return kAnswered;
  const Limit limit = parse_limit(what);
  const auto looked_for = [&](Limit l, bool given, const char* option) {
    if (limit == l && given)
      throw Error(ErrorCode::usage, fmt::format("--what {} looks for it: leave {} out", what, option));
  };
  looked_for(Limit::context, scenario.context.has_value(), "--context");
  looked_for(Limit::concurrency, scenario.concurrency.has_value(), "--concurrency");
  looked_for(Limit::format, scenario.format.has_value(), "--format");
  looked_for(Limit::device, !scenario.devices.empty(), "--device");
  looked_for(Limit::layers, scenario.gpu_layers.has_value(), "--gpu-layers");
  const DeviceOrder device_order = parse_device_order(order);
  if (device_order == DeviceOrder::speed)
    throw Error(ErrorCode::invalid_value, "sort: 'speed': the least of the devices is by memory or price");
  if (limit != Limit::device) apply_defaults(scenario);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::read, surroundings(catalog, common));
  const LimitAnswer answer = find_limit(estimator, scenario, limit, device_order);
  print(report::render(report::limit_card(answer), common.form(), output_style()));
  return answer.value || !answer.name.empty() ? kAnswered : kRequirementNotMet;
}

}  // namespace qwenfit::cli
