// qwenfit finetune MODEL: the memory of training, one method in full or all of them side by side.
#include "qwenfit/finetune.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "estimate_output.hpp"
#include "help.hpp"
#include "options.hpp"
#include "output.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/units.hpp"
#include "settings.hpp"
#include "surroundings.hpp"

namespace qwenfit::cli {
namespace {

/// Options in the words of the training frameworks; they end in Scenario::train.
struct TrainOptions {
  std::string sequence;
  bool checkpointing = true;
  bool fsdp = false;
};

void add_train_options(CLI::App& app, Train& train, TrainOptions& options) {
  const auto add = [&](auto* option) { option->group("Training"); };
  add(app.add_option("--method", train.method, "full, lora or qlora; none: all side by side")
          ->type_name("METHOD")
          ->check(one_of({"full", "lora", "qlora"})));
  add(app.add_option("--rank", train.rank, "of the LoRA adapters: 8; 64 for Qwen v1, as in its scripts")
          ->type_name("N"));
  add(app.add_option("--targets", train.targets, "all-linear, attention, mlp, embeddings, or modules by name")
          ->type_name("LIST"));
  add(app.add_option("--sequence,-c,--context", options.sequence, "tokens in a sequence: 2,048")
          ->type_name("TOKENS"));
  add(app.add_option("--batch,-u,--concurrency", train.batch, "sequences a device and step: 1")
          ->type_name("N"));
  add(app.add_option("--optimizer", train.optimizer, "adamw, adamw_8bit, lion, muon, adafactor, sgd ...")
          ->type_name("NAME"));
  add(app.add_flag("--checkpointing,!--no-checkpointing", options.checkpointing,
                   "recompute activations in the backward pass (on)"));
  add(app.add_option("--zero", train.zero_stage, "ZeRO stage: 0 to 3")
          ->type_name("STAGE")
          ->check(one_of({"0", "1", "2", "3"})));
  add(app.add_flag("--fsdp", options.fsdp, "weights, gradients and states cut over the devices"));
}

}  // namespace

int run_finetune(const std::vector<std::string>& args) {
  CLI::App app("How much memory does fine-tuning take, and what fits on a card.", "qwenfit finetune");
  Scenario scenario;
  CommonOptions common;
  Train train;
  TrainOptions options;
  app.add_option("model", scenario.model, "catalog id, Hugging Face id or a path")->required();
  add_train_options(app, train, options);
  add_scenario_options(
      app, args, scenario,
      {"train", "method", "context", "concurrency", "prompt_tokens", "output_tokens", "batch"});
  add_common_options(app, common);
  add_examples(
      app,
      {{"What fits on a card?", "qwenfit finetune qwen3-8b --device rtx-4090"},
       {"QLoRA in detail", "qwenfit finetune qwen2.5-14b --method qlora --rank 16 --sequence 4k -d rtx-4090"},
       {"Long samples, and only what fits",
        "qwenfit finetune qwen3-8b -d 'A100 80GB' --context 8k --require fits"},
       {"All weights on eight cards", "qwenfit finetune qwen3-8b --method full --zero 3 -d 8xh100"},
       {"Where does each figure come from?",
        "qwenfit finetune qwen-7b-chat --method qlora -f gptq-int4 --explain"}});
  if (!parse(app, args)) return kAnswered;
  if (!options.sequence.empty()) {
    train.sequence = units::parse_count(options.sequence);
    if (!train.sequence)
      throw Error(ErrorCode::invalid_value,
                  fmt::format("--sequence: '{}' is not a number of tokens", options.sequence));
  }
  if (app.count("--checkpointing") > 0) train.gradient_checkpointing = options.checkpointing;
  if (options.fsdp) train.fsdp = true;

  apply_defaults(scenario);
  const catalog::Catalog catalog = open_catalog(common);
  Estimator estimator(catalog, ModelFiles::read, surroundings(catalog));
  scenario.train = train;
  if (train.method.empty()) {
    const FinetuneAnswer answer = compare_finetuning(estimator, scenario);
    print(report::render(report::finetune_table(answer), common.form(), output_style()));
    const bool none = std::none_of(answer.options.begin(), answer.options.end(), [](const FinetuneOption& o) {
      return requirements_met(o.estimate).value_or(false);
    });
    return none && scenario.require.any() ? kRequirementNotMet : kAnswered;
  }
  const Estimate estimate = estimator.estimate(scenario);
  print(render(estimate, common.form()));
  const auto met = requirements_met(estimate);
  return met == false ? kRequirementNotMet : !met ? kUndecided : kAnswered;
}

}  // namespace qwenfit::cli
