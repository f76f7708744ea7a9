// What an hour and a million tokens cost: rented devices by the hour, owned ones by their electricity.
#include "answers.hpp"

namespace qwenfit {
namespace {

/// The price of the catalog for all devices together; false where one has none.
bool add_rent(const std::vector<engine::DeviceSlot>& devices, Cost& cost) {
  double sum = 0;
  for (const engine::DeviceSlot& slot : devices) {
    const auto& price = slot.device->cloud_usd_per_hour;
    if (!price || !price->typical) return false;
    sum += *price->typical;
    cost.price_source = std::string(price->source);
    cost.price_date = std::string(price->date);
  }
  if (devices.empty()) return false;
  cost.usd_per_hour = sum;
  return true;
}

/// Electricity at the power that the data sheets give; false where one gives none.
bool add_electricity(const std::vector<engine::DeviceSlot>& devices, double usd_per_kwh, Cost& cost) {
  double watts = 0;
  for (const engine::DeviceSlot& slot : devices) {
    if (!slot.device->tdp_w) return false;
    watts += *slot.device->tdp_w;
  }
  if (devices.empty()) return false;
  cost.watts = watts;
  cost.electricity_usd_per_hour = watts / 1000 * usd_per_kwh;
  return true;
}

}  // namespace

double usd_per_million_tokens(double usd_per_hour, double electricity_usd_per_hour, double tok_s,
                              double utilization) {
  return (usd_per_hour / utilization + electricity_usd_per_hour) / (tok_s * 3600) * 1e6;
}

std::optional<Cost> cost_of(const Scenario& scenario, const Estimate& e) {
  Cost cost;
  const bool owned = scenario.usd_per_kwh && add_electricity(e.setup.devices, *scenario.usd_per_kwh, cost);
  if (scenario.usd_per_hour) {
    cost.usd_per_hour = *scenario.usd_per_hour;
    cost.price_source = "as given";
  } else if (owned) {
    cost.price_source = "electricity as given";
  } else if (!add_rent(e.setup.devices, cost)) {
    return std::nullopt;
  }
  const double share = scenario.utilization.value_or(1.0);
  const auto per_million = [&](double tok_s) -> std::optional<double> {
    if (tok_s <= 0 || share <= 0) return std::nullopt;
    return usd_per_million_tokens(cost.usd_per_hour.value_or(0), cost.electricity_usd_per_hour.value_or(0),
                                  tok_s, share);
  };
  if (e.speed) {
    cost.usd_per_million_output_tokens = per_million(e.speed->decode_tok_s_total.value);
    cost.usd_per_million_input_tokens = per_million(e.speed->prefill_tok_s.value);
  }
  return cost;
}

}  // namespace qwenfit
