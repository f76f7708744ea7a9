// What the targets of model files share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "qwenfit/error.hpp"
#include "qwenfit/input.hpp"
#include "qwenfit/model.hpp"

namespace fuzz {

inline std::string text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Makes a model of the file; what comes out has to hold together. A damaged file gives a qwenfit::Error.
inline void make_model(qwenfit::input::ModelFile file) {
  using namespace qwenfit;
  file.files = {"fuzz"};
  const auto local = input::model_of(catalog::Catalog::builtin(), "fuzz", std::move(file));
  const model::ParameterCount count =
      model::count_parameters(model::build_inventory(local->model, model::Layout::checkpoint));
  if (count.total <= 0 || local->model.id.empty()) __builtin_trap();
  if (!local->weights) return;
  if (local->weights->total() < 0 || local->weights->total() > local->file.tensor_bytes()) __builtin_trap();
  for (const format::TypedTensor& t : local->weights->tensors) {
    if (!t.type || t.bytes < 0 || t.extra < 0) __builtin_trap();
  }
}

}  // namespace fuzz
