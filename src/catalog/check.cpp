#include "check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "fields.hpp"

namespace qwenfit::catalog {
namespace {

/// Bounds of what is believable; they keep every product of such numbers inside 64 bits.
constexpr double kMostMemoryGb = 1e6;
constexpr double kMostBandwidth = 1e9;
constexpr std::int32_t kWidestFormat = 1 << 20;
constexpr std::int32_t kMostDevices = 65536;

bool is_id(Text id) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !id.empty() && good(id[0]) && std::all_of(id.begin(), id.end(), [&](char c) {
    return good(c) || c == '.' || c == '_' || c == '-';
  });
}

/// "2024", "2024-09" or "2024-09-19".
bool is_date(Text date) {
  for (std::size_t i = 0; i < date.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? date[i] != '-' : date[i] < '0' || date[i] > '9') return false;
  }
  return date.size() == 4 || date.size() == 7 || date.size() == 10;
}

class Checker {
 public:
  Checker(const Records& records, const std::vector<NameEntry>& index) : records_(records), index_(index) {}

  Proof run() {
    for_each_list(records_, [&](const char*, const auto& list) { ids(list); });
    unique_names();
    for (const Model& m : records_.models) model(m);
    for (const DType& t : records_.dtypes) {
      about(t);
      expect(t.block > 0 && t.block <= kWidestFormat && t.bytes > 0 && t.bytes <= kWidestFormat,
             "block and bytes must be positive and below a million");
    }
    for (const WeightFormat& f : records_.formats) format(f);
    for (const Device& d : records_.devices) device(d);
    for (const Engine& e : records_.engines) engine(e);
    for (const PublishedFile& f : records_.published_files) {
      about(f);
      expect(find(records_.models, f.model), "model '{}' is no model", f.model);
      expect(find(records_.formats, f.format), "format '{}' is no format", f.format);
      expect(f.bytes > f.rounding, "bytes must be above the rounding");
    }
    for (const Download& d : records_.downloads) {
      about(d);
      for (const Text f : d.formats) expect(find(records_.formats, f), "format '{}' is no format", f);
    }
    for (const QualityTable& t : records_.quality_tables) quality(t);
    return std::move(proof_);
  }

 private:
  template <class T>
  void about(const T& record) {
    record_ = fmt::format("{} {}", kind_of<T>(), record.id);
  }

  template <class... A>
  void expect(bool holds, fmt::format_string<A...> text, A&&... args) {
    if (!holds) proof_.problems.push_back({record_, fmt::format(text, std::forward<A>(args)...)});
  }

  template <class T>
  static const T* find(const std::vector<T>& list, Text id) {
    const auto it = std::find_if(list.begin(), list.end(), [&](const T& item) { return item.id == id; });
    return it == list.end() ? nullptr : &*it;
  }

  template <class T>
  void ids(const std::vector<T>& list) {
    std::set<Text> seen;
    for (const T& item : list) {
      about(item);
      expect(is_id(item.id), "an id has lower-case letters, digits, points, dashes and underscores");
      expect(seen.insert(item.id).second, "the id stands twice");
    }
  }

  void unique_names() {
    proof_.names = index_.size();
    for (std::size_t i = 1; i < index_.size(); ++i) {
      const NameEntry& a = index_[i - 1];
      const NameEntry& b = index_[i];
      if (a.kind != b.kind || a.name != b.name) continue;
      record_ = name_of(b);
      expect(false, "answers to '{}', as {} does", b.name, name_of(a));
      // Said of both: either may be the one that an overlay brought.
      record_ = name_of(a);
      expect(false, "answers to '{}', as {} does", a.name, name_of(b));
    }
  }

  std::string name_of(const NameEntry& entry) const {
    const auto i = static_cast<std::size_t>(entry.record);
    switch (entry.kind) {
      case NameKind::model: return fmt::format("model {}", records_.models[i].id);
      case NameKind::device: return fmt::format("device {}", records_.devices[i].id);
      case NameKind::format: return fmt::format("format {}", records_.formats[i].id);
      case NameKind::engine: return fmt::format("engine {}", records_.engines[i].id);
    }
    return "?";
  }

  void model(const Model& m) {
    about(m);
    expect(m.release_date.empty() || is_date(m.release_date), "release_date '{}' is no date", m.release_date);
    for (const Text id : m.related)
      expect(find(records_.models, id) && id != m.id, "related '{}' is no other model", id);
    expect(m.base_model.empty() || descends(m), "base_model '{}' is no model that it can come from",
           m.base_model);
    for (const Text id : m.official_formats)
      expect(find(records_.formats, id), "official format '{}' is no format", id);
    for (const RegistryTag& tag : m.tags) {
      const auto named = [&](const Variant& v) { return v.name == tag.variant; };
      expect(tag.variant.empty() || std::any_of(m.variants.begin(), m.variants.end(), named),
             "tag {}: '{}' is no variant", tag.name, tag.variant);
      expect(tag.format.empty() || find(records_.formats, tag.format), "tag {}: '{}' is no format", tag.name,
             tag.format);
    }
    for (const QuantizedFile& file : m.quantized_files) {
      for (const Text id : file.formats) {
        expect(find(records_.formats, id), "quantized file of '{}', which is no format", id);
      }
      expect(!file.stores_head || m.geometry.tied_embeddings,
             "a quantized file can store a second head only of a tied model");
    }
    if (m.arch == Arch::unknown) return;
    expect(m.context.native > 0, "context.native is missing");
    geometry(m.geometry);
  }

  /// Whether the line of base models ends, and not where it began.
  bool descends(const Model& m) const {
    const Model* at = &m;
    for (std::size_t steps = 0; at && !at->base_model.empty(); ++steps) {
      if (steps > records_.models.size()) return false;
      at = find(records_.models, at->base_model);
    }
    return at != nullptr;
  }

  void geometry(const Geometry& g) {
    for (const std::string& problem : contradictions(g)) expect(false, "{}", problem);
  }

  void format(const WeightFormat& f) {
    about(f);
    expect(find(records_.dtypes, f.base), "base '{}' is no dtype", f.base);
    expect(f.recipe.empty() || find(records_.formats, f.recipe), "recipe '{}' is no format", f.recipe);
    expect(f.head.empty() || find(records_.dtypes, f.head), "head '{}' is no dtype", f.head);
    expect(!f.retention || *f.retention <= 1, "retention is above 1");
    expect(f.bits > 0 && f.bits <= 64 && f.group_size <= kWidestFormat,
           "bits or group_size are beyond any format");
  }

  void device(const Device& d) {
    about(d);
    expect(!d.bandwidth_gb_s || (*d.bandwidth_gb_s > 0 && *d.bandwidth_gb_s <= kMostBandwidth),
           "bandwidth_gb_s must be positive and believable");
    expect(d.memory_gb.value_or(1) > 0 && d.memory_gb.value_or(1) <= kMostMemoryGb,
           "memory_gb must be positive and believable");
    expect(d.memory_bytes_usable.value_or(1) <= static_cast<std::int64_t>(kMostMemoryGb * 1e9),
           "memory_bytes_usable is not believable");
    for (const std::int32_t option : d.memory_options_gb)
      expect(option > 0 && option <= kMostMemoryGb, "memory_options_gb must be positive and believable");
    expect(d.gpu_memory_fraction.value_or(1) <= 1, "gpu_memory_fraction is above 1");
    for (const MigProfile& p : d.mig) {
      const MigProfile& whole = d.mig[d.mig.size() - 1];
      expect(p.compute_slices > 0 && p.compute_slices <= whole.compute_slices && p.memory_slices > 0 &&
                 p.memory_slices <= whole.memory_slices,
             "MIG profile '{}' is no part of '{}', the last", p.name, whole.name);
    }
    if (!d.base_device.empty() || d.device_count > 1) system(d);
    else bandwidth(d);
  }

  void system(const Device& d) {
    const Device* base = find(records_.devices, d.base_device);
    expect(base && base != &d && base->base_device.empty(), "base_device '{}' is no single device",
           d.base_device);
    expect(d.device_count > 1 && d.device_count <= kMostDevices, "a system needs a device_count above 1");
    if (!base) return;
    const auto sums = [&](const std::optional<double>& whole, const std::optional<double>& one) {
      return !whole || !one || std::fabs(*whole / (*one * d.device_count) - 1) <= 0.01;
    };
    const bool memory = sums(d.memory_gb, base->memory_gb),
               rate = sums(d.bandwidth_gb_s, base->bandwidth_gb_s);
    expect(memory, "memory_gb is not {} x that of {}", d.device_count, d.base_device);
    expect(rate, "bandwidth_gb_s is not {} x that of {}", d.device_count, d.base_device);
    proof_.systems += memory && rate ? 1 : 0;
  }

  void bandwidth(const Device& d) {
    if (!d.memory_bus_bits || !d.memory_data_rate_gbps || !d.bandwidth_gb_s) return;
    const double from_bus = *d.memory_bus_bits * *d.memory_data_rate_gbps / 8;
    const bool equal = std::fabs(from_bus / *d.bandwidth_gb_s - 1) <= 0.01;
    expect(equal || !d.bandwidth_note.empty(),
           "{} bit x {} Gbps / 8 = {:.1f} GB/s, but bandwidth_gb_s says {} and no bandwidth_note says why",
           *d.memory_bus_bits, *d.memory_data_rate_gbps, from_bus, *d.bandwidth_gb_s);
    (equal ? proof_.bandwidths : proof_.bandwidth_exceptions) += 1;
  }

  void engine(const Engine& e) {
    about(e);
    expect(find(records_.formats, e.default_format), "default_format '{}' is no format", e.default_format);
    expect(find(records_.dtypes, e.default_kv_type), "default_kv_type '{}' is no dtype", e.default_kv_type);
    for (const Text scheme : e.schemes) {
      const auto named = [&](const auto& entry) { return entry.name == scheme; };
      expect(std::any_of(kNamesOf<Scheme>.begin(), kNamesOf<Scheme>.end(), named), "scheme '{}' is unknown",
             scheme);
    }
    for (const Constant& c : e.constants) {
      expect(c.kind == "source" || c.kind == "fitted" || c.kind == "assumed",
             "constant {}: kind '{}' is none of source, fitted, assumed", c.name, c.kind);
      expect(c.kind != "fitted" || (c.rows && c.residual),
             "constant {}: a fitted value needs rows and residual", c.name);
    }
  }

  void quality(const QualityTable& t) {
    about(t);
    expect(t.model.empty() || find(records_.models, t.model), "model '{}' is no model", t.model);
    expect(t.kind == "accuracy" || t.kind == "kl_divergence" || t.kind == "perplexity",
           "kind '{}' is none of accuracy, kl_divergence, perplexity", t.kind);
    expect(t.kind != "accuracy" || t.baseline.value_or(0) > 0,
           "an accuracy needs that of the unquantized model");
    for (const QualityScore& score : t.scores)
      expect(find(records_.formats, score.format), "format '{}' is no format", score.format);
  }

  const Records& records_;
  const std::vector<NameEntry>& index_;
  std::string record_;
  Proof proof_;
};

}  // namespace

Proof check(const Records& records, const std::vector<NameEntry>& index) {
  return Checker(records, index).run();
}

}  // namespace qwenfit::catalog
