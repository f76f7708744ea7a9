#include <fmt/format.h>

#include <stdexcept>

#include "qwenfit/error.hpp"
#include "recipes.hpp"

namespace qwenfit::format {

using catalog::Scheme;

Bytes Weights::part_bytes(model::Part part) const {
  Bytes sum = 0;
  for (const TypedTensor& t : tensors) {
    if (t.tensor.part == part && !t.stored_copy) sum += t.total();
  }
  return sum;
}

Bytes Weights::stored_copies() const {
  Bytes sum = 0;
  for (const TypedTensor& t : tensors) {
    if (t.stored_copy) sum += t.total();
  }
  return sum;
}

Bytes Weights::total() const {
  Bytes sum = 0;
  for (const TypedTensor& t : tensors) sum += t.total();
  return sum;
}

std::int64_t Weights::elements() const {
  std::int64_t sum = 0;
  for (const TypedTensor& t : tensors) sum += t.tensor.elements();
  return sum;
}

Bytes tensor_bytes(const catalog::DType& type, std::int64_t rows, std::int64_t row) {
  return rows * units::ceil_div(row, type.block) * type.bytes;
}

model::Layout layout_of(const catalog::WeightFormat& format, const RecipeOptions& options) {
  const bool gguf = format.scheme == Scheme::ggml || format.scheme == Scheme::ggml_recipe ||
                    (format.scheme == Scheme::plain && options.gguf);
  return gguf ? model::Layout::gguf : model::Layout::checkpoint;
}

const catalog::DType& dtype(const catalog::Catalog& catalog, std::string_view id) {
  if (const catalog::DType* type = catalog.dtype(id)) return *type;
  throw std::logic_error(fmt::format("data/formats has no dtype {}", id));
}

void add(Job& job, const model::Tensor& tensor, const catalog::DType& type, Bytes extra) {
  // A vector is one row; a matrix has whole blocks in each of its rows.
  const Bytes bytes = tensor.is_vector ? tensor_bytes(type, tensor.count, tensor.rows)
                                       : tensor_bytes(type, tensor.rows * tensor.count, tensor.cols);
  job.weights.tensors.push_back({tensor, &type, bytes, extra});
}

Weights quantize(const catalog::Catalog& catalog, const catalog::Model& model,
                 const catalog::WeightFormat& format, const RecipeOptions& options) {
  Job job{catalog, format, options, model::build_inventory(model, layout_of(format, options)), {}};
  job.weights.model = &model;
  job.weights.format = &format;
  job.weights.layout = job.inventory.layout;
  job.weights.layers = job.inventory.layers;
  job.weights.tensors.reserve(job.inventory.tensors.size() + 1);
  if (job.inventory.layout == model::Layout::checkpoint) checkpoint(job);
  else ggml(job);
  return std::move(job.weights);
}

}  // namespace qwenfit::format
