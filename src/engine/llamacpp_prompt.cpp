#include "llamacpp_prompt.hpp"

#include "llamacpp_prompt_builder.hpp"

namespace qwenfit::engine::llamacpp {

using catalog::Arch;

ModelShape shape_of(const catalog::Model& model) {
  const catalog::Geometry& g = model.geometry;
  ModelShape s;
  s.arch = model.arch;
  s.width = g.hidden_size;
  s.heads = g.heads;
  s.kv_heads = g.kv_heads;
  s.head_dim = g.head_dim;
  s.ffn = g.intermediate_size;
  s.vocab = g.vocab_size;
  s.layers = g.layers;
  if (g.moe) {
    s.experts = g.moe->experts;
    s.experts_used = g.moe->experts_per_token;
    s.expert_ffn = g.moe->expert_width;
    s.shared_ffn = g.moe->shared_expert_width;
    s.norm_weights = model.arch != Arch::qwen2_moe;  // the graph of qwen2moe never does
  }
  if (g.linear_attention) {
    const catalog::LinearAttention& l = *g.linear_attention;
    s.interval = l.full_attention_interval;
    s.key_heads = l.key_heads;
    s.value_heads = l.value_heads;
    s.state = l.key_head_dim;
    s.conv = l.conv_kernel;
  }
  if (g.qwen4_exp) {
    const catalog::Qwen4Exp& x = *g.qwen4_exp;
    s.streams = x.hyper_connections;
    s.hyper_rank = x.hyper_rank;
    s.indexer_heads = x.indexer_heads;
    s.indexer_dim = x.indexer_head_dim;
    s.indexer_budget = x.indexer_budget;
    s.ple_layer = x.ple_layer;
    s.ple_kernel = x.ple_conv_kernel;
    s.ple_ngram = x.ngram_size;
    s.ple_heads = (x.ngram_size - 1) * x.ngram_heads;
    s.ple_rows = x.ngram_rows;
  }
  const bool towers = g.vision.has_value() || g.audio.has_value();
  switch (model.arch) {
    case Arch::qwen2: s.mrope = g.vision.has_value(); break;  // qwen2vl
    case Arch::qwen3:
    case Arch::qwen3_moe: s.mrope = towers; break;  // qwen3vl, qwen3vlmoe
    case Arch::qwen3_5:
    case Arch::qwen3_5_moe:
    case Arch::qwen4_exp: s.mrope = true; break;
    default: break;
  }
  if ((model.arch == Arch::qwen3 || model.arch == Arch::qwen3_moe) && g.vision && !g.talker)
    s.deepstack = g.vision->deepstack_mergers;
  return s;
}

void build_prompt(Graph& graph, const ModelShape& shape, const ContextShape& context,
                  const Placement& placement, GraphKind kind) {
  PromptBuilder builder(graph, shape, context, placement);
  if (kind == GraphKind::mtp) builder.mtp();
  else builder.trunk();
}

}  // namespace qwenfit::engine::llamacpp
