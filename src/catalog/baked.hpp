// The arrays that the bake tool writes: the whole of data/ as constant data of the binary.
#pragma once

#include <span>

#include "index.hpp"
#include "qwenfit/catalog.hpp"

namespace qwenfit::catalog::baked {

extern const std::span<const Model> models;
extern const std::span<const DType> dtypes;
extern const std::span<const WeightFormat> formats;
extern const std::span<const Device> devices;
extern const std::span<const Engine> engines;
extern const std::span<const PublishedFile> published_files;
extern const std::span<const Download> downloads;
extern const std::span<const QualityTable> quality_tables;
extern const std::span<const NameEntry> names;
extern const std::string_view date;

}  // namespace qwenfit::catalog::baked
