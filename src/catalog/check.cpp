#include "check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "fields.hpp"

namespace qwenfit::catalog {
namespace {

class Checker {
 public:
  Checker(const Records& records, const std::vector<NameEntry>& index) : records_(records), index_(index) {}

  std::vector<std::string> run() {
    unique_ids("model", records_.models);
    unique_ids("dtype", records_.dtypes);
    unique_ids("format", records_.formats);
    unique_ids("device", records_.devices);
    unique_ids("engine", records_.engines);
    unique_names();
    for (const Model& m : records_.models) model(m);
    for (const DType& t : records_.dtypes) {
      expect(t.block > 0 && t.bytes > 0, "dtype {}: block and bytes must be positive", t.id);
    }
    for (const WeightFormat& f : records_.formats) {
      expect(has(records_.dtypes, f.base), "format {}: base '{}' is no dtype", f.id, f.base);
      expect(!f.retention || *f.retention <= 1, "format {}: retention above 1", f.id);
    }
    for (const Device& d : records_.devices) device(d);
    for (const Engine& e : records_.engines) {
      expect(has(records_.formats, e.default_format), "engine {}: default_format '{}' is no format", e.id,
             e.default_format);
      expect(has(records_.dtypes, e.default_kv_type), "engine {}: default_kv_type '{}' is no dtype", e.id,
             e.default_kv_type);
      for (const Text scheme : e.schemes) {
        bool known = false;
        for (const auto& entry : kSchemeNames) known = known || entry.name == scheme;
        expect(known, "engine {}: scheme '{}' is unknown", e.id, scheme);
      }
      for (const Constant& c : e.constants) {
        expect(c.kind == "source" || c.kind == "fitted" || c.kind == "assumed",
               "engine {}: constant {}: kind '{}' is none of source, fitted, assumed", e.id, c.name, c.kind);
        expect(c.kind != "fitted" || (c.rows && c.residual),
               "engine {}: constant {}: a fitted value needs rows and residual", e.id, c.name);
      }
    }
    return std::move(problems_);
  }

 private:
  template <class... A>
  void expect(bool holds, fmt::format_string<A...> text, A&&... args) {
    if (!holds) problems_.push_back(fmt::format(text, std::forward<A>(args)...));
  }

  template <class T>
  static bool has(const std::vector<T>& list, Text id) {
    for (const T& item : list) {
      if (item.id == id) return true;
    }
    return false;
  }

  template <class T>
  void unique_ids(const char* what, const std::vector<T>& list) {
    std::set<Text> seen;
    for (const T& item : list) {
      expect(!item.id.empty(), "a {} has an empty id", what);
      expect(seen.insert(item.id).second, "{} id '{}' stands twice", what, item.id);
    }
  }

  void unique_names() {
    for (std::size_t i = 1; i < index_.size(); ++i) {
      const NameEntry& a = index_[i - 1];
      const NameEntry& b = index_[i];
      if (a.kind != b.kind || a.name != b.name) continue;
      expect(false, "{} and {} both answer to '{}'", id_of(a), id_of(b), a.name);
    }
  }

  Text id_of(const NameEntry& entry) const {
    const auto i = static_cast<std::size_t>(entry.record);
    switch (entry.kind) {
      case NameKind::model: return records_.models[i].id;
      case NameKind::device: return records_.devices[i].id;
      case NameKind::format: return records_.formats[i].id;
      case NameKind::engine: return records_.engines[i].id;
    }
    return "?";
  }

  void model(const Model& m) {
    for (const Text id : m.related)
      expect(has(records_.models, id), "model {}: related '{}' is no model", m.id, id);
    for (const Text id : m.official_formats) {
      expect(has(records_.formats, id), "model {}: official format '{}' is no format", m.id, id);
    }
    for (const RegistryTag& tag : m.tags) {
      const auto named = [&](const Variant& v) { return v.name == tag.variant; };
      expect(tag.variant.empty() || std::any_of(m.variants.begin(), m.variants.end(), named),
             "model {}: tag {}: '{}' is no variant", m.id, tag.name, tag.variant);
      expect(tag.format.empty() || has(records_.formats, tag.format), "model {}: tag {}: '{}' is no format",
             m.id, tag.name, tag.format);
    }
    for (const QuantizedFile& file : m.quantized_files) {
      for (const Text id : file.formats) {
        expect(has(records_.formats, id), "model {}: quantized file of '{}', which is no format", m.id, id);
      }
      expect(!file.stores_head || m.geometry.tied_embeddings,
             "model {}: a quantized file can store a second head only of a tied model", m.id);
    }
    if (m.arch == Arch::unknown) return;
    const Geometry& g = m.geometry;
    expect(g.hidden_size > 0 && g.layers > 0 && g.heads > 0 && g.kv_heads > 0 && g.head_dim > 0 &&
               g.vocab_size > 0,
           "model {}: geometry is incomplete", m.id);
    expect(g.kv_heads <= 0 || g.heads % g.kv_heads == 0, "model {}: {} heads are no multiple of {} KV heads",
           m.id, g.heads, g.kv_heads);
    expect(g.moe || g.intermediate_size > 0, "model {}: neither intermediate_size nor moe is given", m.id);
    expect(!g.moe || (g.moe->experts >= g.moe->experts_per_token && g.moe->experts_per_token > 0),
           "model {}: more experts per token than experts", m.id);
    expect(!(g.tied_embeddings && g.headless), "model {}: tied and headless at once", m.id);
    expect(m.context.native > 0, "model {}: context.native is missing", m.id);
    if (g.linear_attention) {
      const LinearAttention& l = *g.linear_attention;
      expect(l.full_attention_interval > 0 && l.key_heads > 0 && l.value_heads % l.key_heads == 0,
             "model {}: linear attention heads do not divide", m.id);
    }
  }

  void device(const Device& d) {
    expect(d.base_device.empty() || has(records_.devices, d.base_device),
           "device {}: base_device '{}' is no device", d.id, d.base_device);
    expect(d.base_device.empty() == (d.device_count <= 1),
           "device {}: base_device and device_count go together", d.id);
    expect(!d.bandwidth_gb_s || *d.bandwidth_gb_s > 0, "device {}: bandwidth must be positive", d.id);
    if (d.memory_bus_bits && d.memory_data_rate_gbps && d.bandwidth_gb_s && d.base_device.empty() &&
        d.bandwidth_note.empty()) {
      const double from_bus = *d.memory_bus_bits * *d.memory_data_rate_gbps / 8;
      expect(std::fabs(from_bus / *d.bandwidth_gb_s - 1) <= 0.01,
             "device {}: {} bit x {} Gbps / 8 = {:.1f} GB/s, but bandwidth_gb_s says {}", d.id,
             *d.memory_bus_bits, *d.memory_data_rate_gbps, from_bus, *d.bandwidth_gb_s);
    }
  }

  const Records& records_;
  const std::vector<NameEntry>& index_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check(const Records& records, const std::vector<NameEntry>& index) {
  return Checker(records, index).run();
}

}  // namespace qwenfit::catalog
