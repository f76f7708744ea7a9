#include "qwenfit/catalog.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "baked.hpp"
#include "catalog_impl.hpp"
#include "check.hpp"
#include "fields.hpp"
#include "nearest.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::catalog {
namespace {

template <class T>
std::vector<const T*> pointers(std::span<const T> items) {
  std::vector<const T*> out;
  out.reserve(items.size());
  for (const T& item : items) out.push_back(&item);
  return out;
}

template <class T>
const T* by_id(const std::vector<const T*>& items, std::string_view id) {
  for (const T* item : items) {
    if (item->id == id) return item;
  }
  return nullptr;
}

template <class T>
void copy(std::vector<T>& into, const std::vector<const T*>& from) {
  into.reserve(from.size());
  for (const T* record : from) into.push_back(*record);
}

/// The problems of the overlay's own records as one sentence, each with its place; empty without any. (Others
/// can only be systems whose sums no longer are those of a card that the overlay changed: nothing reads
/// them.)
std::string sentence(const std::vector<Problem>& problems, const Origins& origins) {
  std::string text;
  for (const Problem& p : problems) {
    const auto origin = origins.find(p.record);
    if (origin == origins.end()) continue;
    text += fmt::format("{}{}: {}: {}", text.empty() ? "" : "; ", origin->second, p.record, p.text);
  }
  return text;
}

}  // namespace

const Catalog& Catalog::builtin() {
  static const Catalog catalog = [] {
    auto impl = std::make_shared<Impl>();
    impl->models = pointers(baked::models);
    impl->devices = pointers(baked::devices);
    impl->formats = pointers(baked::formats);
    impl->dtypes = pointers(baked::dtypes);
    impl->engines = pointers(baked::engines);
    impl->published_files = pointers(baked::published_files);
    impl->downloads = pointers(baked::downloads);
    impl->quality_tables = pointers(baked::quality_tables);
    impl->names = baked::names;
    return Catalog(std::move(impl));
  }();
  return catalog;
}

Records copy_records(const Catalog& catalog) {
  Records out;
  copy(out.models, catalog.models());
  copy(out.devices, catalog.devices());
  copy(out.formats, catalog.formats());
  copy(out.dtypes, catalog.dtypes());
  copy(out.engines, catalog.engines());
  copy(out.published_files, catalog.published_files());
  copy(out.downloads, catalog.downloads());
  copy(out.quality_tables, catalog.quality_tables());
  return out;
}

Catalog Catalog::with_overlay(const std::string& path) const {
  auto impl = std::make_shared<Impl>();
  impl->base = impl_;
  impl->records = copy_records(*this);
  Origins origins;
  read_files(path, impl->records, impl->arena, origins);
  impl->models = pointers(std::span<const Model>(impl->records.models));
  impl->devices = pointers(std::span<const Device>(impl->records.devices));
  impl->formats = pointers(std::span<const WeightFormat>(impl->records.formats));
  impl->dtypes = pointers(std::span<const DType>(impl->records.dtypes));
  impl->engines = pointers(std::span<const Engine>(impl->records.engines));
  impl->published_files = pointers(std::span<const PublishedFile>(impl->records.published_files));
  impl->downloads = pointers(std::span<const Download>(impl->records.downloads));
  impl->quality_tables = pointers(std::span<const QualityTable>(impl->records.quality_tables));
  impl->own_names = build_index(impl->records, impl->arena);
  impl->names = impl->own_names;
  const std::string problems = sentence(check(impl->records, impl->own_names).problems, origins);
  if (!problems.empty()) throw Error(ErrorCode::bad_input, problems);
  return Catalog(std::move(impl));
}

const std::vector<const Model*>& Catalog::models() const {
  return impl_->models;
}
const std::vector<const Device*>& Catalog::devices() const {
  return impl_->devices;
}
const std::vector<const WeightFormat*>& Catalog::formats() const {
  return impl_->formats;
}
const std::vector<const DType*>& Catalog::dtypes() const {
  return impl_->dtypes;
}
const std::vector<const Engine*>& Catalog::engines() const {
  return impl_->engines;
}
const std::vector<const PublishedFile*>& Catalog::published_files() const {
  return impl_->published_files;
}
const std::vector<const Download*>& Catalog::downloads() const {
  return impl_->downloads;
}
const std::vector<const QualityTable*>& Catalog::quality_tables() const {
  return impl_->quality_tables;
}

const Model* Catalog::model(std::string_view id) const {
  return by_id(impl_->models, id);
}
const Device* Catalog::device(std::string_view id) const {
  return by_id(impl_->devices, id);
}
const WeightFormat* Catalog::format(std::string_view id) const {
  return by_id(impl_->formats, id);
}
const DType* Catalog::dtype(std::string_view id) const {
  return by_id(impl_->dtypes, id);
}
const Engine* Catalog::engine(std::string_view id) const {
  return by_id(impl_->engines, id);
}

std::string_view Catalog::date() {
  return baked::date;
}

const WeightFormat* format_named(const Catalog::Impl& catalog, std::string_view folded) {
  const auto found = find_entries(catalog.names, NameKind::format, folded);
  return found.empty() ? nullptr : catalog.formats[static_cast<std::size_t>(found.front().record)];
}

const WeightFormat& Catalog::find_format(std::string_view name) const {
  const std::string folded = fold_name(name);
  if (const WeightFormat* format = format_named(*impl_, folded)) return *format;
  // "i1-Q4_K_M": made with an importance matrix, as mradermacher marks files.
  if (const std::string_view mark = "i1"; folded.starts_with(mark)) {
    if (const WeightFormat* format = format_named(*impl_, folded.substr(mark.size()))) return *format;
  }
  std::vector<std::string_view> known;
  for (const WeightFormat* f : impl_->formats) known.push_back(f->id);
  throw Error(ErrorCode::unknown_name, fmt::format("unknown weight format '{}'{}", name,
                                                   or_listed(did_you_mean(name, known), "formats")));
}

const Engine& Catalog::find_engine(std::string_view name) const {
  const auto found = find_entries(impl_->names, NameKind::engine, fold_name(name));
  if (!found.empty()) return *impl_->engines[static_cast<std::size_t>(found.front().record)];
  std::vector<std::string_view> known;
  for (const Engine* e : impl_->engines) known.push_back(e->id);
  throw Error(ErrorCode::unknown_name,
              fmt::format("unknown engine '{}'{}", name, did_you_mean_of_few(name, known)));
}

std::string_view scheme_name(Scheme scheme) {
  return enum_name(scheme);
}

const Constant& constant(const Engine& engine, std::string_view name) {
  for (const Constant& c : engine.constants) {
    if (c.name == name) return c;
  }
  throw std::logic_error(fmt::format("data/engines: engine {} has no constant {}", engine.id, name));
}

}  // namespace qwenfit::catalog
