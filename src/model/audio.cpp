// Audio encoders: Whisper's (Qwen-Audio, Qwen2-Audio, Qwen2.5-Omni) and the one of Qwen3-Omni and
// Qwen3-ASR with a two-dimensional convolutional stem.
#include "builder.hpp"

namespace qwenfit::model {
namespace {

using catalog::Audio;
using catalog::AudioKind;

class Encoder {
 public:
  Encoder(Builder& b, const Audio& a) : b_(b), a_(a), width_(a.hidden_size) {}

  void linear(std::int64_t rows, std::int64_t cols, std::int64_t count = 1, bool bias = true) {
    b_.matrix(Role::audio_matrix, rows, cols, count);
    if (bias) b_.vector(Role::audio_vector, rows, count);
  }
  void layer_norm(std::int64_t count) { b_.vector(Role::audio_vector, width_, 2 * count); }

  /// Pre-norm blocks; Whisper's key projection has no bias.
  void blocks(bool key_bias) {
    layer_norm(2 * std::int64_t{a_.depth});
    linear(width_, width_, 3 * std::int64_t{a_.depth});
    linear(width_, width_, a_.depth, key_bias);
    linear(a_.intermediate_size, width_, a_.depth);
    linear(width_, a_.intermediate_size, a_.depth);
    layer_norm(1);
  }

  void whisper() {
    linear(width_, std::int64_t{3} * a_.mel_bins);
    linear(width_, 3 * width_);
    if (a_.positions > 0) b_.matrix(Role::audio_matrix, a_.positions, width_);
    blocks(false);
    linear(a_.output_size, width_);
  }

  void qwen3_omni() {
    const std::int64_t channels = a_.downsample_size;
    linear(channels, 9);
    linear(channels, channels * 9, 2);
    // Three halvings leave an eighth of the mel bins.
    linear(width_, channels * (a_.mel_bins / 8), 1, false);
    blocks(true);
    linear(width_, width_);
    linear(a_.output_size, width_);
  }

 private:
  Builder& b_;
  const Audio& a_;
  std::int64_t width_;
};

}  // namespace

void build_audio(Builder& b) {
  const auto& audio = b.geometry().audio;
  if (!audio) return;
  b.set_part(Part::audio);
  b.set_layer(-1);
  Encoder encoder(b, *audio);
  switch (audio->kind) {
    case AudioKind::none: break;
    case AudioKind::whisper_qwen:
    case AudioKind::qwen2_5_omni:
      encoder.whisper();
      b.matrix(Role::audio_matrix, 2, audio->output_size);  // begin and end of audio
      break;
    case AudioKind::whisper_qwen2: encoder.whisper(); break;
    case AudioKind::qwen3_omni: encoder.qwen3_omni(); break;
  }
  b.set_part(Part::text);
}

}  // namespace qwenfit::model
