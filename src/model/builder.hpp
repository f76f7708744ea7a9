// The pieces that architectures are composed of. Internal to the model room.
#pragma once

#include "qwenfit/model.hpp"

namespace qwenfit::model {

/// Appends tensors; the methods are the blocks that more than one architecture has.
class Builder {
 public:
  Builder(const catalog::Model& model, Layout layout);

  const catalog::Geometry& geometry() const { return g_; }
  Layout layout() const { return inventory_.layout; }

  void set_part(Part part) { part_ = part; }
  void set_layer(int layer) { layer_ = static_cast<std::int16_t>(layer); }
  void matrix(Role role, std::int64_t rows, std::int64_t cols, std::int64_t count = 1);
  void vector(Role role, std::int64_t length, std::int64_t count = 1);
  void add_layer_kind(LayerKind kind) { inventory_.layers.push_back(kind); }

  void embedding();
  /// Final norm, then lm_head as geometry says (tied, stored although tied, absent) and score heads.
  void final_norm_and_head();
  void head();

  void dense_ffn();
  void moe_ffn();
  /// MoE when the geometry has experts, dense otherwise.
  void ffn();

  Inventory take() { return std::move(inventory_); }

 private:
  const catalog::Geometry& g_;
  Inventory inventory_;
  Part part_ = Part::text;
  std::int16_t layer_ = -1;
};

// One function per architecture family: trunk with embedding, norms and head.
void build_qwen(Builder& b);       // qwen.cpp
void build_qwen2(Builder& b);      // qwen2.cpp, dense and MoE
void build_qwen3(Builder& b);      // qwen3.cpp, dense and MoE
void build_hybrid(Builder& b);     // hybrid.cpp: Qwen3-Next, 3.5, 3.6, 3.8
void build_qwen4_exp(Builder& b);  // qwen4_exp.cpp

/// Attention of Qwen3 (QK-norm, no bias); with an output gate as the hybrids have it.
void qwen3_attention(Builder& b, bool output_gate);
/// A Gated DeltaNet layer's token mixer.
void gated_delta_net(Builder& b);

void build_vision(Builder& b);  // vision.cpp
void build_audio(Builder& b);   // audio.cpp
void build_talker(Builder& b);  // talker.cpp

}  // namespace qwenfit::model
