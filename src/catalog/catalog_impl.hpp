// What a Catalog holds.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "device_names.hpp"
#include "index.hpp"
#include "mig.hpp"
#include "model_names.hpp"
#include "records.hpp"

namespace qwenfit::catalog {

struct Catalog::Impl {
  std::vector<const Model*> models;
  std::vector<const Device*> devices;
  std::vector<const WeightFormat*> formats;
  std::vector<const DType*> dtypes;
  std::vector<const Engine*> engines;
  std::vector<const PublishedFile*> published_files;
  std::vector<const Download*> downloads;
  std::vector<const QualityTable*> quality_tables;
  std::span<const NameEntry> names;

  // Overlays only: the merged records and what they point to.
  std::shared_ptr<const Impl> base;
  Arena arena;
  Records records;
  std::vector<NameEntry> own_names;

  /// The words of all names; made when the first name is looked up that the index does not have.
  const ModelNames& model_names() const {
    std::call_once(model_names_once, [&] { model_words = std::make_unique<ModelNames>(models); });
    return *model_words;
  }
  const DeviceNames& device_names() const {
    std::call_once(device_names_once, [&] { device_words = std::make_unique<DeviceNames>(devices); });
    return *device_words;
  }
  mutable MigSlices slices;
  mutable std::once_flag model_names_once, device_names_once;
  mutable std::unique_ptr<const ModelNames> model_words;
  mutable std::unique_ptr<const DeviceNames> device_words;
};

/// Copies of all records of a catalog, for an overlay to be read over them.
Records copy_records(const Catalog& catalog);

/// The weight format with this folded name, else null.
const WeightFormat* format_named(const Catalog::Impl& catalog, std::string_view folded);

}  // namespace qwenfit::catalog
