#include "llamacpp_weights.hpp"

#include <algorithm>

#include "format/per_weights.hpp"

namespace qwenfit::engine::llamacpp {
namespace {

using model::Part;
using model::Role;

constexpr Bytes kCardAlignment = 128;
constexpr Bytes kWeightAlignment = 32;
constexpr std::size_t kRoles = static_cast<std::size_t>(Role::talker_vector) + 1;

bool is_expert(Role role) {
  return role == Role::expert_gate || role == Role::expert_up || role == Role::expert_down;
}

BufferBytes& operator+=(BufferBytes& a, const BufferBytes& b) {
  a.card += b.card;
  a.host += b.host;
  return a;
}

BufferBytes buffer_bytes_of(const format::TypedTensor& t) {
  const std::int64_t row = t.tensor.is_vector ? t.tensor.rows : t.tensor.cols;
  // Experts are one tensor; other equal ones are tensors of their own.
  const std::int64_t tensors = is_expert(t.tensor.role) ? 1 : t.tensor.count;
  const Type type = type_of(*t.type);
  const Bytes each = t.total() / tensors;
  return {tensors * buffer_bytes(each, type, row, true), tensors * buffer_bytes(each, type, row, false)};
}

void add_type(WeightTable& table, std::vector<TypeSet>& sets, const format::TypedTensor& t) {
  const auto role = static_cast<std::size_t>(t.tensor.role);
  if (t.tensor.layer < 0) {
    table.end_types[role] = type_of(*t.type);
    return;
  }
  const auto layer = static_cast<std::size_t>(t.tensor.layer);
  if (layer >= sets.size()) sets.resize(layer + 1);  // MTP blocks
  TypeSet& set = sets[layer];
  if (set.empty()) set.assign(kRoles, kF32);
  set[role] = type_of(*t.type);
}

WeightTable make_table(const format::Weights& weights) {
  WeightTable table;
  const auto trunk = static_cast<std::size_t>(weights.model->geometry.layers);
  table.layers.resize(trunk);
  table.end_types.assign(kRoles, kF32);
  std::vector<TypeSet> sets(trunk);
  const format::TypedTensor* embedding = nullptr;
  bool has_head = false;
  for (const format::TypedTensor& t : weights.tensors) {
    const Part part = t.tensor.part;
    if (t.stored_copy || (part != Part::text && part != Part::mtp && part != Part::ngram)) continue;
    const BufferBytes bytes = buffer_bytes_of(t);
    if (part == Part::ngram) {
      table.input += bytes.host;
      continue;
    }
    if (part == Part::text || t.tensor.layer >= 0) add_type(table, sets, t);
    if (t.tensor.role == Role::token_embedding) {
      embedding = &t;
      table.input += bytes.host;
    } else if (t.tensor.layer < 0) {
      has_head = has_head || t.tensor.role == Role::output;
      table.ends += bytes;
    } else {
      const auto layer = static_cast<std::size_t>(t.tensor.layer);
      if (layer >= table.layers.size()) table.layers.resize(layer + 1);
      (is_expert(t.tensor.role) ? table.layers[layer].experts : table.layers[layer].rest) += bytes;
    }
  }
  if (embedding && !has_head) {
    table.tied_head = buffer_bytes_of(*embedding).card;
    table.end_types[static_cast<std::size_t>(Role::output)] = type_of(*embedding->type);
  }
  for (TypeSet& set : sets) {
    const auto known = std::find(table.types.begin(), table.types.end(), set);
    table.type_set.push_back(static_cast<std::int16_t>(known - table.types.begin()));
    if (known == table.types.end()) table.types.push_back(std::move(set));
  }
  return table;
}

}  // namespace

Bytes buffer_bytes(Bytes bytes, Type type, std::int64_t row, bool on_card) {
  if (!on_card) return align_up(bytes, kWeightAlignment);
  if (type.quantized && row % kRowStep != 0) bytes += (kRowStep - row % kRowStep) / type.block * type.bytes;
  return align_up(bytes, kCardAlignment);
}

std::shared_ptr<const WeightTable> weight_table(const std::shared_ptr<const format::Weights>& weights) {
  thread_local format::PerWeights<const WeightTable> tables;
  return tables.of(weights, make_table);
}

}  // namespace qwenfit::engine::llamacpp
