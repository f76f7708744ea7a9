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
  for (const char* method : {"full", "lora", "qlora"}) {
    for (const int zero : {0, 2, 3}) {
      // Stage 3 has to gather what QLoRA keeps in 4 bit: it is not offered there.
      if (zero > 0 && (!several || (zero == 3 && std::string_view(method) == "qlora"))) continue;
      asked.train->method = method;
      asked.train->zero_stage = zero;
      FinetuneOption option;
      option.method = method;
      if (several) option.zero = zero;
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
