#include "mig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "words.hpp"

namespace qwenfit::catalog {
namespace {

/// Of its share of the card's memory, how much a slice has at least: the least of the listings above (an
/// eighth of an H200 has 16 of 17.5 GiB, a quarter 32.5 of 34.9; halves lose under 1.5%).
double kept(double share) {
  return share < 0.2 ? 0.91 : share < 0.4 ? 0.93 : 0.985;
}

/// Null when the card has no such profile.
const MigProfile* find_profile(const Device& card, const MigName& asked) {
  const auto it = std::find_if(card.mig.begin(), card.mig.end(),
                               [&](const MigProfile& p) { return p.name == profile_name(asked); });
  return it == card.mig.end() ? nullptr : &*it;
}

/// Digits at `at`, which is moved behind them; -1 without any.
int digits_at(std::string_view text, std::size_t& at) {
  std::size_t end = at;
  while (end < text.size() && end < at + 4 && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
  if (end == at) return -1;
  int value = 0;
  for (; at < end; ++at) value = value * 10 + (text[at] - '0');
  return value;
}

bool separator(char c) {
  return c == ' ' || c == '-' || c == '_' || c == '/' || c == ',' || c == ':' || c == '(' || c == ')';
}

}  // namespace

std::optional<MigName> mig_name_in(std::string_view name) {
  name = name.substr(0, kLongestName);
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    if (begin > 0 && !separator(text[begin - 1])) continue;
    MigName profile;
    std::size_t at = begin;
    int number = digits_at(text, at);
    if (number > 0 && text.compare(at, 2, "c.") == 0) {
      profile.instance = false;
      at += 2;
      number = digits_at(text, at);
    }
    if (number < 1 || number > 7 || text.compare(at, 2, "g.") != 0) continue;
    profile.compute = number;
    at += 2;
    profile.gigabytes = digits_at(text, at);
    if (profile.gigabytes < 1 || text.compare(at, 2, "gb") != 0) continue;
    at += 2;
    // +me, -me, +me.all, +gfx say which media engines come along; resource names write a point for the plus.
    for (const std::string_view extra : {"+me.all", ".me.all", "+me", "-me", ".me", "+gfx", ".gfx"}) {
      if (text.compare(at, extra.size(), extra) == 0) {
        at += extra.size();
        break;
      }
    }
    if (at < text.size() && !separator(text[at])) continue;
    std::string rest = std::string(name.substr(0, begin)) + " " + std::string(name.substr(at));
    for (const Word& word : split_words(rest)) {
      if (word.text == "mig")
        std::fill(rest.begin() + static_cast<std::ptrdiff_t>(word.begin),
                  rest.begin() + static_cast<std::ptrdiff_t>(word.end), ' ');
    }
    while (!rest.empty() && separator(rest.back())) rest.pop_back();
    rest.erase(0, std::min(rest.find_first_not_of(" -_/"), rest.size()));
    profile.rest = std::move(rest);
    return profile;
  }
  return std::nullopt;
}

std::string profile_name(const MigName& asked) {
  return fmt::format("{}g.{}gb", asked.compute, asked.gigabytes);
}

std::vector<Text> cards_with(const std::vector<const Device*>& devices, const MigName& asked) {
  std::vector<Text> out;
  for (const Device* device : devices) {
    if (find_profile(*device, asked)) out.push_back(device->id);
  }
  return out;
}

const Device* MigSlices::slice(const Device& card, const MigName& asked) {
  const MigProfile* profile = find_profile(card, asked);
  if (!profile) return nullptr;
  const std::string id = fmt::format("{}-mig-{}", card.id, profile->name);
  const std::scoped_lock lock(mutex_);
  if (const auto it = slices_.find(id); it != slices_.end()) return &it->second;

  const MigProfile& whole = card.mig[card.mig.size() - 1];
  const double memory_share = static_cast<double>(profile->memory_slices) / whole.memory_slices;
  const bool counted = profile->multiprocessors && card.compute_units;
  const double compute_share = counted ? static_cast<double>(*profile->multiprocessors) / *card.compute_units
                                       : static_cast<double>(profile->compute_slices) / whole.compute_slices;
  const auto scaled = [](const std::optional<double>& value, double by) {
    return value ? std::optional(*value * by) : std::nullopt;
  };
  Device d = card;
  d.id = arena_.keep(id);
  d.name = arena_.keep(fmt::format("{} MIG {}", card.name, profile->name));
  d.aliases = {};
  d.mig = {};
  d.memory_gb = asked.gigabytes;
  d.memory_options_gb = {};
  d.memory_bytes_usable.reset();
  d.memory_bytes_usable_basis = {};
  d.memory_nvidia_smi_mib.reset();
  d.memory_cuda_total_mib_windows.reset();
  const double card_mib = card.memory_cuda_total_mib_linux.value_or(
      static_cast<std::int32_t>(card.memory_gb.value_or(0) * 1e9 / 1048576 * 0.98));
  d.memory_cuda_total_mib_linux =
      static_cast<std::int32_t>(profile->memory_gib ? std::min(*profile->memory_gib * 1024, card_mib)
                                                    : card_mib * memory_share * kept(memory_share));
  d.memory_bus_bits.reset();
  d.memory_channels.reset();
  d.bandwidth_gb_s = scaled(card.bandwidth_gb_s, memory_share);
  d.bandwidth_measured.reset();
  for (std::optional<double> Device::*rate :
       {&Device::fp16_tflops, &Device::fp16_fp32acc_tflops, &Device::bf16_tflops, &Device::fp8_tflops,
        &Device::int8_tops, &Device::fp4_tflops, &Device::fp32_tflops})
    d.*rate = scaled(card.*rate, compute_share);
  d.measured_bf16_tflops.reset();
  d.l2_cache_mb = scaled(card.l2_cache_mb, memory_share);
  if (card.compute_units)
    d.compute_units =
        profile->multiprocessors.value_or(static_cast<std::int32_t>(*card.compute_units * compute_share));
  d.tensor_cores.reset();
  d.interconnect = {};  // the guide: no peer-to-peer between instances, by NVLink or PCIe
  d.tdp_w.reset();
  d.msrp_usd.reset();
  d.msrp_note = {};
  d.cloud_usd_per_hour.reset();
  d.sources = arena_.keep(std::vector<Text>{
      arena_.keep("NVIDIA MIG user guide, Supported MIG Profiles, "
                  "https://docs.nvidia.com/datacenter/tesla/mig-user-guide/supported-mig-profiles.html")});
  d.derived = arena_.keep(std::vector<Text>{
      arena_.keep(profile->memory_gib
                      ? std::string("memory: what nvidia-smi mig -lgip lists")
                      : fmt::format("memory = {}/{} of the card's, less what listings of other cards lack",
                                    profile->memory_slices, whole.memory_slices)),
      arena_.keep(fmt::format("bandwidth and L2 cache = {}/{} of the card's", profile->memory_slices,
                              whole.memory_slices)),
      arena_.keep(counted ? fmt::format("compute rates = {} of {} multiprocessors", *profile->multiprocessors,
                                        *card.compute_units)
                          : fmt::format("compute rates = {}/{} of the card's", profile->compute_slices,
                                        whole.compute_slices))});
  d.unverified = {};
  d.notes = {};
  return &slices_.emplace(id, d).first->second;
}

}  // namespace qwenfit::catalog
