#include <fmt/format.h>

#include "builder.hpp"
#include "qwenfit/error.hpp"

namespace qwenfit::model {

using catalog::Arch;

Inventory build_inventory(const catalog::Model& model, Layout layout) {
  Builder b(model, layout);
  switch (model.arch) {
    case Arch::unknown:
      throw Error(
          ErrorCode::undecidable,
          fmt::format("the geometry of {} is not published, so its memory can't be computed", model.name));
    case Arch::qwen: build_qwen(b); break;
    case Arch::qwen2:
    case Arch::qwen2_moe: build_qwen2(b); break;
    case Arch::qwen3:
    case Arch::qwen3_moe: build_qwen3(b); break;
    case Arch::qwen3_next:
    case Arch::qwen3_5:
    case Arch::qwen3_5_moe: build_hybrid(b); break;
    case Arch::qwen4_exp: build_qwen4_exp(b); break;
  }
  build_vision(b);
  build_audio(b);
  build_talker(b);
  return b.take();
}

ParameterCount count_parameters(const Inventory& inventory) {
  const catalog::Geometry& g = inventory.model->geometry;
  ParameterCount n{};
  for (const Tensor& t : inventory.tensors) {
    const std::int64_t elements = t.elements();
    n.total += elements;
    switch (t.part) {
      case Part::text: {
        n.text += elements;
        const bool routed =
            t.role == Role::expert_gate || t.role == Role::expert_up || t.role == Role::expert_down;
        n.active += routed ? elements / g.moe->experts * g.moe->experts_per_token : elements;
        break;
      }
      case Part::mtp: n.mtp += elements; break;
      case Part::vision: n.vision += elements; break;
      case Part::audio: n.audio += elements; break;
      case Part::talker:
      case Part::code2wav: n.talker += elements; break;
      case Part::ngram: n.ngram += elements; break;
    }
    if (t.role == Role::token_embedding) n.embedding = elements;
    if (t.role == Role::output) n.head = elements;
  }
  n.checkpoint = n.total + (g.stores_tied_head ? n.embedding : 0);
  return n;
}

namespace {

/// Trunk layers with full attention, without building the inventory.
int full_attention_layers(const catalog::Geometry& g) {
  return g.linear_attention ? g.layers / g.linear_attention->full_attention_interval : g.layers;
}

}  // namespace

int kv_layers(const catalog::Model& model) {
  return full_attention_layers(model.geometry);
}

std::int64_t kv_elements_per_token(const catalog::Model& model) {
  const catalog::Geometry& g = model.geometry;
  std::int64_t per_layer = 2 * std::int64_t{g.kv_heads} * g.head_dim;
  if (g.qwen4_exp) per_layer += std::int64_t{g.qwen4_exp->indexer_kv_heads} * g.qwen4_exp->indexer_head_dim;
  return full_attention_layers(g) * per_layer;
}

RecurrentState recurrent_state(const catalog::Model& model) {
  const catalog::Geometry& g = model.geometry;
  if (!g.linear_attention) return {0, 0, 0};
  const catalog::LinearAttention& l = *g.linear_attention;
  const std::int64_t keys = std::int64_t{l.key_heads} * l.key_head_dim;
  const std::int64_t values = std::int64_t{l.value_heads} * l.value_head_dim;
  const int layers = g.layers - full_attention_layers(g);
  RecurrentState state{layers * (2 * keys + values) * (l.conv_kernel - 1), layers * values * l.key_head_dim,
                       layers};
  if (g.qwen4_exp) {
    const catalog::Qwen4Exp& x = *g.qwen4_exp;
    // One layer keeps (kernel - 1) x ngram_size columns of all residual streams.
    state.conv_elements +=
        std::int64_t{x.ple_conv_kernel - 1} * x.ngram_size * x.hyper_connections * g.hidden_size;
  }
  return state;
}

std::vector<std::string> check_counts(const catalog::Model& model) {
  std::vector<std::string> problems;
  if (model.arch == Arch::unknown) return problems;
  const ParameterCount n = count_parameters(build_inventory(model, Layout::checkpoint));
  for (const catalog::PublishedCount& published : model.published_counts) {
    std::int64_t computed = 0;
    if (published.of == "loaded") computed = n.total;
    else if (published.of == "checkpoint") computed = n.checkpoint;
    else continue;  // other kinds are the format room's to check
    if ((computed == published.elements) == published.exception.empty()) continue;
    problems.push_back(
        computed == published.elements
            ? fmt::format("model {}: {} lists an exception, but the geometry gives its {} elements", model.id,
                          published.repo, published.elements)
            : fmt::format("model {}: {} holds {} elements, the geometry gives {} ({:+})", model.id,
                          published.repo, published.elements, computed, computed - published.elements));
  }
  return problems;
}

}  // namespace qwenfit::model
