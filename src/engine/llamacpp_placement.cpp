#include "llamacpp_placement.hpp"

#include <algorithm>

namespace qwenfit::engine::llamacpp {
namespace {

using model::Part;
using model::Role;

constexpr Bytes kDeviceAlignment = 128;
constexpr Bytes kHostAlignment = 32;
constexpr std::int64_t kRowStep = 512;  // MATRIX_ROW_PADDING of the CUDA backend

/// Bytes of a buffer that one tensor takes: whole alignment steps; on cards rows of quantized matrices are
/// readable up to the next 512 elements.
Bytes buffer_bytes(Bytes bytes, Type type, std::int64_t row, bool on_device) {
  if (!on_device) return align_up(bytes, kHostAlignment);
  if (type.quantized && row % kRowStep != 0) bytes += (kRowStep - row % kRowStep) / type.block * type.bytes;
  return align_up(bytes, kDeviceAlignment);
}

bool is_expert(Role role) {
  return role == Role::expert_gate || role == Role::expert_up || role == Role::expert_down;
}

/// The device of a tensor.
int device_of(const Arrangement& a, const model::Tensor& t) {
  if (t.role == Role::token_embedding || t.part == Part::ngram) return kHost;
  if (t.layer < 0) return a.output;
  if (is_expert(t.role) && a.experts_on_host[static_cast<std::size_t>(t.layer)]) return kHost;
  return a.layers[static_cast<std::size_t>(t.layer)];
}

void add_weights(MemoryPlan& plan, int device, Bytes bytes) {
  (device == kHost ? plan.host.weights : plan.devices[static_cast<std::size_t>(device)].weights) += bytes;
}

}  // namespace

int file_layers(const format::Weights& weights) {
  int last = -1;
  for (const format::TypedTensor& t : weights.tensors) {
    if (t.tensor.part == Part::text || t.tensor.part == Part::mtp) last = std::max(last, int{t.tensor.layer});
  }
  return last + 1;
}

Arrangement arrange(int layers, int gpu_layers, const std::vector<double>& shares, int cpu_moe_layers) {
  Arrangement a;
  a.gpu_layers = std::min(gpu_layers, layers + 1);
  a.layers.resize(static_cast<std::size_t>(layers));
  a.experts_on_host.resize(static_cast<std::size_t>(layers));
  for (int i = 0; i < std::min(layers, cpu_moe_layers); ++i)
    a.experts_on_host[static_cast<std::size_t>(i)] = true;
  // In single precision, as the engine counts.
  std::vector<float> bounds;
  float sum = 0;
  for (const double share : shares) bounds.push_back(sum += static_cast<float>(share));
  for (float& bound : bounds) bound /= sum;
  const int first = std::max(layers + 1 - gpu_layers, 0);
  const auto device = [&](int layer) -> int {
    if (layer < first || bounds.empty()) return kHost;
    const float at = static_cast<float>(layer - first) / static_cast<float>(a.gpu_layers);
    const auto it = std::upper_bound(bounds.begin(), bounds.end(), at);
    return static_cast<int>(std::min(it - bounds.begin(), std::ssize(bounds) - 1));
  };
  for (int i = 0; i < layers; ++i)
    a.layers[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(device(i));
  a.output = device(layers);
  return a;
}

void place_weights(const Setup& setup, const Arrangement& a, bool load_mtp, MemoryPlan& plan) {
  const format::TypedTensor* embedding = nullptr;
  bool has_head = false;
  for (const format::TypedTensor& t : setup.weights->tensors) {
    const bool loaded = t.tensor.part == Part::text || t.tensor.part == Part::ngram ||
                        (t.tensor.part == Part::mtp && load_mtp);
    if (!loaded) continue;
    if (t.tensor.role == Role::token_embedding) embedding = &t;
    has_head = has_head || t.tensor.role == Role::output;
    const int device = device_of(a, t.tensor);
    const std::int64_t row = t.tensor.is_vector ? t.tensor.rows : t.tensor.cols;
    // Experts are one tensor; other equal ones are tensors of their own.
    const std::int64_t tensors = is_expert(t.tensor.role) ? 1 : t.tensor.count;
    add_weights(plan, device,
                tensors * buffer_bytes(t.total() / tensors, type_of(*t.type), row, device != kHost));
  }
  // A tied head is the embedding once more, unless the head is computed on the host.
  if (embedding && !has_head && a.output != kHost)
    add_weights(plan, a.output,
                buffer_bytes(embedding->total(), type_of(*embedding->type), embedding->tensor.cols, true));
}

Bytes layer_cache_bytes(const ModelShape& shape, const ContextShape& context, bool on_device) {
  Bytes sum = 0;
  for (const Type type : {context.k, context.v}) {
    const Bytes row = shape.kv_width() / type.block * type.bytes;
    sum += buffer_bytes(row * context.cells * context.streams, type, shape.kv_width(), on_device);
  }
  return sum;
}

void place_caches(const Setup& setup, const ContextShape& context, const Arrangement& a, MemoryPlan& plan) {
  const ModelShape shape = shape_of(*setup.model);
  const std::int64_t rows = context.sequences * context.snapshots;
  const std::int64_t channels = (2 * std::int64_t{shape.key_heads} + shape.value_heads) * shape.state;
  const Bytes conv = (shape.conv - 1) * channels * 4 * rows;
  const Bytes state = std::int64_t{shape.state} * shape.state * shape.value_heads * 4 * rows;
  for (int layer = 0; layer < shape.layers; ++layer) {
    const int device = a.layers[static_cast<std::size_t>(layer)];
    const bool card = device != kHost;
    DeviceMemory* d = card ? &plan.devices[static_cast<std::size_t>(device)] : nullptr;
    if (shape.linear(layer)) {
      const Bytes bytes = buffer_bytes(conv, kF32, 0, card) + buffer_bytes(state, kF32, 0, card);
      (card ? d->recurrent_state : plan.host.recurrent_state) += bytes;
    } else {
      (card ? d->kv_cache : plan.host.kv_cache) += layer_cache_bytes(shape, context, card);
    }
  }
}

Placement placement_of(const Setup& setup, const Arrangement& a, int gpus) {
  Placement p;
  const auto backend = [&](int device) { return static_cast<std::int16_t>(device == kHost ? gpus : device); };
  p.host = gpus;
  p.output = backend(a.output);
  p.everything_offloaded = a.gpu_layers > static_cast<int>(a.layers.size());
  const std::size_t trunk = static_cast<std::size_t>(setup.model->geometry.layers);
  constexpr std::size_t kRoles = static_cast<std::size_t>(Role::talker_vector) + 1;
  p.ends.assign(kRoles, kF32);
  std::vector<TypeSet> sets(trunk);
  bool streams = false;
  for (std::size_t i = 0; i < trunk; ++i) {
    p.layers.push_back({backend(a.layers[i]), a.experts_on_host[i], 0});
    streams = streams || a.layers[i] == kHost || a.experts_on_host[i];
  }
  // Types matter only where weights are copied to a card to be used there.
  if (!streams && a.output != kHost) {
    p.types.assign(1, p.ends);
    return p;
  }
  for (const format::TypedTensor& t : setup.weights->tensors) {
    if (t.tensor.part != Part::text) continue;
    const auto role = static_cast<std::size_t>(t.tensor.role);
    if (t.tensor.layer < 0) {
      p.ends[role] = type_of(*t.type);
    } else {
      TypeSet& set = sets[static_cast<std::size_t>(t.tensor.layer)];
      if (set.empty()) set.assign(kRoles, kF32);
      set[role] = type_of(*t.type);
    }
  }
  const auto embedding = static_cast<std::size_t>(Role::token_embedding);
  const auto head = static_cast<std::size_t>(Role::output);
  if (p.ends[head] == kF32) p.ends[head] = p.ends[embedding];
  for (std::size_t i = 0; i < trunk; ++i) {
    const auto known = std::find(p.types.begin(), p.types.end(), sets[i]);
    p.layers[i].type_set = static_cast<std::int16_t>(known - p.types.begin());
    if (known == p.types.end()) p.types.push_back(sets[i]);
  }
  return p;
}

}  // namespace qwenfit::engine::llamacpp
