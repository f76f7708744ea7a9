#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "check.hpp"

namespace qwenfit::catalog {
namespace {

constexpr double kMostParameters = 1e15;
constexpr std::int32_t kWidest = 1 << 20;
constexpr std::int32_t kDeepest = 1 << 12;
constexpr std::int32_t kMostWords = 1 << 24;

bool within(std::int32_t most, std::initializer_list<std::int32_t> values) {
  return std::all_of(values.begin(), values.end(), [&](std::int32_t v) { return v <= most; });
}

/// Parameters of a stack of layers, roughly: four square projections and a gated MLP, or its experts.
double stack(double depth, double hidden, double attention, double inner, const std::optional<Moe>& moe) {
  const double mlp =
      moe ? static_cast<double>(moe->experts) * moe->expert_width + moe->shared_expert_width : inner;
  return depth * hidden * (4 * attention + 3 * mlp);
}

bool narrow(const std::optional<Moe>& m) {
  return !m || within(kWidest, {m->experts, m->expert_width, m->shared_expert_width});
}

bool is_believable(const Geometry& g) {
  bool good = within(kWidest, {g.hidden_size, g.heads, g.kv_heads, g.head_dim, g.intermediate_size,
                               g.score_outputs}) &&
              within(kDeepest, {g.layers, g.mtp_layers}) && g.vocab_size <= kMostWords && narrow(g.moe);
  const double hidden = g.hidden_size;
  double parameters = stack(g.layers + 1.0 * g.mtp_layers, hidden, static_cast<double>(g.heads) * g.head_dim,
                            g.intermediate_size, g.moe) +
                      2 * hidden * g.vocab_size;
  if (const auto& l = g.linear_attention) {
    good = good && within(kWidest,
                          {l->key_heads, l->value_heads, l->key_head_dim, l->value_head_dim, l->conv_kernel});
    parameters +=
        g.layers * hidden * (2.0 * l->key_heads * l->key_head_dim + 4.0 * l->value_heads * l->value_head_dim);
  }
  if (const auto& v = g.vision) {
    good =
        good &&
        within(kWidest, {v->hidden_size, v->intermediate_size, v->output_size, v->positions, v->queries}) &&
        within(kDeepest, {v->depth, v->heads, v->patch_size, v->temporal_patch_size, v->merge_size,
                          v->deepstack_mergers});
    parameters += stack(v->depth, v->hidden_size, v->hidden_size, v->intermediate_size, {});
  }
  if (const auto& a = g.audio) {
    good = good && within(kWidest, {a->hidden_size, a->intermediate_size, a->output_size, a->positions}) &&
           within(kDeepest, {a->depth, a->heads, a->mel_bins, a->downsample_size});
    parameters += stack(a->depth, a->hidden_size, a->hidden_size, a->intermediate_size, {});
  }
  if (const auto& t = g.talker) {
    good = good &&
           within(kWidest,
                  {t->hidden_size, t->intermediate_size, t->heads, t->kv_heads, t->head_dim, t->text_size}) &&
           within(kDeepest, {t->layers, t->code_predictor_layers, t->code_groups}) &&
           t->vocab_size <= kMostWords && narrow(t->moe);
    parameters += stack(t->layers + 1.0 * t->code_predictor_layers, t->hidden_size,
                        static_cast<double>(t->heads) * t->head_dim, t->intermediate_size, t->moe) +
                  static_cast<double>(t->code2wav_parameters);
  }
  if (const auto& q = g.qwen4_exp) {
    good = good &&
           within(kDeepest, {q->hyper_connections, q->hyper_rank, q->indexer_heads, q->indexer_kv_heads,
                             q->ngram_size, q->ngram_heads, q->ple_conv_kernel}) &&
           within(kWidest, {q->indexer_head_dim, q->indexer_budget});
    parameters += static_cast<double>(q->ngram_rows) * hidden;
  }
  return good && parameters <= kMostParameters;
}

bool positive(std::initializer_list<std::int32_t> values) {
  return std::all_of(values.begin(), values.end(), [](std::int32_t v) { return v > 0; });
}

}  // namespace

std::vector<std::string> contradictions(const Geometry& g) {
  std::vector<std::string> out;
  const auto expect = [&](bool holds, std::string problem) {
    if (!holds) out.push_back(std::move(problem));
  };
  for (const auto& [key, value] : {std::pair{"hidden_size", g.hidden_size},
                                   {"layers", g.layers},
                                   {"heads", g.heads},
                                   {"kv_heads", g.kv_heads},
                                   {"head_dim", g.head_dim},
                                   {"vocab_size", g.vocab_size}})
    expect(value > 0, fmt::format("geometry.{} is missing", key));
  expect(g.kv_heads <= 0 || g.heads % g.kv_heads == 0,
         fmt::format("{} heads are no multiple of {} KV heads", g.heads, g.kv_heads));
  expect(g.moe || g.intermediate_size > 0, "neither intermediate_size nor moe is given");
  if (g.moe) {
    expect(g.moe->experts >= g.moe->experts_per_token && g.moe->experts_per_token > 0,
           "more experts per token than experts");
    expect(g.moe->expert_width > 0, "experts have no width");
  }
  expect(!(g.tied_embeddings && g.headless), "tied and headless at once");
  if (const auto& l = g.linear_attention) {
    expect(positive({l->full_attention_interval, l->key_heads, l->value_heads}) &&
               l->value_heads % l->key_heads == 0,
           "linear attention heads do not divide");
    expect(positive({l->key_head_dim, l->value_head_dim, l->conv_kernel}), "linear attention is incomplete");
    expect(l->full_attention_interval <= g.layers, "no layer has full attention");
  }
  if (const auto& v = g.vision)
    expect(positive({v->depth, v->hidden_size, v->heads, v->patch_size, v->output_size}),
           "vision is incomplete");
  if (const auto& a = g.audio)
    expect(positive({a->depth, a->hidden_size, a->heads, a->mel_bins, a->output_size}),
           "audio is incomplete");
  // Of n words n - 1 lengths are looked up.
  if (const auto& q = g.qwen4_exp)
    expect(g.linear_attention && g.moe && q->ngram_size > 1 &&
               positive({q->ngram_heads, q->hyper_connections, q->hyper_rank, q->indexer_heads,
                         q->indexer_kv_heads, q->indexer_head_dim}),
           "qwen4_exp is incomplete");
  expect(is_believable(g), "the geometry is larger than any model");
  return out;
}

}  // namespace qwenfit::catalog
