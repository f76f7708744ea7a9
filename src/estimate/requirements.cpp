#include <fmt/format.h>

#include "answers.hpp"

namespace qwenfit {
namespace {

using units::format_figure;
using units::format_grouped;

}  // namespace

std::vector<Requirement> check_requirements(const Require& r, const Estimate& e) {
  std::vector<Requirement> out;
  const bool known = !e.setup.devices.empty();
  const auto at_least = [&](std::string_view name, double required, std::optional<double> actual) {
    out.push_back({std::string(name), fmt::format("{:.6g}", required),
                   actual ? format_figure(*actual) : "unknown",
                   actual ? std::optional<bool>(*actual >= required) : std::nullopt});
  };
  const auto at_most = [&](std::string_view name, double required, std::optional<double> actual) {
    out.push_back({std::string(name), fmt::format("{:.6g}", required),
                   actual ? format_figure(*actual) : "unknown",
                   actual ? std::optional<bool>(*actual <= required) : std::nullopt});
  };
  const auto count_at_least = [&](std::string_view name, std::int64_t required,
                                  std::optional<std::int64_t> actual) {
    std::optional<bool> met;
    if (known) met = actual.value_or(0) >= required;
    out.push_back({std::string(name), format_grouped(required),
                   known ? format_grouped(actual.value_or(0)) : "unknown", met});
  };
  if (r.fits) {
    out.push_back({"fits", *r.fits ? "true" : "false", known ? (e.fit.fits ? "true" : "false") : "unknown",
                   known ? std::optional<bool>(e.fit.fits == *r.fits) : std::nullopt});
  }
  if (r.headroom_fraction) {
    std::optional<double> free;
    if (known) free = free_share(e.setup, e.memory);
    at_least("headroom_fraction", *r.headroom_fraction, free);
  }
  const auto figure = [&](auto pick) -> std::optional<double> {
    // What only reads decodes nothing.
    const double value = e.speed ? pick(*e.speed).value : 0;
    return value > 0 ? std::optional(value) : std::nullopt;
  };
  if (r.decode_tok_s)
    at_least("decode_tok_s", *r.decode_tok_s, figure([](const speed::Speed& s) { return s.decode_tok_s; }));
  if (r.ttft_ms) at_most("ttft_ms", *r.ttft_ms, figure([](const speed::Speed& s) { return s.ttft_ms; }));
  if (r.context) count_at_least("context", *r.context, e.fit.max_context);
  if (r.concurrency) count_at_least("concurrency", *r.concurrency, e.fit.max_concurrency);
  if (r.usd_per_million_tokens) {
    at_most("usd_per_million_tokens", *r.usd_per_million_tokens,
            e.cost ? e.cost->usd_per_million_output_tokens : std::nullopt);
  }
  return out;
}

std::optional<bool> requirements_met(const Estimate& estimate) {
  bool decided = true;
  for (const Requirement& r : estimate.requirements) {
    if (r.met == false) return false;
    decided = decided && r.met.has_value();
  }
  return decided ? std::optional<bool>(true) : std::nullopt;
}

}  // namespace qwenfit
