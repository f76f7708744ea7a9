#include "qwenfit/cost.hpp"

#include <fmt/format.h>

#include <cmath>

#include "qwenfit/error.hpp"
#include "qwenfit/left_out.hpp"

namespace qwenfit {
namespace {

[[noreturn]] void no_cost(const Estimate& e, const Scenario& scenario) {
  if (e.setup.devices.empty())
    throw Error(ErrorCode::usage, "a cost needs a device: --device, or --tok-s and --usd-per-hour");
  const catalog::Device& device = *e.setup.devices.front().device;
  if (!e.cost)
    throw Error(ErrorCode::undecidable, fmt::format("no price of {} is known: give {}", device.name,
                                                    scenario.usd_per_kwh && !device.tdp_w
                                                        ? "--usd-per-hour, its power is not known either"
                                                        : "--usd-per-hour or --usd-per-kwh"));
  if (e.speed)
    throw Error(ErrorCode::undecidable,
                fmt::format("{} only reads: there are no output tokens to pay for", e.setup.model->name));
  throw Error(ErrorCode::undecidable, fmt::format("the speed of {} on {} is not known: give --tok-s",
                                                  e.setup.model->name, device.name));
}

}  // namespace

std::vector<CostAt> cost_by_concurrency(Estimator& estimator, const Scenario& scenario) {
  std::vector<CostAt> out;
  const std::int64_t first = scenario.concurrency.value_or(1);
  const std::int64_t last = scenario.concurrency.value_or(256);
  for (std::int64_t concurrency = first; concurrency <= last; concurrency *= 4) {
    Scenario one = scenario;
    one.concurrency = concurrency;
    const Estimate e = estimator.estimate(one);
    if (!e.setup.devices.empty() && !e.fit.fits) {
      if (out.empty())
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} does not fit: {}", e.setup.model->name, e.fit.reason));
      break;
    }
    // More sequences that push a part to the host are no cheaper way.
    if (e.fit.verdict == Verdict::offload && !out.empty()) break;
    if (!e.cost || !e.cost->usd_per_million_output_tokens) no_cost(e, scenario);
    out.push_back({concurrency, e.speed->decode_tok_s_total.value, e.speed->decode_tok_s.value,
                   scenario.utilization.value_or(1), *e.cost, std::nullopt});
    if (scenario.require.any()) out.back().unmet = unmet_requirement(e);
  }
  return out;
}

CostAt cost_at_speed(const Scenario& scenario, double tok_s) {
  constexpr double kFastest = 1e9;
  if (!(tok_s > 0 && tok_s <= kFastest))
    throw Error(
        ErrorCode::invalid_value,
        fmt::format("tok_s: {} is not a number of tokens a second, above 0 and up to a billion", tok_s));
  if (!scenario.usd_per_hour) throw Error(ErrorCode::usage, "--tok-s needs a price: --usd-per-hour");
  CostAt out;
  out.tok_s = tok_s;
  out.utilization = scenario.utilization.value_or(1);
  out.cost.usd_per_hour = scenario.usd_per_hour;
  out.cost.price_source = "as given";
  out.cost.usd_per_million_output_tokens =
      usd_per_million_tokens(*scenario.usd_per_hour, 0, tok_s, out.utilization);
  return out;
}

}  // namespace qwenfit
