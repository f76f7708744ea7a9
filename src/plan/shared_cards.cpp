#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "judgement.hpp"
#include "remedies.hpp"

namespace qwenfit::plan {

void shared_cards(Report& report, Estimator& estimator) {
  std::map<std::pair<std::string, std::string>, std::vector<Deployment*>> users;
  for (Deployment& d : report.deployments) {
    if (d.kind != "compose service" || (d.engine != "vllm" && d.engine != "sglang")) continue;
    std::string_view ids = d.gpu_ids;
    while (!ids.empty()) {
      const auto comma = std::min(ids.find(','), ids.size());
      users[{d.file, std::string(ids.substr(0, comma))}].push_back(&d);
      ids.remove_prefix(std::min(comma + 1, ids.size()));
    }
  }
  for (auto& [card, list] : users) {
    double share = 0;
    std::string names;
    for (const Deployment* d : list) {
      // 0.9 is vLLM's own default, and near SGLang's.
      share += d->scenario.gpu_memory_utilization.value_or(d->scenario.mem_fraction_static.value_or(0.9));
      names += (names.empty() ? "" : ", ") + d->name;
    }
    if (list.size() < 2 || share <= 1) continue;
    Deployment& last = *list.back();
    const bool told = std::any_of(last.findings.begin(), last.findings.end(),
                                  [](const Finding& f) { return f.id == "card-shared"; });
    if (told) continue;
    Finding f;
    f.id = "card-shared";
    f.severity = Severity::warning;
    f.line = last.gpu_line > 0 ? last.gpu_line : last.line;
    f.message = fmt::format("{} share card {} and take {:.2f} of it together", names, card.second, share);
    const double each = std::floor(90.0 / static_cast<double>(list.size())) / 100;
    const auto with_share = [&](const Deployment& d) {
      Scenario s = d.scenario;
      (d.engine == "vllm" ? s.gpu_memory_utilization : s.mem_fraction_static) = each;
      return if_it_runs(
          d, estimator,
          fmt::format("{} {:.2f} fits in each of them",
                      flag_of(d, d.engine == "vllm" ? "gpu_memory_utilization" : "mem_fraction_static"),
                      each),
          s);
    };
    if (std::all_of(list.begin(), list.end(), [&](const Deployment* d) { return !with_share(*d).empty(); }))
      f.remedies = with_share(last);
    last.findings.push_back(std::move(f));
  }
}

}  // namespace qwenfit::plan
