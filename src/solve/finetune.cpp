#include "qwenfit/finetune.hpp"

namespace qwenfit {

std::vector<FinetuneOption> compare_finetuning(Estimator& estimator, const Scenario& scenario) {
  std::vector<FinetuneOption> out;
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
      option.estimate = estimator.estimate(asked);
      const engine::Setup& setup = option.estimate.setup;
      const train::Trained trained = train::trained_parameters(setup);
      option.trained = trained.full + trained.adapters;
      out.push_back(std::move(option));
    }
  }
  return out;
}

}  // namespace qwenfit
