// Vision towers, from the transformers sources of each generation; totals agree with the published ones.
#include "builder.hpp"

namespace qwenfit::model {
namespace {

using catalog::Vision;
using catalog::VisionKind;

class Tower {
 public:
  Tower(Builder& b, const Vision& v) : b_(b), v_(v), width_(v.hidden_size) {}

  void linear(std::int64_t rows, std::int64_t cols, std::int64_t count = 1, bool bias = true) {
    b_.matrix(Role::vision_matrix, rows, cols, count);
    if (bias) b_.vector(Role::vision_vector, rows, count);
  }
  /// LayerNorm has weight and bias, RMSNorm only a weight.
  void layer_norm(std::int64_t length, std::int64_t count = 1) {
    b_.vector(Role::vision_vector, length, 2 * count);
  }
  void rms_norm(std::int64_t length, std::int64_t count = 1) {
    b_.vector(Role::vision_vector, length, count);
  }

  std::int64_t patch() const {
    return std::int64_t{3} * v_.patch_size * v_.patch_size * std::max(1, v_.temporal_patch_size);
  }
  std::int64_t merged() const { return width_ * v_.merge_size * v_.merge_size; }

  void attention() {
    linear(3 * width_, width_, v_.depth);
    linear(width_, width_, v_.depth);
  }
  void plain_mlp() {
    linear(v_.intermediate_size, width_, v_.depth);
    linear(width_, v_.intermediate_size, v_.depth);
  }

  /// OpenCLIP ViT-bigG with a cross-attention resampler.
  void qwen_vl() {
    linear(width_, patch(), 1, false);
    b_.matrix(Role::vision_matrix, v_.positions, width_);
    layer_norm(width_);
    layer_norm(width_, 2 * std::int64_t{v_.depth});
    attention();
    plain_mlp();
    const std::int64_t out = v_.output_size;
    b_.matrix(Role::vision_matrix, v_.queries, out, 2);  // queries and their positions
    linear(out, width_, 1, false);                       // kv_proj
    linear(3 * out, out);
    linear(out, out);
    layer_norm(out, 3);          // ln_q, ln_kv, ln_post
    linear(out, out, 1, false);  // proj
  }

  void qwen2_vl() {
    linear(width_, patch(), 1, false);
    layer_norm(width_, 2 * std::int64_t{v_.depth});
    attention();
    plain_mlp();
    layer_norm(width_);
    linear(merged(), merged());
    linear(v_.output_size, merged());
  }

  void qwen2_5_vl() {
    linear(width_, patch(), 1, false);
    rms_norm(width_, 2 * std::int64_t{v_.depth});
    attention();
    linear(v_.intermediate_size, width_, 2 * std::int64_t{v_.depth});  // gate and up
    linear(width_, v_.intermediate_size, v_.depth);
    rms_norm(width_);
    linear(merged(), merged());
    linear(v_.output_size, merged());
  }

  void qwen3_vl() {
    linear(width_, patch());
    b_.matrix(Role::vision_matrix, v_.positions, width_);
    layer_norm(width_, 2 * std::int64_t{v_.depth});
    attention();
    plain_mlp();
    layer_norm(width_);
    linear(merged(), merged());
    linear(v_.output_size, merged());
    // Deepstack mergers normalise after merging.
    layer_norm(merged(), v_.deepstack_mergers);
    if (v_.deepstack_mergers > 0) {
      linear(merged(), merged(), v_.deepstack_mergers);
      linear(v_.output_size, merged(), v_.deepstack_mergers);
    }
  }

 private:
  Builder& b_;
  const Vision& v_;
  std::int64_t width_;
};

}  // namespace

void build_vision(Builder& b) {
  const auto& vision = b.geometry().vision;
  if (!vision) return;
  b.set_part(Part::vision);
  b.set_layer(-1);
  Tower tower(b, *vision);
  switch (vision->kind) {
    case VisionKind::none: break;
    case VisionKind::qwen_vl: tower.qwen_vl(); break;
    case VisionKind::qwen2_vl: tower.qwen2_vl(); break;
    case VisionKind::qwen2_5_vl: tower.qwen2_5_vl(); break;
    case VisionKind::qwen3_vl: tower.qwen3_vl(); break;
  }
  b.set_part(Part::text);
}

}  // namespace qwenfit::model
