// Records -> JSON, as the files of data/ have them: the inverse of read.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "qwenfit/catalog.hpp"

namespace qwenfit::catalog {

/// The record with its keys in the order of fields.hpp; keys that hold nothing are left out.
nlohmann::ordered_json to_json(const Model& record);
nlohmann::ordered_json to_json(const DType& record);
nlohmann::ordered_json to_json(const WeightFormat& record);
nlohmann::ordered_json to_json(const Device& record);
nlohmann::ordered_json to_json(const Engine& record);
nlohmann::ordered_json to_json(const PublishedFile& record);
nlohmann::ordered_json to_json(const Download& record);
nlohmann::ordered_json to_json(const QualityTable& record);

}  // namespace qwenfit::catalog
