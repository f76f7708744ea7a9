#include "device_hints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/counted_name.hpp"
#include "estimate/scenario_fields.hpp"
#include "model_names.hpp"
#include "qwenfit/error.hpp"
#include "qwenfit/machine.hpp"
#include "text.hpp"

namespace qwenfit::plan {
namespace {

/// "nvidia-gpu-rtx4070-8gb", "nvidia-l4", "NVIDIA-H100-80GB-HBM3", "nvidia-tesla-t4": words around the name.
std::vector<std::string> spellings(const std::string& value) {
  std::vector<std::string> out{value};
  std::string name = lower(value);
  for (const std::string_view prefix : {"nvidia-gpu-", "nvidia-tesla-", "nvidia-", "amd-gpu-", "amd-", "gpu-",
                                        "gpu-type-", "nvidia_", "nvidia "}) {
    if (name.starts_with(prefix)) {
      name = name.substr(prefix.size());
      out.push_back(name);
    }
  }
  // Labels have no blanks: AMD_Instinct_MI300X_OAM. What stands behind the name may be the board's form.
  if (name.find('_') != std::string::npos) {
    std::replace(name.begin(), name.end(), '_', ' ');
    out.push_back(name);
    out.push_back(name.substr(0, name.rfind(' ')));
  }
  if (name.ends_with("-shared")) out.push_back(name.substr(0, name.size() - 7));
  // A memory size at the end may mean the mobile version.
  if (const auto dash = name.rfind('-'); dash != std::string::npos && name.ends_with("gb")) {
    out.push_back(name.substr(0, dash));
    out.push_back(name.substr(0, dash) + "-laptop");
  }
  return out;
}

/// The size that ends a name ("rtx4070-8gb"), which the device has to have.
std::optional<double> size_in(const std::string& value) {
  const std::string name = lower(value);
  if (!name.ends_with("gb")) return std::nullopt;
  std::size_t begin = name.size() - 2;
  while (begin > 0 && std::isdigit(static_cast<unsigned char>(name[begin - 1]))) --begin;
  return units::parse_number(std::string_view(name).substr(begin, name.size() - 2 - begin));
}

/// A replica has no more cards than this.
constexpr std::int64_t kMostCards = 4096;

}  // namespace

std::pair<std::string, std::optional<std::int64_t>> split_device(std::string_view text) {
  const catalog::CountedName counted = catalog::split_count(text);
  const auto n = units::parse_count(counted.count);
  if (n && *n >= 1 && *n <= 65536) return {std::string(counted.name), n};
  return {std::string(trim(text)), std::nullopt};
}

std::string_view mig_part(std::string_view id) {
  const auto at = id.find("-mig-");
  return at == std::string_view::npos ? std::string_view() : id.substr(at + 1);
}

std::int64_t engine_gpus(const Scenario& s) {
  std::int64_t n = 1;
  for (const auto& part : {s.tensor_parallel, s.pipeline_parallel, s.data_parallel}) {
    n *= std::clamp<std::int64_t>(part.value_or(1), 1, 65536);
    n = std::min<std::int64_t>(n, 65536);
  }
  return n;
}

namespace {

/// This machine's cards: as many as the engine's flags or the file ask for, else (llama.cpp) all of them.
void choose_this_machine(Deployment& d, const std::string& name, const std::optional<std::int64_t>& count) {
  d.device = name;
  d.device_source = "--device";
  if (!d.gpus && count) d.gpus = count;
  d.scenario.devices = {{name, 1}};
  if (serves_in_parallel(d.engine)) d.scenario.device_count = engine_gpus(d.scenario);
  else if (d.gpus) d.scenario.device_count = std::clamp<std::int64_t>(*d.gpus, 1, kMostCards);
}

std::string error_of(const catalog::Catalog& catalog, const std::string& name) {
  try {
    catalog.find_device(name);
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

/// Whatever card it is cut from, a slice is not that card: the slice instead of the chosen device, or nothing
/// where it can't be told which.
void take_part(Deployment& d, const Workload& workload, const catalog::Catalog& catalog) {
  const auto undecided = [&](std::string why) { add_unresolved(d, "device", {std::move(why)}); };
  const auto unknown_slice = [&](std::string why) {
    undecided(std::move(why));
    d.device.clear();
    d.device_source.clear();
  };
  // What does not fit the whole card does not fit a part of it: the device stays.
  if (workload.part)
    undecided(fmt::format("{} {}: others use the card too, and how much of it is left can't be told",
                          workload.part->source, workload.part->value));
  if (workload.slice && mig_part(d.device).empty()) {
    const DeviceHint& slice = *workload.slice;
    if (slice.value.empty())
      return unknown_slice(
          fmt::format("{} is a slice of a card, and its profile is not said: --device 'CARD mig "
                      "PROFILE' says it",
                      slice.source));
    const std::string name = d.device + " mig " + slice.value;
    if (std::string why = error_of(catalog, name); !why.empty())
      return unknown_slice(fmt::format("{}: {}", slice.source, why));
    d.device = std::string(catalog.find_device(name).device->id);
    d.device_source += " and " + slice.source;
  }
  // Instances have no path to each other but the host, and a CUDA process may see one of them only.
  const std::int64_t together =
      d.scenario.tensor_parallel.value_or(1) * d.scenario.pipeline_parallel.value_or(1);
  if (!mig_part(d.device).empty() &&
      (together > 1 || (!serves_in_parallel(d.engine) && d.gpus.value_or(1) > 1)))
    undecided(fmt::format("whether MIG slices ({}) work together: there is no peer-to-peer between them",
                          d.device));
}

}  // namespace

void validate(const Options& options) {
  const std::string name = split_device(options.device).first;
  if (!options.device.empty() && !machine::names_this_machine(name)) catalog_of(options).find_device(name);
  if (!options.model.empty()) catalog_of(options).find_model(options.model);
  Scenario scratch;
  for (const auto& [key, value] : options.require)
    set_field_text(scratch, scenario_field("require"),
                   value.empty() ? key : fmt::format("{}={}", key, value));
}

void choose_device(Deployment& d, const Workload& workload, const Options& options) {
  const catalog::Catalog& catalog = catalog_of(options);
  std::string why;
  std::optional<std::int64_t> count;
  std::optional<std::int64_t> system;  // cards of a whole machine that a hint names
  for (const DeviceHint& hint : workload.device_hints) {
    for (const std::string& name : spellings(hint.value)) {
      try {
        const catalog::DeviceMatch match = catalog.find_device(name);
        const auto size = size_in(hint.value);
        if (size && match.device->memory_gb && !match.memory_gb && *size != *match.device->memory_gb) {
          if (why.empty()) why = fmt::format("{} '{}' is not in the catalog", hint.source, hint.value);
          continue;
        }
        d.device = std::string(match.device->id);
        if (!match.device->base_device.empty()) {
          system = match.device->device_count;
          d.device = std::string(match.device->base_device);
        } else if (match.memory_gb) {
          d.device = name;
        }
        d.device_source = hint.source;
        if (!match.note.empty()) d.notes.push_back(match.note);
        break;
      } catch (const Error& e) {
        if (why.empty()) why = fmt::format("{}: {}", hint.source, e.what());
      }
    }
    if (!d.device.empty()) break;
  }
  if (d.device.empty() && !options.device.empty()) {
    const auto [name, n] = split_device(options.device);
    if (machine::names_this_machine(name)) return choose_this_machine(d, name, n);
    const catalog::DeviceMatch match = catalog.find_device(name);  // the user's own words: an error is theirs
    d.device = match.memory_gb ? name : std::string(match.device->id);
    d.device_source = "--device";
    if (n) count = n;
    else if (match.count > 1) count = match.count;
    if (!match.device->base_device.empty()) {
      d.device = std::string(match.device->base_device);
      count = count.value_or(1) * match.device->device_count;
    }
  }
  if (d.device.empty()) {
    if (why.empty() && workload.slice && !workload.slice->value.empty())
      why = fmt::format("{}: {}", workload.slice->source, error_of(catalog, workload.slice->value));
    if (!why.empty()) add_unresolved(d, "device", {why});
    return;
  }
  take_part(d, workload, catalog);
  if (d.device.empty()) return;
  const std::int64_t asked = engine_gpus(d.scenario);
  const bool serving = serves_in_parallel(d.engine);
  std::int64_t cards = serving ? asked : d.gpus.value_or(count.value_or(system.value_or(asked)));
  if (!serving && (d.gpu_resource == "all" || !d.gpus) && count) cards = *count;
  cards = std::clamp<std::int64_t>(cards, 1, kMostCards);
  if (!d.gpus && count) d.gpus = count;
  d.scenario.devices = {{d.device, static_cast<int>(cards)}};
}

}  // namespace qwenfit::plan
