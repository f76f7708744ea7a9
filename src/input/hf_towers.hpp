// What stands around the language model in a config.json: vision and audio towers.
#pragma once

#include "config_node.hpp"

namespace qwenfit::input {

/// @param text_width width of the language model, which a tower's output has where the file does not say
/// @throws Error(bad_input) naming the key that is missing or is no figure
catalog::Vision vision_of(const ConfigNode& node, catalog::VisionKind kind, catalog::Arch arch,
                          std::int32_t text_width);
catalog::Audio audio_of(const ConfigNode& node, catalog::AudioKind kind, std::int32_t text_width);

}  // namespace qwenfit::input
