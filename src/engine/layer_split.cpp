#include "layer_split.hpp"

#include <algorithm>

namespace qwenfit::engine {

using model::LayerKind;
using model::Part;
using model::Role;

namespace {

/// Recurrent state of one sequence in one layer: a 16-bit convolution state and a 32-bit delta-rule state.
Bytes recurrent_layer_bytes(const Setup& setup) {
  const auto& linear = setup.model->geometry.linear_attention;
  if (!linear) return 0;
  const std::int64_t keys = std::int64_t{linear->key_heads} * linear->key_head_dim;
  const std::int64_t values = std::int64_t{linear->value_heads} * linear->value_head_dim;
  return (linear->conv_kernel - 1) * (2 * keys + values) * 2 + values * linear->key_head_dim * 4;
}

}  // namespace

LayerSplit::LayerSplit(const Setup& setup, LoadedTensors loaded)
    : setup_(setup),
      device_of_(static_cast<std::size_t>(setup.model->geometry.layers), 0),
      weights_(std::max<std::size_t>(setup.devices.size(), 1), 0) {
  std::vector<Bytes> layers(device_of_.size(), 0);
  Bytes first = 0;
  Bytes last = 0;
  for (const format::TypedTensor& t : setup.weights->tensors) {
    const Part part = t.tensor.part;
    const bool tower = part != Part::text && part != Part::ngram;
    if (part == Part::mtp || (tower && !loaded.towers) || (t.stored_copy && !loaded.stored_head)) continue;
    if (tower || t.tensor.role == Role::token_embedding) first += t.total();
    else if (t.tensor.layer < 0 || static_cast<std::size_t>(t.tensor.layer) >= layers.size())
      last += t.total();
    else layers[static_cast<std::size_t>(t.tensor.layer)] += t.total();
  }
  Bytes all = first + last;
  for (const Bytes layer : layers) all += layer;
  // A layer belongs to the device in whose share of the bytes its middle lies.
  const auto share = static_cast<double>(all) / static_cast<double>(devices());
  Bytes before = first;
  weights_.front() += first;
  weights_.back() += last;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double middle = static_cast<double>(before) + static_cast<double>(layers[i]) / 2;
    const auto device = std::min(devices() - 1, static_cast<std::size_t>(share > 0 ? middle / share : 0));
    device_of_[i] = static_cast<int>(device);
    weights_[device] += layers[i];
    before += layers[i];
  }
}

int LayerSplit::layers(std::size_t device, LayerKind kind) const {
  int n = 0;
  for (std::size_t i = 0; i < device_of_.size(); ++i) {
    n += device_of_[i] == static_cast<int>(device) && setup_.weights->layers[i] == kind ? 1 : 0;
  }
  return n;
}

void LayerSplit::place(MemoryPlan& plan) const {
  plan.devices.resize(devices());
  for (std::size_t i = 0; i < setup_.devices.size(); ++i) {
    plan.devices[i].capacity = device_capacity(setup_.devices[i]);
    plan.devices[i].usable = device_usable(setup_.devices[i], setup_.backend);
  }
  for (const int device : device_of_) plan.layers.push_back({static_cast<std::int16_t>(device), false});
  plan.output_device = static_cast<int>(devices()) - 1;
  if (setup_.tensor_parallel > 1) {
    plan.notes.emplace_back(
        "tensor parallelism is counted as a split by layers: the cards' shares are about right");
  }
}

DeviceMemory& LayerSplit::fill(MemoryPlan& plan, std::size_t device, Bytes token, std::int64_t tokens) const {
  DeviceMemory& d = plan.devices[device];
  d.weights = weights(device);
  d.kv_cache = token * layers(device, LayerKind::full_attention) * tokens;
  d.recurrent_state =
      recurrent_layer_bytes(setup_) * layers(device, LayerKind::linear_attention) * setup_.concurrency;
  return d;
}

Bytes kv_layer_bytes(const Setup& setup, CacheBytes cache_bytes) {
  const catalog::Geometry& g = setup.model->geometry;
  const std::int64_t width = std::int64_t{g.kv_heads} * g.head_dim;
  return cache_bytes(*setup.kv_type, width) + cache_bytes(*setup.kv_type_v, width);
}

double widest_layer(const catalog::Geometry& g) {
  double widest = 3.0 * g.intermediate_size;
  if (g.moe) {
    widest = g.moe->experts_per_token * (2.0 * g.moe->expert_width + g.hidden_size) +
             3.0 * g.moe->shared_expert_width;
  }
  if (g.linear_attention) {
    const catalog::LinearAttention& l = *g.linear_attention;
    const double keys = static_cast<double>(l.key_heads) * l.key_head_dim;
    const double values = static_cast<double>(l.value_heads) * l.value_head_dim;
    widest = std::max(widest, 4 * keys + 6 * values);
  }
  return widest + 4.0 * g.hidden_size;
}

void fill_growing_context(Setup& setup) {
  if (setup.context > 0) return;
  const std::int64_t work = std::max<std::int64_t>(setup.prompt_tokens + setup.output_tokens, 1);
  const std::int64_t usual = std::min<std::int64_t>(setup.model->context.native, 8192);
  setup.context = setup.prompt_given ? work : std::max(work, usual);
}

std::int64_t prefill_tokens(const Setup& setup) {
  const std::int64_t prompt = setup.prompt_given ? setup.prompt_tokens : setup.context - setup.output_tokens;
  return std::clamp<std::int64_t>(prompt, 1, setup.context);
}

}  // namespace qwenfit::engine
