#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "qwenfit/error.hpp"
#include "qwenfit/measure.hpp"
#include "report/report.hpp"
#include "speed_traits.hpp"

namespace qwenfit::measure {
namespace {

using nlohmann::json;

/// Figures that sources report and the contract leaves to the reader: made of the contract's own figures,
/// with their intervals.
struct Composed {
  double value;
  std::optional<double> low, high;
};

/// "@kv_and_state/0", "@kv_and_state/host": engines that print one figure for both.
std::optional<Composed> kv_and_state(const std::string& name, const Estimate& e) {
  const std::string where = name.substr(name.find('/') + 1);
  Bytes sum = 0;
  if (where == "host") {
    sum = e.memory.host.kv_cache + e.memory.host.recurrent_state;
  } else {
    const auto device = static_cast<std::size_t>(std::stoul(where));
    if (device >= e.memory.devices.size()) return std::nullopt;
    sum = e.memory.devices[device].kv_cache + e.memory.devices[device].recurrent_state;
  }
  return Composed{static_cast<double>(sum), std::nullopt, std::nullopt};
}

std::optional<Composed> composed(const std::string& name, const Estimate& e) {
  if (name.starts_with("@kv_and_state/")) return kv_and_state(name, e);
  if (!e.speed) return std::nullopt;
  const speed::Speed& s = *e.speed;
  const auto output = static_cast<double>(e.setup.output_tokens);
  const auto prompt = static_cast<double>(e.setup.prompt_tokens);
  const auto streams = static_cast<double>(e.setup.concurrency);
  // Milliseconds from request to last token at one end of the intervals.
  const auto total = [&](double ttft, double itl) { return ttft + itl * std::max(0.0, output - 1); };
  const double middle = total(s.ttft_ms.value, s.itl_ms.value);
  const double fast = total(s.ttft_ms.low, s.itl_ms.low);
  const double slow = total(s.ttft_ms.high, s.itl_ms.high);
  if (!(middle > 0)) return std::nullopt;
  const auto rate = [&](double tokens) {
    return Composed{tokens * 1e3 / middle, tokens * 1e3 / slow, tokens * 1e3 / fast};
  };
  if (name == "@e2e_gen_tok_s") return rate(streams * output);  // generated / (prefill + decode)
  if (name == "@e2e_gen_tok_s_per_stream") return rate(output);
  if (name == "@e2e_total_tok_s") return rate(streams * (prompt + output));  // (prompt + generated) / time
  throw Error(ErrorCode::bad_input, fmt::format("unknown composed quantity '{}'", name));
}

std::optional<double> number_at(const json& estimate, const std::string& pointer) {
  const json::json_pointer p(pointer);
  if (!estimate.contains(p)) return std::nullopt;
  const json& value = estimate.at(p);
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  return value.is_number() ? std::optional<double>(value.get<double>()) : std::nullopt;
}

/// Zero is written as absence in the contract: only under an object that is there.
std::optional<double> absent_as_zero(const json& estimate, const std::string& pointer) {
  const json::json_pointer parent = json::json_pointer(pointer).parent_pointer();
  const bool memory = pointer.starts_with("/memory/") || pointer.starts_with("/train/");
  return memory && estimate.contains(parent) ? std::optional<double>(0.0) : std::nullopt;
}

std::optional<Comparison> compare_one(const Row& row, const Quantity& q, const Estimate& e,
                                      const json& contract) {
  Comparison c{&row, &q, std::string(e.setup.engine->id), 0, std::nullopt, std::nullopt};
  if (q.name.starts_with("@")) {
    const auto figure = composed(q.name, e);
    if (!figure) return std::nullopt;
    c.estimated = figure->value;
    c.low = figure->low;
    c.high = figure->high;
    return c;
  }
  auto value = number_at(contract, q.name);
  if (!value) value = absent_as_zero(contract, q.name);
  if (!value) return std::nullopt;
  c.estimated = *value;
  if (q.name.ends_with("/value")) {
    const std::string figure = q.name.substr(0, q.name.size() - 6);
    c.low = number_at(contract, figure + "/low");
    c.high = number_at(contract, figure + "/high");
  }
  return c;
}

}  // namespace

double Comparison::error() const {
  if (quantity->value == 0) return estimated == 0 ? 0 : 1;
  return estimated / quantity->value - 1;
}

bool Comparison::equal() const {
  // A tiny relative allowance for values that went through a decimal with six digits.
  return std::fabs(estimated - quantity->value) <= quantity->rounding + 1e-9 * std::fabs(quantity->value);
}

std::optional<bool> Comparison::covered() const {
  if (!low || !high) return std::nullopt;
  return quantity->value >= *low && quantity->value <= *high;
}

Outcome compare(Estimator& estimator, const std::vector<File>& files) {
  Outcome outcome;
  for (const File& file : files) {
    for (const Row& row : file.rows) {
      if (!row.skip.empty()) {
        ++outcome.skipped[row.skip];
        continue;
      }
      try {
        const Estimate e = estimator.estimate(row.scenario);
        std::string text;
        report::write_json(text, e);
        const json contract = json::parse(text);
        for (const Quantity& q : row.measured) {
          auto c = compare_one(row, q, e, contract);
          if (c && file.kind == "speed") c->speed = speed_traits(estimator, row, q, e);
          if (c) outcome.comparisons.push_back(std::move(*c));
          else outcome.refusals.push_back({&row, fmt::format("the estimate has no {}", q.name)});
        }
      } catch (const Error& e) {
        outcome.refusals.push_back({&row, e.what()});
      }
    }
  }
  return outcome;
}

}  // namespace qwenfit::measure
