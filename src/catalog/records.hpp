// The records of one or more catalog files, decoded, with the memory that their texts and lists live
// in. Internal to the catalog room and its build-time tool.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"

namespace qwenfit::catalog {

/// Owns what Text and List point to; addresses stay valid as it grows.
class Arena {
 public:
  Text keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  template <class T>
  List<T> keep(std::vector<T> items) {
    if (items.empty()) return {};
    auto owned = std::make_shared<std::vector<T>>(std::move(items));
    const List<T> list{owned->data(), owned->size()};
    lists_.push_back(std::move(owned));
    return list;
  }

 private:
  std::deque<std::string> texts_;
  std::vector<std::shared_ptr<void>> lists_;
};

struct Records {
  std::vector<Model> models;
  std::vector<DType> dtypes;
  std::vector<WeightFormat> formats;
  std::vector<Device> devices;
  std::vector<Engine> engines;
};

/// Walks the record lists with the JSON key of each.
template <class R, class F>
void for_each_list(R& records, F&& f) {
  f("models", records.models);
  f("dtypes", records.dtypes);
  f("formats", records.formats);
  f("devices", records.devices);
  f("engines", records.engines);
}

/// Adds the records of `path` (one .json file, or every .json file below a directory except schemas,
/// in name order) to `into`.
/// @throws Error(bad_input | io) naming file, line and key.
void read_files(const std::string& path, Records& into, Arena& arena);

/// The same for JSON text in memory; `name` stands for the file in messages.
void read_text(const std::string& name, std::string_view text, Records& into, Arena& arena);

}  // namespace qwenfit::catalog
