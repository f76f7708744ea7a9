#include "mig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "words.hpp"

namespace qwenfit::catalog {
namespace {

/// How a profile divides a card.
struct Share {
  int compute;  ///< slices of 7 or 4
  int memory;   ///< slices of 8 or 4
};

// NVIDIA MIG user guide (v580), "Supported MIG Profiles": fractions of memory and of multiprocessors.
constexpr std::array kSevenths{Share{1, 1}, Share{1, 2}, Share{2, 2}, Share{3, 4}, Share{4, 4}, Share{7, 8}};
constexpr std::array kQuarters{Share{1, 1}, Share{2, 2}, Share{4, 4}};

/// What `nvidia-smi mig -lgip` prints of a profile. 0: no listing is known.
struct Listed {
  double gib;
  int multiprocessors;
};

struct SlicedCard {
  std::string_view id;
  bool sevenths;  ///< else quarters
  std::array<Listed, 6> listed;
};

// The cards of the guide's "Supported GPUs" (B300 and GB300: the profiles that the GPU operator knows for
// them). Of several listings in public files the lowest figure stands here.
constexpr std::array<Listed, 6> kH100{
    {{9.75, 16}, {19.62, 26}, {19.62, 32}, {39.5, 60}, {39.5, 64}, {0, 132}}};
constexpr std::array<Listed, 6> kH200{{{16.0, 16}, {32.5, 26}, {32.5, 32}, {0, 60}, {0, 64}, {0, 132}}};
constexpr std::array<Listed, 6> kGh100{{{0, 16}, {0, 26}, {0, 32}, {0, 60}, {0, 64}, {0, 132}}};
constexpr std::array<Listed, 6> kA100{{{4.75, 14}, {9.62, 14}, {9.75, 28}, {0, 42}, {0, 56}, {0, 98}}};
constexpr std::array<Listed, 6> kA100Large{
    {{9.5, 14}, {19.5, 14}, {19.5, 28}, {39.25, 42}, {39.25, 56}, {79.0, 98}}};
constexpr std::array<Listed, 6> kRtxPro6000{{{23.62, 46}, {47.38, 94}, {95.0, 188}}};
constexpr std::array kCards{
    SlicedCard{"a30", false, {}},
    SlicedCard{"a100-pcie-40gb", true, kA100},
    SlicedCard{"a100-sxm-40gb", true, kA100},
    SlicedCard{"a100-pcie-80gb", true, kA100Large},
    SlicedCard{"a100-sxm-80gb", true, kA100Large},
    SlicedCard{"h100-pcie-80gb", true, {}},
    SlicedCard{"h100-sxm-80gb", true, kH100},
    SlicedCard{"h100-nvl-94gb", true, kGh100},
    SlicedCard{"gh200-96gb", true, kGh100},
    SlicedCard{"h200-sxm-141gb", true, kH200},
    SlicedCard{"h200-nvl-141gb", true, kH200},
    SlicedCard{"h20-96gb", true, {}},
    SlicedCard{"h20-141gb", true, {}},
    SlicedCard{"b200-sxm-180gb", true, {}},
    SlicedCard{"gb200-186gb", true, {}},
    SlicedCard{"b300-sxm-288gb", true, {}},
    SlicedCard{"rtx-pro-5000-blackwell-48gb", false, {}},
    SlicedCard{"rtx-pro-6000-blackwell-workstation", false, kRtxPro6000},
    SlicedCard{"rtx-pro-6000-blackwell-max-q", false, kRtxPro6000},
    SlicedCard{"rtx-pro-6000-blackwell-server", false, kRtxPro6000},
};

/// Gigabytes that the names of whole-card profiles say, where the data sheet says others.
double named_gigabytes(const Device& card) {
  return card.id == "b300-sxm-288gb" ? 269 : card.memory_gb.value_or(0);
}

/// Of its share of the card's memory, how much a slice has at least: the least of the listings above (an
/// eighth of an H200 has 16 of 17.5 GiB, a quarter 32.5 of 34.9; halves lose under 1.5%).
double kept(int memory, int slices) {
  const double share = static_cast<double>(memory) / slices;
  return share < 0.2 ? 0.91 : share < 0.4 ? 0.93 : 0.985;
}

const SlicedCard* sliced_card(std::string_view id) {
  const auto it = std::find_if(kCards.begin(), kCards.end(), [&](const SlicedCard& c) { return c.id == id; });
  return it == kCards.end() ? nullptr : &*it;
}

std::vector<Share> shares_of(const SlicedCard& card) {
  return card.sevenths ? std::vector<Share>(kSevenths.begin(), kSevenths.end())
                       : std::vector<Share>(kQuarters.begin(), kQuarters.end());
}

int memory_slices(const SlicedCard& card) {
  return card.sevenths ? 8 : 4;
}

/// The gigabytes in a profile's name: its share, rounded.
int gigabytes_of(const SlicedCard& card, const Share& share, double whole) {
  return static_cast<int>(std::lround(whole * share.memory / memory_slices(card)));
}

/// Index into the card's shares; nothing when it has no such profile.
std::optional<std::size_t> find_share(const SlicedCard& card, const MigProfile& profile, double whole) {
  const std::vector<Share> shares = shares_of(card);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i].compute == profile.compute && gigabytes_of(card, shares[i], whole) == profile.gigabytes)
      return i;
  }
  return std::nullopt;
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

std::optional<MigProfile> mig_profile_in(std::string_view name) {
  name = name.substr(0, kLongestName);
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    if (begin > 0 && !separator(text[begin - 1])) continue;
    MigProfile profile;
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

std::vector<Text> cards_with(const std::vector<const Device*>& devices, const MigProfile& profile) {
  std::vector<Text> out;
  for (const Device* device : devices) {
    const SlicedCard* card = sliced_card(device->id);
    if (card && find_share(*card, profile, named_gigabytes(*device))) out.push_back(device->id);
  }
  return out;
}

std::string profile_name(const MigProfile& profile) {
  return fmt::format("{}g.{}gb", profile.compute, profile.gigabytes);
}

std::vector<std::string> mig_profiles_of(const Device& device) {
  std::vector<std::string> out;
  const SlicedCard* card = sliced_card(device.id);
  if (!card) return out;
  for (const Share& share : shares_of(*card))
    out.push_back(
        fmt::format("{}g.{}gb", share.compute, gigabytes_of(*card, share, named_gigabytes(device))));
  return out;
}

const Device* MigSlices::slice(const Device& card, const MigProfile& profile) {
  const SlicedCard* sliced = sliced_card(card.id);
  if (!sliced) return nullptr;
  const double whole = named_gigabytes(card);
  const auto index = find_share(*sliced, profile, whole);
  if (!index) return nullptr;
  const Share share = shares_of(*sliced)[*index];
  const Listed listed = sliced->listed[*index];
  const std::string name = fmt::format("{}g.{}gb", share.compute, gigabytes_of(*sliced, share, whole));
  const std::string id = fmt::format("{}-mig-{}", card.id, name);
  const std::scoped_lock lock(mutex_);
  if (const auto it = slices_.find(id); it != slices_.end()) return &it->second;

  const double memory_share = static_cast<double>(share.memory) / memory_slices(*sliced);
  const double compute_share = listed.multiprocessors > 0 && card.compute_units
                                   ? static_cast<double>(listed.multiprocessors) / *card.compute_units
                                   : static_cast<double>(share.compute) / (sliced->sevenths ? 7 : 4);
  const auto scaled = [](const std::optional<double>& value, double by) {
    return value ? std::optional(*value * by) : std::nullopt;
  };
  Device d = card;
  d.id = arena_.keep(id);
  d.name = arena_.keep(fmt::format("{} MIG {}", card.name, name));
  d.aliases = {};
  d.memory_gb = gigabytes_of(*sliced, share, whole);
  d.memory_options_gb = {};
  d.memory_bytes_usable.reset();
  d.memory_bytes_usable_basis = {};
  d.memory_nvidia_smi_mib.reset();
  d.memory_cuda_total_mib_windows.reset();
  const double card_mib =
      card.memory_cuda_total_mib_linux.value_or(static_cast<std::int32_t>(whole * 1e9 / 1048576 * 0.98));
  d.memory_cuda_total_mib_linux = static_cast<std::int32_t>(
      listed.gib > 0 ? std::min(listed.gib * 1024, card_mib)
                     : card_mib * memory_share * kept(share.memory, memory_slices(*sliced)));
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
    d.compute_units = listed.multiprocessors > 0
                          ? listed.multiprocessors
                          : static_cast<std::int32_t>(*card.compute_units * compute_share);
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
      arena_.keep(listed.gib > 0
                      ? std::string("memory: what nvidia-smi mig -lgip lists")
                      : fmt::format("memory = {}/{} of the card's, less what listings of other cards lack",
                                    share.memory, memory_slices(*sliced))),
      arena_.keep(
          fmt::format("bandwidth and L2 cache = {}/{} of the card's", share.memory, memory_slices(*sliced))),
      arena_.keep(listed.multiprocessors > 0
                      ? fmt::format("compute rates = {} of {} multiprocessors", listed.multiprocessors,
                                    card.compute_units.value_or(0))
                      : fmt::format("compute rates = {}/{} of the card's", share.compute,
                                    sliced->sevenths ? 7 : 4))});
  d.unverified = {};
  d.notes = {};
  return &slices_.emplace(id, d).first->second;
}

}  // namespace qwenfit::catalog
