#include "llamacpp_placement.hpp"

#include <algorithm>

namespace qwenfit::engine::llamacpp {
namespace {

void add(MemoryPlan& plan, int device, const BufferBytes& bytes) {
  if (device == kHost) plan.host.weights += bytes.host;
  else plan.devices[static_cast<std::size_t>(device)].weights += bytes.card;
}

}  // namespace

bool Arrangement::moves_experts() const {
  return std::find(experts_on_host.begin(), experts_on_host.end(), true) != experts_on_host.end();
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

void place_weights(const WeightTable& table, int trunk_layers, const Arrangement& a, bool load_mtp,
                   MemoryPlan& plan) {
  const std::size_t loaded = load_mtp ? table.layers.size() : static_cast<std::size_t>(trunk_layers);
  for (std::size_t i = 0; i < loaded; ++i) {
    add(plan, a.layers[i], table.layers[i].rest);
    add(plan, a.experts_on_host[i] ? kHost : a.layers[i], table.layers[i].experts);
  }
  add(plan, a.output, table.ends);
  plan.host.weights += table.input;
  // A tied head is the embedding once more, unless the head is computed on the host.
  if (a.output != kHost) plan.devices[static_cast<std::size_t>(a.output)].weights += table.tied_head;
}

Bytes layer_cache_bytes(const ModelShape& shape, const ContextShape& context, bool on_card) {
  Bytes sum = 0;
  for (const Type type : {context.k, context.v}) {
    const Bytes row = shape.kv_width() / type.block * type.bytes;
    sum += buffer_bytes(row * context.cells * context.streams, type, shape.kv_width(), on_card);
  }
  if (shape.indexer_dim > 0) {
    const Bytes row = std::int64_t{shape.indexer_dim} / context.k.block * context.k.bytes;
    sum += buffer_bytes(row * context.cells * context.streams, context.k, shape.indexer_dim, on_card);
  }
  return sum;
}

std::vector<CachedLayers> cached_layers(const ModelShape& shape, const Arrangement& a) {
  std::vector<CachedLayers> out;
  for (int layer = 0; layer < shape.layers; ++layer) {
    const int device = a.layers[static_cast<std::size_t>(layer)];
    auto it = std::find_if(out.begin(), out.end(), [&](const CachedLayers& c) { return c.device == device; });
    if (it == out.end()) it = out.insert(it, {device});
    ++(shape.linear(layer) ? it->recurrent : it->attention);
    it->lookup = it->lookup || layer == shape.ple_layer;
  }
  return out;
}

void place_caches(const ModelShape& shape, const ContextShape& context,
                  const std::vector<CachedLayers>& layers, MemoryPlan& plan) {
  const std::int64_t rows = context.sequences * context.snapshots;
  const std::int64_t channels = (2 * std::int64_t{shape.key_heads} + shape.value_heads) * shape.state;
  const Bytes conv = (shape.conv - 1) * channels * 4 * rows;
  const Bytes state = std::int64_t{shape.state} * shape.state * shape.value_heads * 4 * rows;
  const Bytes history = shape.ple_history() * shape.streams * shape.width * 4 * rows;
  for (const CachedLayers& l : layers) {
    const bool card = l.device != kHost;
    DeviceMemory* d = card ? &plan.devices[static_cast<std::size_t>(l.device)] : nullptr;
    Bytes recurrent = l.recurrent * (buffer_bytes(conv, kF32, 0, card) + buffer_bytes(state, kF32, 0, card));
    if (l.lookup) recurrent += buffer_bytes(history, kF32, 0, card);
    (card ? d->recurrent_state : plan.host.recurrent_state) += recurrent;
    (card ? d->kv_cache : plan.host.kv_cache) += l.attention * layer_cache_bytes(shape, context, card);
  }
}

Placement placement_of(const WeightTable& table, const ModelShape& shape, const Arrangement& a, int gpus) {
  Placement p;
  const auto backend = [&](int device) { return static_cast<std::int16_t>(device == kHost ? gpus : device); };
  p.host = gpus;
  p.output = backend(a.output);
  p.everything_offloaded = a.everything_on_cards();
  p.types = &table.types;
  p.ends = &table.end_types;
  const bool all_types = shape.streams > 0;  // its graph converts a weight
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.layers); ++i) {
    // Types matter only where weights are copied to a card to be used there.
    const bool streamed = a.layers[i] == kHost || a.experts_on_host[i] || all_types;
    p.layers.push_back(
        {backend(a.layers[i]), a.experts_on_host[i], streamed ? table.type_set[i] : std::int16_t{0}});
  }
  return p;
}

}  // namespace qwenfit::engine::llamacpp
