// The records of one or more catalog files, decoded, with the memory that their texts and lists live
// in. Internal to the catalog room and its build-time tool.
#pragma once

#include <deque>
#include <map>
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
  std::vector<PublishedFile> published_files;
  std::vector<Download> downloads;
  std::vector<QualityTable> quality_tables;
};

/// Walks the record lists with the JSON key of each.
template <class R, class F>
void for_each_list(R& records, F&& f) {
  f("models", records.models);
  f("dtypes", records.dtypes);
  f("formats", records.formats);
  f("devices", records.devices);
  f("engines", records.engines);
  f("published_files", records.published_files);
  f("downloads", records.downloads);
  f("quality_tables", records.quality_tables);
}

/// Where the records of a file stand, for messages about them: "model qwen3-8b" -> "my.json:4".
using Origins = std::map<std::string, std::string, std::less<>>;

/// "model", "device" ...: how messages call a record of this type.
template <class R>
constexpr std::string_view kind_of();
template <>
constexpr std::string_view kind_of<Model>() {
  return "model";
}
template <>
constexpr std::string_view kind_of<DType>() {
  return "dtype";
}
template <>
constexpr std::string_view kind_of<WeightFormat>() {
  return "format";
}
template <>
constexpr std::string_view kind_of<Device>() {
  return "device";
}
template <>
constexpr std::string_view kind_of<Engine>() {
  return "engine";
}
template <>
constexpr std::string_view kind_of<PublishedFile>() {
  return "published file";
}
template <>
constexpr std::string_view kind_of<Download>() {
  return "download";
}
template <>
constexpr std::string_view kind_of<QualityTable>() {
  return "quality table";
}

/// Reads the records of `path` (one .json file, or those in a folder and its folders, in name order; schemas
/// and config.json are left out) into `into`. A record whose id `into` had before changes only in the keys
/// that it gives: lists of texts grow, all else is replaced. Every other record has to be complete.
/// @throws Error(bad_input | io) naming file, line and key.
void read_files(const std::string& path, Records& into, Arena& arena, Origins& origins);

/// The same for JSON text in memory; `name` stands for the file in messages.
void read_text(const std::string& name, std::string_view text, Records& into, Arena& arena, Origins& origins);

/// The files that `read_files` reads. @throws Error(io).
std::vector<std::string> catalog_files(const std::string& path);

}  // namespace qwenfit::catalog
