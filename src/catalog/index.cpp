#include "index.hpp"

#include <algorithm>
#include <tuple>

namespace qwenfit::catalog {
namespace {

auto key(const NameEntry& e) {
  return std::tuple(e.kind, e.name);
}

class Builder {
 public:
  Builder(Arena& arena) : arena_(arena) {}

  void add(NameKind kind, std::string_view name, std::size_t record, std::int32_t variant = -1) {
    std::string folded = kind == NameKind::model ? fold_model_name(name) : fold_name(name);
    if (folded.empty()) return;
    entries_.push_back({kind, arena_.keep(std::move(folded)), static_cast<std::int32_t>(record), variant});
  }

  /// A Hugging Face id counts with and without its owner.
  void add_repository(std::string_view hf_id, std::size_t record, std::int32_t variant = -1) {
    add(NameKind::model, hf_id, record, variant);
    if (const auto slash = hf_id.find('/'); slash != std::string_view::npos) {
      add(NameKind::model, hf_id.substr(slash + 1), record, variant);
    }
  }

  std::vector<NameEntry> finish() {
    std::sort(entries_.begin(), entries_.end(), [](const NameEntry& a, const NameEntry& b) {
      return std::tuple(a.kind, a.name, a.record, a.variant) <
             std::tuple(b.kind, b.name, b.record, b.variant);
    });
    // One record often has the same name several times over (id, name, repository); the record itself
    // comes before its variants.
    const auto same = [](const NameEntry& a, const NameEntry& b) {
      return key(a) == key(b) && a.record == b.record;
    };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
    return std::move(entries_);
  }

 private:
  Arena& arena_;
  std::vector<NameEntry> entries_;
};

}  // namespace

std::vector<NameEntry> build_index(const Records& records, Arena& arena) {
  Builder builder(arena);
  for (std::size_t i = 0; i < records.models.size(); ++i) {
    const Model& model = records.models[i];
    builder.add(NameKind::model, model.id, i);
    builder.add(NameKind::model, model.name, i);
    builder.add_repository(model.hf_id, i);
    for (const Text alias : model.aliases) builder.add(NameKind::model, alias, i);
    for (std::size_t v = 0; v < model.variants.size(); ++v) {
      builder.add(NameKind::model, model.variants[v].name, i, static_cast<std::int32_t>(v));
      builder.add_repository(model.variants[v].hf_id, i, static_cast<std::int32_t>(v));
    }
    for (const RegistryTag& tag : model.tags) {
      std::int32_t variant = -1;
      for (std::size_t v = 0; v < model.variants.size(); ++v) {
        if (model.variants[v].name == tag.variant) variant = static_cast<std::int32_t>(v);
      }
      builder.add(NameKind::model, tag.name, i, variant);
    }
  }
  const auto plain = [&](NameKind kind, const auto& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      builder.add(kind, list[i].id, i);
      builder.add(kind, list[i].name, i);
      for (const Text alias : list[i].aliases) builder.add(kind, alias, i);
    }
  };
  plain(NameKind::device, records.devices);
  plain(NameKind::format, records.formats);
  plain(NameKind::engine, records.engines);
  return builder.finish();
}

std::span<const NameEntry> find_entries(std::span<const NameEntry> index, NameKind kind,
                                        std::string_view folded) {
  const auto [first, last] =
      std::equal_range(index.begin(), index.end(), NameEntry{kind, folded, 0, 0},
                       [](const NameEntry& a, const NameEntry& b) { return key(a) < key(b); });
  return {first, last};
}

}  // namespace qwenfit::catalog
