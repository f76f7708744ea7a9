#include "filter.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "fields.hpp"

namespace qwenfit::catalog {
namespace {

/// The texts in which a filter looks; a text is compared whole, so that "30b-a3b" finds Qwen3-30B-A3B.
class Haystack {
 public:
  Haystack(std::initializer_list<Text> texts) {
    for (const Text text : texts) add(text);
  }
  void add(Text text) { folded_ += fold_model_name(text) + "\n"; }
  void add(const Texts& texts) {
    for (const Text text : texts) add(text);
  }

  bool holds(std::string_view filter) const {
    while (!filter.empty()) {
      const auto end = std::min(filter.find(' '), filter.size());
      if (folded_.find(fold_model_name(filter.substr(0, end))) == std::string::npos) return false;
      filter.remove_prefix(std::min(end + 1, filter.size()));
    }
    return true;
  }

 private:
  std::string folded_;
};

}  // namespace

bool matches(const Model& m, std::string_view filter) {
  Haystack stack{m.id,   m.name,     m.hf_id,        m.family,  m.architecture,
                 m.kind, m.modality, m.release_date, m.license, m.publisher};
  stack.add(m.aliases);
  for (const Variant& v : m.variants) {
    stack.add(v.name);
    stack.add(v.kind);
  }
  stack.add(m.geometry.moe ? "moe" : "dense");
  return stack.holds(filter);
}

bool matches(const Device& d, std::string_view filter) {
  Haystack stack{d.id, d.name, d.arch, enum_name(d.vendor), d.memory_type, enum_name(d.device_class)};
  stack.add(d.aliases);
  return stack.holds(filter);
}

bool matches(const WeightFormat& f, std::string_view filter) {
  Haystack stack{f.id, f.name, enum_name(f.scheme), f.base};
  stack.add(f.aliases);
  return stack.holds(filter);
}

bool matches(const Engine& e, std::string_view filter) {
  Haystack stack{e.id, e.name};
  stack.add(e.aliases);
  stack.add(e.backends);
  stack.add(e.schemes);
  return stack.holds(filter);
}

}  // namespace qwenfit::catalog
