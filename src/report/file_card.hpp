// What a model file on disk holds, for `inspect`.
#pragma once

#include <string>

#include "card.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::report {

Card file_card(const std::string& path, const input::ModelFile& file, const input::Comparison& comparison);

}  // namespace qwenfit::report
