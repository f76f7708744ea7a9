#include "qwenfit/finetune.hpp"

namespace qwenfit {

FinetuneAnswer compare_finetuning(Estimator& estimator, const Scenario& scenario) {
  FinetuneAnswer out;
  LeftOutCounter left_out;
  std::optional<Error> refusal;
  Scenario asked = scenario;
  if (!asked.train) asked.train.emplace();
  asked.train->method = "lora";
  const bool several = estimator.resolve(asked).devices.size() > 1;
  const bool fsdp = asked.train->fsdp.value_or(false);
  const bool given = fsdp || asked.train->zero_stage;
  // Stages that are not given are tried; FSDP is none of them.
  const std::vector<int> stages =
      given ? std::vector{asked.train->zero_stage.value_or(0)} : std::vector{0, 2, 3};
  for (const char* method : {"full", "lora", "qlora"}) {
    for (const int zero : stages) {
      // Stage 3 has to gather what QLoRA keeps in 4 bit: it is not offered there.
      if (!given && zero > 0 && (!several || (zero == 3 && std::string_view(method) == "qlora"))) continue;
      asked.train = scenario.train.value_or(Train{});
      asked.train->method = method;
      if (asked.train->method == "full") {  // what is said of adapters is meant for the others
        asked.train->rank.reset();
        asked.train->targets.clear();
      }
      if (!fsdp) asked.train->zero_stage = zero;
      FinetuneOption option;
      option.method = method;
      if (several && !fsdp) option.zero = zero;
      try {
        option.estimate = estimator.estimate(asked);
      } catch (const Error& e) {
        left_out.add(e, method);
        if (!refusal) refusal = e;
        continue;
      }
      const engine::Setup& setup = option.estimate.setup;
      const train::Trained trained = train::trained_parameters(setup);
      option.trained = trained.full + trained.adapters;
      out.options.push_back(std::move(option));
    }
  }
  if (out.options.empty() && refusal) throw Error(*refusal);
  out.left_out = left_out.take();
  return out;
}

}  // namespace qwenfit
