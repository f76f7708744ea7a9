// Names people write -> devices: the index first, then the words.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "catalog_impl.hpp"
#include "nearest.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::catalog {
namespace {

using Impl = Catalog::Impl;

/// Memory as tools report it lies up to this far below (or above) the marketed figure. Where a device is
/// sold with several sizes, people write one of them.
constexpr double kMemoryTolerance = 0.16;
constexpr double kOptionTolerance = 0.06;
/// Beyond this the difference is worth a word.
constexpr double kMemorySilent = 0.1;
constexpr std::size_t kMostChoices = 8;

struct Fit {
  const Device* device;
  int distance;
  double off;  ///< relative difference of the memory asked for
};

/// How far `asked` GB are from what the device has or is sold with; 0 when nothing was asked.
double memory_off(const Device& device, std::optional<double> asked) {
  if (!asked) return 0;
  double off = 1e9;
  for (const std::int32_t option : device.memory_options_gb) {
    const double difference = std::fabs(*asked / option - 1);
    if (difference <= kOptionTolerance) off = std::min(off, difference);
  }
  if (device.memory_options_gb.empty()) {
    if (!device.memory_gb) return 0;  // a CPU takes any
    off = std::fabs(*asked / *device.memory_gb - 1);
  }
  return off;
}

std::string memory_text(const Device& device) {
  if (device.memory_options_gb.empty())
    return device.memory_gb ? fmt::format("{:g} GB", *device.memory_gb) : "any memory";
  return fmt::format("{} GB", fmt::join(device.memory_options_gb, ", "));
}

/// The memory that the name chose, where there is a choice.
std::optional<double> chosen_memory(const Device& device, std::optional<double> asked) {
  if (!asked || (device.memory_options_gb.empty() && device.memory_gb)) return std::nullopt;
  for (const std::int32_t option : device.memory_options_gb) {
    if (std::fabs(*asked / option - 1) <= kOptionTolerance) return option;
  }
  return asked;
}

std::string assumed_memory(const Device& device) {
  if (device.memory_options_gb.size() < 2 || !device.memory_gb) return "";
  return fmt::format("{} with {:g} GB is assumed; it is sold with {}", device.name, *device.memory_gb,
                     memory_text(device));
}

[[noreturn]] void fail_unknown(const Impl& impl, std::string_view name) {
  // "GeForce 4091": what tells the cards apart, without the words that all of them have.
  std::vector<std::string> plain;
  for (const Device* d : impl.devices) plain.push_back(parse_device_name(d->id).plain);
  std::vector<KnownName> known;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const Device* d = impl.devices[i];
    known.push_back({d->id, d->id});
    for (const Text alias : d->aliases) known.push_back({alias, d->id});
    known.push_back({plain[i], d->id});
  }
  std::string meant = did_you_mean_name(name, known);
  if (meant.empty()) meant = did_you_mean_name(parse_device_name(name).plain, known);
  throw Error(ErrorCode::unknown_device,
              fmt::format("unknown device '{}'{}", name, or_listed(meant, "devices")));
}

[[noreturn]] void fail_choices(ErrorCode code, std::string_view start, const std::vector<Fit>& fits) {
  std::string text;
  for (std::size_t i = 0; i < fits.size() && i < kMostChoices; ++i) {
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", fits[i].device->id, memory_text(*fits[i].device));
  }
  throw Error(code, fmt::format("{}: {}{}", start, text, fits.size() > kMostChoices ? " ..." : ""));
}

/// "A100 80", "M2 Ultra 192": a number at the end of a name that nothing else explains is its memory in GB.
std::optional<DeviceMatch> with_bare_memory(const Catalog& catalog, std::string_view name) {
  const std::size_t space = name.find_last_of(' ');
  if (space == std::string_view::npos || number_before(name.substr(space + 1), "") <= 0 ||
      name.size() + 2 > kLongestName)
    return std::nullopt;
  try {
    return catalog.find_device(fmt::format("{}gb", name));
  } catch (const Error& e) {
    if (e.code() != ErrorCode::unknown_device) throw;
    return std::nullopt;  // the name as it was written is what is unknown
  }
}

/// vGPU profiles, MIG without a profile: parts of a card of which nothing more is known.
void refuse_parts(std::string_view name, const DeviceQuery& query) {
  const bool vgpu = std::any_of(query.words.begin(), query.words.end(),
                                [](const std::string& word) { return number_before(word, "q") > 0; });
  if (vgpu)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("'{}' is a slice of a card (vGPU): qwenfit calculates whole cards and MIG slices", name));
  if (std::find(query.words.begin(), query.words.end(), "mig") != query.words.end())
    throw Error(ErrorCode::unsupported,
                fmt::format("'{}' is a slice of a card (MIG), but its profile is not said: name it as in "
                            "'a100-80gb mig 3g.40gb'",
                            name));
}

[[noreturn]] void fail_slice(std::string_view name, const MigName& profile, const Impl& impl,
                             const Device* card) {
  const std::string shown = profile_name(profile);
  if (card) {
    std::vector<Text> has;
    for (const MigProfile& p : card->mig) has.push_back(p.name);
    throw Error(ErrorCode::unsupported, has.empty()
                                            ? fmt::format("'{}': {} has no MIG slices", name, card->name)
                                            : fmt::format("'{}': {} has no MIG profile {}; it has {}", name,
                                                          card->name, shown, fmt::join(has, ", ")));
  }
  const std::vector<Text> cards = cards_with(impl.devices, profile);
  throw Error(ErrorCode::unsupported,
              cards.empty()
                  ? fmt::format("'{}': no card is known that has a MIG profile {}", name, shown)
                  : fmt::format("'{}' is a MIG slice of a card that is not named: {} is a profile of {}",
                                name, shown, fmt::join(cards, ", ")));
}

/// The slice that `profile` of the card named beside it is.
DeviceMatch find_slice(const Catalog& catalog, const Impl& impl, std::string_view name,
                       const MigName& profile) {
  if (!profile.instance)
    throw Error(
        ErrorCode::unsupported,
        fmt::format("'{}' is a compute instance: it shares the memory of its MIG slice with others, so "
                    "what is left to it can't be told",
                    name));
  const int count = parse_device_name(profile.rest).count;
  if (profile.rest.empty()) fail_slice(name, profile, impl, nullptr);
  const Device* named = nullptr;
  std::string why;
  try {
    const DeviceMatch card = catalog.find_device(profile.rest);
    named = card.device;
    if (const Device* slice = impl.slices.slice(*named, profile))
      return {slice, std::nullopt, card.count, card.note};
  } catch (const Error& e) {
    if (e.code() != ErrorCode::ambiguous) throw;
    why = e.what();
  }
  // "A100 MIG 3g.40gb": only one size of the card has that profile.
  const Device* found = nullptr;
  for (const Text id : cards_with(impl.devices, profile)) {
    const Device& card = *catalog.device(id);
    try {
      const DeviceMatch match =
          catalog.find_device(fmt::format("{} {:g}GB", profile.rest, card.memory_gb.value_or(0)));
      if (match.device != &card) continue;
    } catch (const Error&) {
      continue;
    }
    if (found) {
      if (why.empty()) fail_slice(name, profile, impl, named);
      throw Error(ErrorCode::ambiguous, why);
    }
    found = &card;
  }
  if (!found && why.empty()) fail_slice(name, profile, impl, named);
  if (!found) throw Error(ErrorCode::ambiguous, why);
  return {impl.slices.slice(*found, profile), std::nullopt, count, ""};
}

}  // namespace

DeviceMatch Catalog::find_device(std::string_view name) const {
  const std::string_view shown = name.substr(0, kLongestName);
  const auto in_index = [&](std::string_view folded) -> const Device* {
    const auto found = find_entries(impl_->names, NameKind::device, folded);
    return found.empty() ? nullptr : impl_->devices[static_cast<std::size_t>(found.front().record)];
  };
  if (const Device* device = in_index(fold_name(shown)))
    return {device, std::nullopt, 1, assumed_memory(*device)};

  if (const auto profile = mig_name_in(shown)) return find_slice(*this, *impl_, shown, *profile);
  const DeviceQuery query = parse_device_name(shown);
  const auto same_vendor = [&](const Device& d) {
    return !query.vendor || d.vendor == *query.vendor || d.vendor == Vendor::generic;
  };
  if (const Device* device = in_index(query.plain); device && same_vendor(*device))
    return {device, std::nullopt, query.count, assumed_memory(*device)};
  refuse_parts(shown, query);

  std::vector<Fit> fits;
  for (const DeviceCandidate& c : impl_->device_names().match(query)) {
    const Device* device = impl_->devices[static_cast<std::size_t>(c.device)];
    fits.push_back({device, c.distance, memory_off(*device, query.memory_gb)});
  }
  if (fits.empty()) {
    for (const int i : impl_->device_names().containing(query)) {
      const Device* device = impl_->devices[static_cast<std::size_t>(i)];
      fits.push_back({device, 0, memory_off(*device, query.memory_gb)});
    }
  }
  if (fits.empty()) {
    if (const std::optional<DeviceMatch> match = with_bare_memory(*this, shown)) return *match;
    fail_unknown(*impl_, shown);
  }
  std::vector<Fit> good = fits;
  std::erase_if(good, [](const Fit& f) { return f.off > kMemoryTolerance; });
  if (good.empty())
    fail_choices(ErrorCode::unknown_device, fmt::format("no device '{}' with that memory is known", shown),
                 fits);
  // The size that is nearest, then the name that is nearest.
  const double nearest_size = std::min_element(good.begin(), good.end(), [](const Fit& a, const Fit& b) {
                                return a.off < b.off;
                              })->off;
  std::erase_if(good, [&](const Fit& f) { return f.off > nearest_size + 0.02; });
  const int nearest_name = good.front().distance;
  const auto rivals =
      std::count_if(good.begin(), good.end(), [&](const Fit& f) { return f.distance == nearest_name; });
  if (rivals > 1) {
    std::erase_if(good, [&](const Fit& f) { return f.distance != nearest_name; });
    fail_choices(ErrorCode::ambiguous, fmt::format("'{}' may be", shown), good);
  }
  const Device& device = *good.front().device;
  DeviceMatch match{&device, chosen_memory(device, query.memory_gb), query.count, ""};
  if (!query.memory_gb) match.note = assumed_memory(device);
  else if (good.front().off > kMemorySilent)
    match.note = fmt::format("{} is calculated with its {}, not with {:g} GB", device.name,
                             memory_text(device), *query.memory_gb);
  else if (good.size() > 1)
    match.note = fmt::format("'{}' is read as {}; {} is sold with that memory too", shown, device.name,
                             good[1].device->name);
  return match;
}

}  // namespace qwenfit::catalog
