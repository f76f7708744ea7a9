// Towers of a config.json, with the defaults of transformers' configuration classes.
#include "hf_towers.hpp"

#include <algorithm>

namespace qwenfit::input {

using catalog::Arch;
using catalog::AudioKind;
using catalog::VisionKind;

catalog::Vision vision_of(const ConfigNode& v, VisionKind kind, Arch arch, std::int32_t text_width) {
  catalog::Vision out{};
  out.kind = kind;
  switch (kind) {
    case VisionKind::none: break;
    case VisionKind::qwen_vl:
      out.depth = v.needed("layers");
      out.hidden_size = v.needed("width");
      out.intermediate_size =
          static_cast<std::int32_t>(std::clamp(out.hidden_size * v.number("mlp_ratio", 4.0), 1.0, 1e6));
      out.heads = v.needed("heads");
      out.patch_size = v.needed("patch_size");
      out.temporal_patch_size = 1;
      out.merge_size = 1;
      out.output_size = v.needed("output_dim");
      out.queries = v.usual("n_queries", 256);
      out.positions = out.queries;  // the table is that of 224-pixel images whatever is shown
      break;
    case VisionKind::qwen2_vl:
      out.depth = v.usual("depth", 32);
      out.hidden_size = v.usual("embed_dim", 1280);
      out.intermediate_size =
          static_cast<std::int32_t>(std::clamp(out.hidden_size * v.number("mlp_ratio", 4.0), 1.0, 1e6));
      out.output_size = v.usual("hidden_size", 3584);
      break;
    case VisionKind::qwen2_5_vl:
      out.depth = v.usual("depth", 32);
      out.hidden_size = v.usual("hidden_size", 1280);
      out.intermediate_size = v.usual("intermediate_size", 3420);
      out.output_size = v.usual("out_hidden_size", 3584);
      break;
    case VisionKind::qwen3_vl:
      out.depth = v.usual("depth", 27);
      out.hidden_size = v.usual("hidden_size", 1152);
      out.intermediate_size = v.usual("intermediate_size", 4304);
      out.output_size = v.usual("out_hidden_size", text_width);
      out.positions = v.usual("num_position_embeddings", 2304);
      if (arch == Arch::qwen3 || arch == Arch::qwen3_moe) out.deepstack_mergers = 3;
      if (v.has("deepstack_visual_indexes")) {
        if (!v.value("deepstack_visual_indexes").is_array() ||
            v.value("deepstack_visual_indexes").size() > 1024)
          v.fail(fmt::format("{} is no list of layers", v.name("deepstack_visual_indexes")));
        out.deepstack_mergers = static_cast<std::int32_t>(v.value("deepstack_visual_indexes").size());
      }
      break;
  }
  if (kind != VisionKind::qwen_vl) {
    out.heads = v.usual("num_heads", 16);
    out.patch_size =
        v.usual("patch_size", v.usual("spatial_patch_size", kind == VisionKind::qwen3_vl ? 16 : 14));
    out.temporal_patch_size = v.usual("temporal_patch_size", 2);
    out.merge_size = v.usual("spatial_merge_size", 2);
  }
  return out;
}

catalog::Audio audio_of(const ConfigNode& a, AudioKind kind, std::int32_t text_width) {
  catalog::Audio out{};
  out.kind = kind;
  if (kind == AudioKind::whisper_qwen) {
    out.depth = a.needed("n_layer");
    out.hidden_size = a.needed("n_state");
    out.intermediate_size = 4 * out.hidden_size;
    out.heads = a.needed("n_head");
    out.mel_bins = a.needed("n_mels");
    out.positions = a.needed("n_ctx");
    out.output_size = a.needed("output_dim");
    return out;
  }
  out.depth = a.usual("encoder_layers", 32);
  out.hidden_size = a.usual("d_model", 1280);
  out.intermediate_size = a.usual("encoder_ffn_dim", 5120);
  out.heads = a.usual("encoder_attention_heads", 20);
  out.mel_bins = a.usual("num_mel_bins", 128);
  // Its table is stored; the others compute sines.
  if (kind == AudioKind::whisper_qwen2) out.positions = a.usual("max_source_positions", 1500);
  if (kind == AudioKind::qwen3_omni) out.downsample_size = a.usual("downsample_hidden_size", 480);
  out.output_size = kind == AudioKind::whisper_qwen2 ? text_width : a.usual("output_dim", 3584);
  return out;
}

}  // namespace qwenfit::input
