// What a model file on disk holds, for `inspect`.
#pragma once

#include <string>

#include "card.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::report {

/// @param model what the files hold; null when it is no model that can be estimated
/// @param why_not the reason, when it is null
Card file_card(const std::string& path, const input::ModelFile& file, const input::LocalModel* model,
               const std::string& why_not);

}  // namespace qwenfit::report
