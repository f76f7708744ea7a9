// What the catalog knows, for `list` and `show`.
#pragma once

#include <optional>
#include <vector>

#include "card.hpp"
#include "qwenfit/facts.hpp"

namespace qwenfit::report {

/// A model with its counted parameters, where its geometry is known.
struct ListedModel {
  const catalog::Model* model = nullptr;
  std::optional<ModelSummary> counts;
};

Table models_list(const std::vector<ListedModel>& models);
Table devices_list(const std::vector<const catalog::Device*>& devices);
Table formats_list(const std::vector<const catalog::WeightFormat*>& formats);
Table engines_list(const std::vector<const catalog::Engine*>& engines);

/// @param variant the variant that was asked for, or null.
/// @param facts nothing when the geometry is not published.
Card model_card(const catalog::Model& model, const catalog::Variant* variant,
                const std::optional<ModelFacts>& facts, const std::vector<const catalog::Model*>& family,
                const std::vector<const catalog::Model*>& derivatives,
                const std::vector<const catalog::Download*>& downloads);
Card device_card(const catalog::Device& device);
Card format_card(const catalog::WeightFormat& format);
Card engine_card(const catalog::Engine& engine);

/// `catalog check`: a row for each record of the overlay.
Table overlay_table(const std::vector<CheckedRecord>& records);

}  // namespace qwenfit::report
