// The weight formats that people choose among. Internal; shared by hints and questions.
#pragma once

#include <vector>

#include "qwenfit/catalog.hpp"

namespace qwenfit {

/// Whether the engine runs files of this format.
bool runs(const catalog::Engine& engine, const catalog::WeightFormat& format);

/// The usual formats of an engine, best quality first. 16-bit weights are among them only where they are the
/// engine's own default: elsewhere they are nobody's first choice.
std::vector<const catalog::WeightFormat*> usual_formats(const catalog::Catalog& catalog,
                                                        const catalog::Engine& engine);

}  // namespace qwenfit
