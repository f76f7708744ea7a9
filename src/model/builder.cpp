#include "builder.hpp"

namespace qwenfit::model {

Builder::Builder(const catalog::Model& model, Layout layout)
    : g_(model.geometry), inventory_{&model, layout, {}, {}} {}

void Builder::matrix(Role role, std::int64_t rows, std::int64_t cols, std::int64_t count) {
  inventory_.tensors.push_back({role, part_, layer_, false, rows, cols, count});
}

void Builder::vector(Role role, std::int64_t length, std::int64_t count) {
  inventory_.tensors.push_back({role, part_, layer_, true, length, 1, count});
}

void Builder::embedding() {
  matrix(Role::token_embedding, g_.vocab_size, g_.hidden_size);
}

void Builder::final_norm_and_head() {
  set_layer(-1);
  vector(Role::output_norm, g_.hidden_size);
  head();
}

void Builder::head() {
  set_layer(-1);
  if (!g_.headless && !g_.tied_embeddings) matrix(Role::output, g_.vocab_size, g_.hidden_size);
  if (g_.score_outputs > 0) {
    matrix(Role::score_head, g_.hidden_size, g_.hidden_size);
    vector(Role::score_head, g_.hidden_size);
    matrix(Role::score_head, g_.score_outputs, g_.hidden_size);
    vector(Role::score_head, g_.score_outputs);
  }
}

void Builder::dense_ffn() {
  matrix(Role::ffn_gate, g_.intermediate_size, g_.hidden_size);
  matrix(Role::ffn_up, g_.intermediate_size, g_.hidden_size);
  matrix(Role::ffn_down, g_.hidden_size, g_.intermediate_size);
}

void Builder::moe_ffn() {
  const catalog::Moe& moe = *g_.moe;
  matrix(Role::router, moe.experts, g_.hidden_size);
  matrix(Role::expert_gate, moe.expert_width, g_.hidden_size, moe.experts);
  matrix(Role::expert_up, moe.expert_width, g_.hidden_size, moe.experts);
  matrix(Role::expert_down, g_.hidden_size, moe.expert_width, moe.experts);
  if (moe.shared_expert_width > 0) {
    matrix(Role::shared_expert_gate, moe.shared_expert_width, g_.hidden_size);
    matrix(Role::shared_expert_up, moe.shared_expert_width, g_.hidden_size);
    matrix(Role::shared_expert_down, g_.hidden_size, moe.shared_expert_width);
    // [1, hidden] in checkpoints, a plain vector in GGUF files.
    if (layout() == Layout::gguf) vector(Role::shared_expert_router, g_.hidden_size);
    else matrix(Role::shared_expert_router, 1, g_.hidden_size);
  }
}

void Builder::ffn() {
  if (g_.moe) moe_ffn();
  else dense_ffn();
}

}  // namespace qwenfit::model
