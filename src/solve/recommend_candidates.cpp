#include "recommend_candidates.hpp"

#include <algorithm>
#include <array>

#include "qwenfit/error.hpp"
#include "settled.hpp"
#include "suits.hpp"

namespace qwenfit {
namespace {

using catalog::UseCase;

/// GGUF file types that are worth a choice, best first.
constexpr std::array<std::string_view, 6> kGguf{"q8_0", "q6_k", "q5_k_m", "q4_k_m", "iq4_xs", "iq3_m"};
/// What engines of checkpoints make themselves or find published for most models.
constexpr std::array<std::string_view, 2> kCheckpoints{"bf16", "fp8"};

/// People talk to chat, instruct and thinking models, not to base models.
bool talks(const Ability& a, UseCase use) {
  return use == UseCase::embedding || a.variant != "base";
}

/// The name to look the model up by: that of the variant where the record itself is another.
std::string name_of(const catalog::Model& model, std::string_view variant) {
  if (model.kind == "base") {
    for (const catalog::Variant& v : model.variants) {
      if (v.kind == variant || (v.kind != "base" && variant != "base")) return std::string(v.name);
    }
  }
  return std::string(model.id);
}

/// Whether thinking is affordable: where speed or cost come first, modes that answer at once are preferred.
double appeal(const Ability& a, Priority priority) {
  const bool dear = a.variant == "thinking" && (priority == Priority::speed || priority == Priority::cost);
  return a.value - (dear ? 1 : 0) - (a.thin ? 0.3 : 0);
}

std::vector<const catalog::WeightFormat*> formats_of(const catalog::Catalog& catalog,
                                                     const Scenario& scenario, const catalog::Engine& engine,
                                                     const catalog::Model& model) {
  std::vector<const catalog::WeightFormat*> out;
  const auto add = [&](std::string_view id) {
    const catalog::WeightFormat* format = catalog.format(id);
    const auto runs = [&](std::string_view scheme) { return scheme == catalog::scheme_name(format->scheme); };
    if (format && std::any_of(engine.schemes.begin(), engine.schemes.end(), runs) &&
        std::find(out.begin(), out.end(), format) == out.end())
      out.push_back(format);
  };
  if (scenario.format) {
    out.push_back(&catalog.find_format(*scenario.format));
    return out;
  }
  for (const std::string_view id : kGguf) add(id);
  if (!out.empty()) return out;
  for (const std::string_view id : kCheckpoints) add(id);
  for (const std::string_view id : model.official_formats) add(id);
  add(engine.default_format);
  return out;
}

/// Cloud devices of which none has less memory and bandwidth at a higher price than another.
std::vector<const catalog::Device*> worth_renting(const catalog::Catalog& catalog, double budget) {
  std::vector<const catalog::Device*> out;
  const auto price = [](const catalog::Device& d) { return *d.cloud_usd_per_hour->typical; };
  const auto rentable = [&](const catalog::Device* d) {
    return d->cloud_usd_per_hour && d->cloud_usd_per_hour->typical && d->memory_gb && d->bandwidth_gb_s &&
           d->device_count <= 1 && price(*d) <= budget;
  };
  for (const catalog::Device* d : catalog.devices()) {
    if (!rentable(d)) continue;
    const bool beaten =
        std::any_of(catalog.devices().begin(), catalog.devices().end(), [&](const catalog::Device* o) {
          return o != d && rentable(o) && price(*o) <= price(*d) && *o->memory_gb >= *d->memory_gb &&
                 *o->bandwidth_gb_s >= *d->bandwidth_gb_s &&
                 (price(*o) < price(*d) || *o->memory_gb > *d->memory_gb ||
                  *o->bandwidth_gb_s > *d->bandwidth_gb_s);
        });
    if (!beaten) out.push_back(d);
  }
  return out;
}

}  // namespace

std::vector<Candidate> candidates_for(const catalog::Catalog& catalog, const Wish& wish,
                                      std::map<std::string, int>& left_out) {
  const std::vector<Ability> able = abilities(wish.use);
  std::vector<Candidate> out;
  bool known = wish.generation.empty();
  for (const catalog::Model* model : catalog.models()) {
    if (!wish.generation.empty() && !of_generation(model->family, wish.generation)) continue;
    known = true;
    if (!suits(*model, wish.use)) continue;
    const Ability* best = nullptr;
    for (const Ability& a : able) {
      if (a.model == model->id && talks(a, wish.use) &&
          (!best || appeal(a, wish.priority) > appeal(*best, wish.priority)))
        best = &a;
    }
    if (!best || model->arch == catalog::Arch::unknown) {
      ++left_out[best ? "have no published geometry" : "have no scores in this use case"];
      continue;
    }
    out.push_back({model, name_of(*model, best->variant), *best});
  }
  if (!known)
    throw Error(ErrorCode::unknown_name,
                "no generation '" + wish.generation +
                    "': qwen1, qwen1.5, qwen2, qwen2.5, qwen3, qwen3.5, qwen3.6 or qwen3.8");
  return out;
}

std::vector<const catalog::WeightFormat*> formats_for(Estimator& estimator, const Scenario& scenario,
                                                      const Candidate& candidate) {
  Scenario probe = scenario;
  probe.model = candidate.name;
  try {
    return formats_of(estimator.catalog(), scenario, *estimator.resolve(probe).engine, *candidate.model);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::unsupported) throw;
    return {};
  }
}

std::vector<Scenario> places_of(const catalog::Catalog& catalog, const Scenario& scenario, const Wish& wish) {
  check_devices(catalog, scenario);
  if (!scenario.devices.empty()) return {scenario};
  if (!wish.budget_per_hour)
    throw Error(ErrorCode::usage,
                "a recommendation needs a device: --device, or --budget-per-hour for cloud devices");
  std::vector<Scenario> out;
  for (const catalog::Device* device : worth_renting(catalog, *wish.budget_per_hour)) {
    out.push_back(scenario);
    out.back().devices = {{std::string(device->id), 1}};
  }
  if (out.empty())
    throw Error(ErrorCode::undecidable, "no device of the catalog has a cloud price within that budget");
  return out;
}

}  // namespace qwenfit
