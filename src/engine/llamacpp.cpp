// llama.cpp's programs: defaults, what they choose by themselves, notes.
#include <fmt/format.h>

#include <algorithm>

#include "llamacpp_plan.hpp"
#include "qwenfit/error.hpp"
#include "rules.hpp"
#include "serving.hpp"

namespace qwenfit::engine {
namespace llamacpp {
namespace {

/// Free memory that --fit leaves on each card (common.h: fit_params_target).
constexpr Bytes kFitMargin = Bytes{1024} * units::kMiB;

class Llama : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    LlamaOptions& l = setup.llama;
    if (setup.context == 0) setup.context = std::min<std::int64_t>(setup.model->context.native, 8192);
    l.slots_follow = !l.parallel_slots && !l.kv_unified;
    const Slots slots = slots_of(setup, version_of(setup));
    if (l.slots_follow || !l.parallel_slots) l.parallel_slots = static_cast<int>(slots.count);
    l.kv_unified = slots.unified;
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>*) const override {
    const Job job = job_of(setup);
    MemoryPlan plan = plan_with(job, asked_arrangement(job));
    const bool chooses =
        !setup.llama.gpu_layers && setup.llama.cpu_moe_layers == 0 && job.gpus > 0 && !setup.devices.empty();
    if (!chooses || leaves_free(plan, 0)) return plan;
    return plan_with(job, fitted_arrangement(job, job.version.fits_layers ? kFitMargin : 0));
  }
};

}  // namespace
}  // namespace llamacpp

const Rules& llamacpp_rules() {
  static const llamacpp::Llama rules;
  return rules;
}

}  // namespace qwenfit::engine
