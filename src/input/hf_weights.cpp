// What each of the model's tensors takes in the files of a checkpoint: its values, and the scales and indices
// beside them.
#include <algorithm>
#include <map>
#include <set>

#include "hf_model.hpp"
#include "hf_names.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::input {
namespace {

using format::TypedTensor;
using model::Part;
using model::Role;
using model::Tensor;

/// What the files hold of one of the model's tensors.
struct Held {
  std::string type;
  std::int64_t elements = 0;
  Bytes values = 0;
  Bytes extra = 0;
};

/// A part that engines place as a whole.
struct Tower {
  std::map<std::string, Held> types;
  std::int64_t elements = 0;
};

class HfWeigher {
 public:
  HfWeigher(const catalog::Catalog& catalog, LocalModel& local) : catalog_(catalog), local_(local) {}

  format::Weights run() {
    const catalog::Model& m = local_.model;
    const model::Inventory inventory = model::build_inventory(m, model::Layout::checkpoint);
    for (const FileTensor& t : local_.file.tensors) sort(t);
    weights_.model = &m;
    weights_.format = &local_.format;
    weights_.layout = model::Layout::checkpoint;
    weights_.layers = inventory.layers;
    weights_.file_bytes =
        local_.file.file_bytes + (local_.file.header_only ? local_.file.tensor_bytes() : Bytes{0});
    std::map<Part, std::vector<Tensor>> towers;
    for (const Tensor& t : inventory.tensors) {
      if (t.part == Part::text || t.part == Part::mtp) add(t);
      else towers[t.part].push_back(t);
    }
    add_head();
    for (const auto& [part, tensors] : towers) add_tower(part, tensors);
    tell_unknown();
    return std::move(weights_);
  }

 private:
  void sort(const FileTensor& t) {
    // bitsandbytes reads these when it loads the values, and keeps none of them.
    if (t.name.find(".quant_state.") != std::string::npos || t.name.ends_with(".weight_format")) return;
    const Place place = place_of(t.name, local_.model.geometry.layers);
    if (!place.known) {
      if (unknown_++ == 0) first_unknown_ = t.name;
      unknown_bytes_ += t.bytes;
      return;
    }
    if (place.key.part != Part::text && place.key.part != Part::mtp) {
      Tower& tower = towers_[place.key.part];
      Held& held = tower.types[t.type];
      held.type = t.type;
      held.elements += t.elements;
      held.values += t.bytes;
      tower.elements += t.elements;
      return;
    }
    Key key = place.key;
    const int pieces = place.fused ? 2 : 1;
    for (int i = 0; i < pieces; ++i) {
      if (i == 1) key.role = Role::expert_up;
      Held& held = held_[key];
      if (place.values) {
        held.type = t.type;
        held.elements += t.elements / pieces;
        held.values += t.bytes / pieces;
      } else {
        held.extra += t.bytes / pieces;
      }
    }
  }

  static bool is_plain(std::string_view type) {
    return type == "bf16" || type == "f16" || type == "f32" || type == "f64" || type == "f8_e4m3" ||
           type == "f8_e5m2";
  }

  void add(const Tensor& t) {
    const auto it = held_.find({t.part, t.role, t.layer});
    if (it == held_.end()) {
      if (t.part == Part::mtp || t.role == Role::score_head) return;
      bad(local_.path,
          fmt::format("lacks {} of layer {} of {}", module_name(t.role), t.layer, local_.model.name));
    }
    const Held& held = it->second;
    // Where one role stands for several tensors of a layer, they are weighed together.
    if (done_.contains(it->first)) return;
    done_.insert(it->first);
    Tensor whole = t;
    if (is_plain(held.type)) {
      const std::int64_t expected = t.role == Role::score_head ? held.elements : t.elements();
      if (held.elements != expected)
        bad(local_.path, fmt::format("holds {} values of {} of layer {}, where its configuration implies {}",
                                     held.elements, module_name(t.role), t.layer, expected));
    }
    const bool plain = is_plain(held.type);
    const catalog::DType* type = catalog_.dtype(plain ? held.type : local_.format.base);
    if (!plain && local_.format.scheme == catalog::Scheme::plain)
      bad(local_.path, fmt::format("holds {} values of {}, and its configuration does not say how they are "
                                   "quantized",
                                   held.type, module_name(t.role)));
    if (!type) bad(local_.path, fmt::format("holds values of type {}, which is not known", held.type));
    weights_.tensors.push_back({whole, type, held.values, held.extra});
  }

  /// A head that is stored although the embedding serves as one.
  void add_head() {
    const catalog::Geometry& g = local_.model.geometry;
    const auto it = held_.find({Part::text, Role::output, -1});
    if (it == held_.end() || done_.contains(it->first)) return;
    done_.insert(it->first);
    const catalog::DType* type =
        catalog_.dtype(is_plain(it->second.type) ? it->second.type : local_.format.base);
    if (!type) return;
    TypedTensor head{{Role::output, Part::text, -1, false, g.vocab_size, g.hidden_size, 1},
                     type,
                     it->second.values,
                     it->second.extra};
    head.stored_copy = is_plain(it->second.type);
    weights_.tensors.push_back(head);
  }

  /// Towers that are stored as their model has them keep its tensors; others are one lump of each type.
  void add_tower(Part part, const std::vector<Tensor>& tensors) {
    const auto it = towers_.find(part);
    if (it == towers_.end()) return;
    placed_.insert(part);
    std::int64_t elements = 0;
    for (const Tensor& t : tensors) elements += t.elements();
    const Tower& tower = it->second;
    if (tower.types.size() == 1 && tower.elements == elements) {
      const catalog::DType* type = catalog_.dtype(tower.types.begin()->first);
      if (type) {
        for (const Tensor& t : tensors)
          weights_.tensors.push_back({t, type, t.elements() * type->bytes / type->block, 0});
        return;
      }
    }
    for (const auto& [name, held] : tower.types) {
      const catalog::DType* type = catalog_.dtype(is_plain(name) ? name : std::string_view("u8"));
      Tensor lump = tensors.front();
      lump.is_vector = true;
      lump.rows = is_plain(name) ? held.elements : held.values;
      lump.cols = lump.count = 1;
      weights_.tensors.push_back({lump, type, held.values, 0});
    }
  }

  void tell_unknown() {
    std::size_t rest = 0;
    for (const auto& [key, held] : held_) rest += done_.contains(key) ? 0 : 1;
    for (const auto& [part, tower] : towers_) {
      Bytes bytes = 0;
      for (const auto& [type, held] : tower.types) bytes += held.values;
      if (!placed_.contains(part))
        local_.differences.push_back(fmt::format("{} of {} are stored and not counted",
                                                 units::format_bytes(bytes),
                                                 part == Part::code2wav ? "the vocoder" : "a tower"));
    }
    if (unknown_ > 0)
      local_.differences.push_back(
          fmt::format("{} tensors of {} are no part of this architecture and are not counted: {} ...",
                      unknown_, units::format_bytes(unknown_bytes_), first_unknown_));
    if (rest > 0)
      local_.differences.push_back(
          fmt::format("{} modules are stored that {} does not have", rest, local_.model.name));
  }

  const catalog::Catalog& catalog_;
  LocalModel& local_;
  format::Weights weights_;
  std::map<Key, Held> held_;
  std::set<Key> done_;
  std::map<Part, Tower> towers_;
  std::set<Part> placed_;  ///< of them, those that the model has
  std::size_t unknown_ = 0;
  Bytes unknown_bytes_ = 0;
  std::string first_unknown_;
};

}  // namespace

int mtp_blocks(const ModelFile& file) {
  int blocks = 0;
  for (const FileTensor& t : file.tensors) {
    const Place place = place_of(t.name, 0);
    if (place.known && place.key.part == Part::mtp && place.key.role == Role::attn_q)
      blocks = std::max(blocks, place.key.layer + 1);
  }
  return blocks;
}

bool holds_module(const ModelFile& file, std::string_view module) {
  return std::any_of(file.tensors.begin(), file.tensors.end(), [&](const FileTensor& t) {
    const auto words = words_of(t.name);
    return part_of(words) == Part::text && std::find(words.begin(), words.end(), module) != words.end();
  });
}

bool holds_part(const ModelFile& file, model::Part part) {
  return std::any_of(file.tensors.begin(), file.tensors.end(),
                     [&](const FileTensor& t) { return part_of(words_of(t.name)) == part; });
}

void weigh_checkpoint(const catalog::Catalog& catalog, LocalModel& local) {
  local.weights = std::make_shared<const format::Weights>(HfWeigher(catalog, local).run());
}

}  // namespace qwenfit::input
