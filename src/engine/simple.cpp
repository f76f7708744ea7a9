// Engines without a rule set of their own: weights spread evenly, exact caches, a fixed runtime reserve.
#include <algorithm>

#include "rules.hpp"

namespace qwenfit::engine {
namespace {

class Simple : public Rules {
 public:
  void fill_defaults(Setup& setup) const override {
    if (setup.context == 0) setup.context = std::min<std::int64_t>(setup.model->context.native, 8192);
  }

  MemoryPlan plan(const Setup& setup, std::vector<Step>*) const override {
    MemoryPlan plan;
    const auto n = static_cast<std::int64_t>(std::max<std::size_t>(setup.devices.size(), 1));
    const std::int64_t tokens = setup.context * setup.concurrency;
    const Bytes kv =
        model::kv_elements_per_token(*setup.model) * setup.kv_type->bytes / setup.kv_type->block * tokens;
    const model::RecurrentState state = model::recurrent_state(*setup.model);
    const Bytes recurrent = (state.conv_elements + state.state_elements) * 4 * setup.concurrency;
    plan.devices.resize(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < plan.devices.size(); ++i) {
      DeviceMemory& d = plan.devices[i];
      d.weights = setup.weights->total() / n;
      d.kv_cache = kv / n;
      d.recurrent_state = recurrent / n;
      d.runtime = units::mib(300);
      if (i < setup.devices.size()) {
        d.capacity = device_capacity(setup.devices[i]);
        d.usable = device_usable(setup.devices[i], setup.backend);
      }
    }
    plan.layers.resize(static_cast<std::size_t>(setup.model->geometry.layers));
    return plan;
  }
};

}  // namespace

const Rules& simple_rules() {
  static const Simple rules;
  return rules;
}

}  // namespace qwenfit::engine
