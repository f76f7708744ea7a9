// The steps of the prompt graph, after src/models/*.cpp and llama-graph.cpp of llama.cpp: the order in which
// things are asked for decides what is alive at the same time. Internal to llamacpp_prompt*.cpp.
#pragma once

#include "llamacpp_prompt.hpp"

namespace qwenfit::engine::llamacpp {

class PromptBuilder {
 public:
  PromptBuilder(Graph& graph, const ModelShape& shape, const ContextShape& context,
                const Placement& placement);

  void trunk();
  void mtp();

 private:
  using Role = model::Role;

  // Inputs and stored tensors.
  Index embedded_tokens();
  void attention_inputs();
  void recurrent_inputs();
  void output_ids();
  int backend(int layer) const;
  Index weight(int layer, Role role, Shape ne);
  Index matrix(int layer, Role role, std::int64_t in, std::int64_t out) {
    return weight(layer, role, {in, out, 1, 1});
  }
  Index vector(int layer, Role role, std::int64_t length) { return weight(layer, role, {length, 1, 1, 1}); }
  Index project(int layer, Role role, Index x, std::int64_t out);
  Index norm(Index x, int layer, Role role);
  Index heads_of(Index x, std::int64_t heads);
  void finish(Index hidden, bool rows_chosen, int norm_layer, Role norm_role);
  Index chosen_rows(Index x) { return g_.get_rows(x, out_ids_); }

  // Attention.
  struct Heads {
    Index q, k, v;
  };
  Heads fused_heads(Index x, int layer);
  Heads plain_heads(Index x, int layer);
  Index rope(Index x);
  Index rotate(Index x, Index rotation);
  void store(Index cache, Index x, Index ids, bool transposed);
  /// Attention without the output projection.
  /// @param cells that each token attends to; kNone: all
  Index attend(Heads heads, int layer, Index cells = kNone);
  Index attend_masked(Index q, Index k, Index v, Index mask, int layer);
  Index attention(Index x, int layer);
  Index gated_attention(Index x, int layer);

  // Gated delta net.
  Index recurrent_rows(Index states, std::int64_t size);
  Index conv_input(Index all, Index x, std::int64_t columns, std::int64_t channels);
  Index delta_net(Index x, int layer);
  struct Gates {
    Index beta, decay;
  };
  Gates delta_gates(Index x, int layer);
  Index unit_heads(Index mixed, std::int64_t heads, std::int64_t channels);

  // Feed-forward.
  Index ffn(Index x, int layer, Role gate, Role up, Role down, std::int64_t width);
  Index experts(Index x, int layer);
  Index shared_expert(Index x, int layer, Index routed);
  Index feed_forward(Index x, int layer);

  // Qwen4Exp.
  struct HyperRoles {
    Role norm, down, up, inject;
  };
  void streams_trunk();
  void indexer_inputs();
  Index chosen_cells(Index x, int layer);
  Index chosen_mask(Index cells);
  Index mix_streams(Index x, int layer, const HyperRoles& roles, Index* inject);
  Index write_streams(Index streams, Index block, Index inject);
  Index lookup(Index rows, Index hidden, int layer);

  Graph& g_;
  const ModelShape& m_;
  const ContextShape& c_;
  const Placement& p_;
  Index deep_ = kNone;  ///< embeddings with the deepstack slices
  Index pos_ = kNone, k_ids_ = kNone, v_ids_ = kNone, mask_ = kNone, k_rot_ = kNone, v_rot_ = kNone;
  Index state_ids_ = kNone, extra_ids_ = kNone, out_ids_ = kNone;
  Index index_ids_ = kNone, cell_blocks_ = kNone, block_cells_ = kNone, block_pos_ = kNone,
        block_bias_ = kNone;
};

}  // namespace qwenfit::engine::llamacpp
