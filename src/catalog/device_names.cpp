#include "device_names.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "counted_name.hpp"

namespace qwenfit::catalog {
namespace {

struct VendorWord {
  std::string_view word;
  Vendor vendor;
};
/// Words that name the maker and nothing else.
constexpr VendorWord kVendorWords[] = {
    {"nvidia", Vendor::nvidia}, {"geforce", Vendor::nvidia}, {"rtx", Vendor::nvidia},
    {"gtx", Vendor::nvidia},    {"tesla", Vendor::nvidia},   {"amd", Vendor::amd},
    {"radeon", Vendor::amd},    {"rx", Vendor::amd},         {"instinct", Vendor::amd},
    {"intel", Vendor::intel},   {"arc", Vendor::intel},      {"apple", Vendor::apple},
    {"huawei", Vendor::huawei}};

/// Words that tell no device from another.
constexpr std::array<std::string_view, 24> kFillers{
    "cpu",        "processor", "mod",    "modded",  "gpu",  "gpus",   "igpu",        "graphics",
    "card",       "edition",   "memory", "unified", "ram",  "vram",   "accelerator", "r",
    "generation", "tm",        "core",   "gen",     "gold", "silver", "platinum",    "workstation"};

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool all_in(const std::vector<std::string>& list, const std::vector<std::string>& other) {
  return std::all_of(list.begin(), list.end(),
                     [&](const std::string& word) { return contains(other, word); });
}

/// The gigabytes of "64gb", "14.5gib", "80g"; negative when it is no size.
double gigabytes(std::string_view word) {
  for (const std::string_view unit : {"gb", "gib", "g"}) {
    if (const double n = number_before(word, unit); n > 0) return n;
  }
  return -1;
}

}  // namespace

DeviceQuery parse_device_name(std::string_view name) {
  DeviceQuery query;
  name = name.substr(0, kLongestName);
  const CountedName counted = split_count(name);
  if (const int count = std::atoi(std::string(counted.count).c_str()); count > 0) {
    query.count = count;
    name = counted.name;
  }
  const std::vector<Word> words = split_words(name);
  std::vector<std::string> cores;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i].text;
    const std::string_view next = i + 1 < words.size() ? std::string_view(words[i + 1].text) : "";
    // The machine around the chip: "MacBook Pro", "Mac Studio".
    if ((word == "macbook" && (next == "pro" || next == "air")) ||
        (word == "mac" && (next == "studio" || next == "mini" || next == "pro"))) {
      query.vendor = Vendor::apple;
      ++i;
      continue;
    }
    const auto vendor = std::find_if(std::begin(kVendorWords), std::end(kVendorWords),
                                     [&](const VendorWord& v) { return v.word == word; });
    if (vendor != std::end(kVendorWords)) {
      if (!query.vendor) query.vendor = vendor->vendor;
      continue;
    }
    double memory = gigabytes(word);
    if (memory < 0 && is_number(word) && (next == "gb" || next == "gib")) {
      memory = number_before(word, "");
      ++i;
    }
    if (memory > 0) {
      query.plain += std::to_string(static_cast<int>(memory)) + "gb";
      if (!query.memory_gb) query.memory_gb = memory;
      continue;
    }
    // GPU cores, as "40-core", "40c" or "40GPU"; performance and efficiency cores ("12P+4E") say nothing.
    if (is_number(word) && (next == "core" || next == "cores")) {
      cores.push_back(word + "c");
      ++i;
      continue;
    }
    if (const double n = number_before(word, "gpu"); n > 0) {
      word = std::to_string(static_cast<int>(n)) + "c";
    } else if (const double count = std::max(number_before(word, "p"), number_before(word, "e"));
               count > 0 && count < 100) {
      continue;
    }
    if (std::find(kFillers.begin(), kFillers.end(), word) != kFillers.end() &&
        !(word == "core" && next == "ultra"))
      continue;
    query.plain += word;
    if (words[i].in_brackets && number_before(word, "c") < 0) query.bracketed.push_back(word);
    else query.words.push_back(word);
  }
  // A core count tells one Apple chip from another; behind a processor's name it says nothing new.
  if (!query.vendor || query.vendor == Vendor::apple) {
    for (std::string& word : cores) {
      query.plain += word;
      query.words.push_back(std::move(word));
    }
  }
  return query;
}

DeviceNames::DeviceNames(const std::vector<const Device*>& devices) {
  entries_.resize(devices.size());
  for (std::size_t i = 0; i < devices.size(); ++i) {
    Entry& entry = entries_[i];
    entry.vendor = devices[i]->vendor;
    const auto add = [&](std::string_view text) {
      const DeviceQuery parsed = parse_device_name(text);
      entry.all.insert(entry.all.end(), parsed.words.begin(), parsed.words.end());
      entry.all.insert(entry.all.end(), parsed.bracketed.begin(), parsed.bracketed.end());
      if (parsed.words.empty() || parsed.count > 1) return;
      Name name{{}, parsed.memory_gb.has_value() || !parsed.bracketed.empty()};
      for (const std::string& word : parsed.words) {
        // "M1 Max 24c" says M1 Max, and which one.
        if (devices[i]->vendor == Vendor::apple && number_before(word, "c") > 0) name.partial = true;
        else name.words.push_back(word);
      }
      if (!name.words.empty()) entry.names.push_back(std::move(name));
    };
    add(devices[i]->name);
    add(devices[i]->id);
    for (const Text alias : devices[i]->aliases) add(alias);
    std::sort(entry.all.begin(), entry.all.end());
    entry.all.erase(std::unique(entry.all.begin(), entry.all.end()), entry.all.end());
  }
}

bool DeviceNames::may_be(const Entry& entry, const DeviceQuery& query) {
  return !query.words.empty() && all_in(query.words, entry.all) &&
         (!query.vendor || entry.vendor == *query.vendor || entry.vendor == Vendor::generic);
}

std::vector<int> DeviceNames::containing(const DeviceQuery& query) const {
  std::vector<int> found;
  // "4 GPUs" is no hint of a name.
  const auto short_word = [](const std::string& word) { return word.size() < 3; };
  if (std::all_of(query.words.begin(), query.words.end(), short_word)) return found;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (query.vendor && entries_[i].vendor == Vendor::generic) continue;
    if (may_be(entries_[i], query)) found.push_back(static_cast<int>(i));
  }
  return found;
}

std::vector<DeviceCandidate> DeviceNames::match(const DeviceQuery& query) const {
  std::vector<std::string> asked = query.words;
  asked.insert(asked.end(), query.bracketed.begin(), query.bracketed.end());
  std::vector<DeviceCandidate> found;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (!may_be(entry, query)) continue;
    int best = -1;
    for (const Name& name : entry.names) {
      if (!all_in(name.words, asked)) continue;
      const int distance =
          2 * static_cast<int>(asked.size() - std::min(asked.size(), name.words.size())) + name.partial;
      if (best < 0 || distance < best) best = distance;
    }
    if (best >= 0) found.push_back({static_cast<int>(i), best});
  }
  std::stable_sort(found.begin(), found.end(), [](const DeviceCandidate& a, const DeviceCandidate& b) {
    return a.distance < b.distance;
  });
  return found;
}

}  // namespace qwenfit::catalog
