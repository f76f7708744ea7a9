#include "qwenfit/runs.hpp"

#include <algorithm>
#include <utility>

namespace qwenfit {

std::string_view run_group_name(RunGroup group) {
  switch (group) {
    case RunGroup::great: return "runs-great";
    case RunGroup::well: return "runs-well";
    case RunGroup::tight: return "tight";
    case RunGroup::offload: return "with-offload";
    case RunGroup::no: return "will-not-run";
  }
  return "?";
}

Run run_of(const Estimate& e) {
  Run run;
  run.verdict = e.fit.verdict;
  run.engine = std::string(e.setup.engine->id);
  run.format = e.setup.weights->format;
  // Devices that an engine leaves idle hold nothing, and are no device with little room.
  const auto tightest = std::min_element(e.memory.devices.begin(), e.memory.devices.end(),
                                         [](const engine::DeviceMemory& a, const engine::DeviceMemory& b) {
                                           return std::pair(a.total() == 0, a.headroom()) <
                                                  std::pair(b.total() == 0, b.headroom());
                                         });
  if (tightest != e.memory.devices.end()) {
    run.needs = tightest->total();
    run.usable = tightest->usable;
  }
  run.host = e.memory.host.total();
  // Where the device's part has room it is the host that lacks it: all of it is what is needed.
  if (!e.fit.fits && !e.memory.refusal && run.needs > 0 && run.needs <= run.usable) run.needs += run.host;
  run.max_context = e.fit.max_context;
  run.reason = e.fit.reason;
  if (e.fit.fits) run.speed = e.speed;
  const bool slow =
      run.speed && run.speed->decode_tok_s.value > 0 && run.speed->decode_tok_s.value < kReadingSpeed;
  switch (e.fit.verdict) {
    case Verdict::comfortable: run.group = slow ? RunGroup::well : RunGroup::great; break;
    case Verdict::fits: run.group = RunGroup::well; break;
    case Verdict::tight: run.group = RunGroup::tight; break;
    case Verdict::offload: run.group = RunGroup::offload; break;
    case Verdict::does_not_fit:
    case Verdict::unknown: run.group = RunGroup::no; break;
  }
  return run;
}

}  // namespace qwenfit
