#include "explain.hpp"

#include <fmt/format.h>

#include <cmath>

namespace qwenfit::speed {

void derive(const engine::Setup& setup, const Work& w, const Timed& t, Phase phase,
            std::vector<engine::Step>& steps) {
  const Group& g = find_group(setup, phase);
  const auto ms = [](double seconds) { return units::format_milliseconds(seconds * 1e3); };
  const std::string fitted = "fitted: scripts/fit_speed.py, data/speed/model.json";
  const catalog::Device& first = *setup.devices.front().device;
  const std::string bandwidth =
      fmt::format("bandwidth of {}: {} GB/s", first.name, first.bandwidth_gb_s.value_or(0));
  const auto factor = [&](Share share) {
    const double all =
        share == Share::compute || share == Share::all ? 0 : t.logs[static_cast<std::size_t>(Share::shared)];
    return std::exp(t.logs[static_cast<std::size_t>(share)] + all);
  };
  const std::string cache = fmt::format("{} / {:.2f} x {:.2f}", ms(w.cache_s), g.e_cache,
                                        std::exp(t.logs[static_cast<std::size_t>(Share::memory)] +
                                                 t.logs[static_cast<std::size_t>(Share::cache)]));
  if (t.parts.at_bound)
    steps.push_back(
        {"Reading memory",
         "weights and state / share of bandwidth that is reached at best / factor of what is alike "
         "+ KV cache / share of bandwidth x factor",
         fmt::format("{} / {:.2f} / {:.3f} + {}", ms(w.weights_s + w.state_s / 2), kReachable, t.factor,
                     cache),
         ms(t.parts.memory), bandwidth});
  else
    steps.push_back(
        {"Reading memory",
         "weights and state / share of bandwidth x factor + KV cache / share of bandwidth x factor",
         fmt::format("{} / {:.2f} x {:.2f} + {}", ms(w.weights_s + w.state_s), g.e_memory,
                     factor(Share::memory), cache),
         ms(t.parts.memory), fmt::format("{}; shares {}", bandwidth, fitted)});
  if (t.parts.compute > 0)
    steps.push_back({"Products", "operations at the 16-bit rate / share of it x factor",
                     fmt::format("({} + 2 x {}) / {:.2f} x {:.2f}", ms(w.compute_s), ms(w.attention_s),
                                 g.e_compute, factor(Share::compute)),
                     ms(t.parts.compute), fitted});
  steps.push_back({"Launches", "kernels x cost of one x factor",
                   fmt::format("{:.0f} x {} x {:.2f}", w.kernels, ms(g.launch_s), factor(Share::latency)),
                   ms(t.parts.latency), fitted});
  if (t.parts.interconnect > 0)
    steps.push_back({"Exchange between devices", "(all-reduces x cost of one + bytes / link) x factor",
                     fmt::format("({:.0f} x {} + {} / {:.2f}) x {:.2f}", w.reductions + w.bus_reductions,
                                 ms(w.bus_reductions > 0 ? g.bus_sync_s : g.sync_s), ms(w.reduced_s),
                                 g.e_link, factor(Share::interconnect)),
                     ms(t.parts.interconnect), fitted});
  if (t.parts.host > 0)
    steps.push_back(
        {"Host memory",
         "(bytes on the host / share of its bandwidth + switches and operators x cost of one) x factor",
         fmt::format("({} / {:.2f} + {:.0f} x {} + {:.0f} x {}) x {:.2f}", ms(w.host_s), g.e_host,
                     w.host_switches, ms(g.switch_s), w.host_kernels, ms(g.host_launch_s),
                     factor(Share::host)),
         ms(t.parts.host), fitted});
  if (t.parts.prompts > 0) {
    const char* where =
        w.mixed > 0 ? "of the steps with a prompt, beside their own products" : "passes between the steps";
    steps.push_back({"Prompts of the others",
                     fmt::format("operations of their prompts, over the steps of an output / share of the "
                                 "16-bit rate + kernels x cost of one; {}",
                                 where),
                     fmt::format("{} / {:.2f} + {:.1f} x {}", ms(w.prompts_s), g.e_prompts, w.prompt_kernels,
                                 ms(g.prompt_launch_s)),
                     ms(t.parts.prompts + t.parts.prompt_launches), fitted});
  }
  steps.push_back(
      {phase == Phase::decode ? "Decode step" : "Prompt",
       "(memory^4 + products^4)^(1/4) + launches + exchange + host + prompts, x factor of what is alike",
       fmt::format("{} x {:.3f}", ms(t.parts.sum()), t.factor), ms(t.seconds), fitted});
}

}  // namespace qwenfit::speed
