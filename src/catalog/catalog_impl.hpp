#pragma once

#include <memory>
#include <span>
#include <vector>

#include "index.hpp"
#include "records.hpp"

namespace qwenfit::catalog {

struct Catalog::Impl {
  std::vector<const Model*> models;
  std::vector<const Device*> devices;
  std::vector<const WeightFormat*> formats;
  std::vector<const DType*> dtypes;
  std::vector<const Engine*> engines;
  std::span<const NameEntry> names;

  // Overlays only: the merged records and what they point to.
  std::shared_ptr<const Impl> base;
  Arena arena;
  Records records;
  std::vector<NameEntry> own_names;
};

}  // namespace qwenfit::catalog
