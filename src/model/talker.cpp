// The speech generators of Qwen2.5-Omni (dense) and Qwen3-Omni (MoE, with code predictor and vocoder).
#include "builder.hpp"

namespace qwenfit::model {
namespace {

using catalog::Talker;

class Speech {
 public:
  Speech(Builder& b, const Talker& t) : b_(b), t_(t), width_(t.hidden_size) {}

  void matrix(std::int64_t rows, std::int64_t cols, std::int64_t count = 1) {
    b_.matrix(Role::talker_matrix, rows, cols, count);
  }
  void vector(std::int64_t length, std::int64_t count = 1) { b_.vector(Role::talker_vector, length, count); }
  void linear(std::int64_t rows, std::int64_t cols, std::int64_t count = 1) {
    matrix(rows, cols, count);
    vector(rows, count);
  }

  /// Qwen2-style layers with biased q, k, v.
  void dense() {
    const std::int64_t q = std::int64_t{t_.heads} * t_.head_dim;
    const std::int64_t kv = std::int64_t{t_.kv_heads} * t_.head_dim;
    matrix(t_.vocab_size, t_.text_size);  // codec embedding, as wide as the thinker
    linear(width_, t_.text_size);
    vector(width_, 2 * std::int64_t{t_.layers});
    linear(q, width_, t_.layers);
    linear(kv, width_, 2 * std::int64_t{t_.layers});
    matrix(width_, q, t_.layers);
    matrix(t_.intermediate_size, width_, 2 * std::int64_t{t_.layers});
    matrix(width_, t_.intermediate_size, t_.layers);
    vector(width_);
    matrix(t_.vocab_size, width_);
  }

  /// Qwen3-MoE layers, two projections from the thinker, and a small Qwen3 that predicts the codes.
  void mixture() {
    const catalog::Moe& moe = *t_.moe;
    const std::int64_t layers = t_.layers;
    attention(t_.kv_heads, layers);
    matrix(moe.experts, width_, layers);
    matrix(moe.expert_width, width_, 2 * layers * moe.experts);
    matrix(width_, moe.expert_width, layers * moe.experts);
    matrix(moe.shared_expert_width, width_, 2 * layers);
    matrix(width_, moe.shared_expert_width, layers);
    matrix(1, width_, layers);
    vector(width_);
    linear(t_.text_size, t_.text_size, 2);
    linear(width_, t_.text_size, 2);
    matrix(t_.vocab_size, width_, 2);
    code_predictor();
  }

 private:
  void attention(std::int64_t kv_heads, std::int64_t layers) {
    const std::int64_t q = std::int64_t{t_.heads} * t_.head_dim;
    const std::int64_t kv = kv_heads * t_.head_dim;
    vector(width_, 2 * layers);
    matrix(q, width_, layers);
    matrix(kv, width_, 2 * layers);
    vector(t_.head_dim, 2 * layers);
    matrix(width_, q, layers);
  }

  /// Five layers of the shape of Qwen3-0.6B (8 KV heads, MLP three times as wide) and one embedding and
  /// one head of 2048 codes per group after the first.
  void code_predictor() {
    const std::int64_t layers = t_.code_predictor_layers;
    attention(8, layers);
    matrix(3 * width_, width_, 2 * layers);
    matrix(width_, 3 * width_, layers);
    vector(width_);
    matrix(2048, width_, 2 * std::int64_t{t_.code_groups - 1});
  }

  Builder& b_;
  const Talker& t_;
  std::int64_t width_;
};

}  // namespace

void build_talker(Builder& b) {
  const auto& talker = b.geometry().talker;
  if (!talker) return;
  b.set_part(Part::talker);
  b.set_layer(-1);
  Speech speech(b, *talker);
  if (talker->moe) speech.mixture();
  else speech.dense();
  if (talker->code2wav_parameters > 0) {
    b.set_part(Part::code2wav);
    b.vector(Role::talker_vector, talker->code2wav_parameters);
  }
  b.set_part(Part::text);
}

}  // namespace qwenfit::model
