// What a deployment calls its model -> a model of the catalog.
#pragma once

#include "qwenfit/plan.hpp"

namespace qwenfit::plan {

/// Sets model_id and the scenario's model and format from `deployment.model`; a local path is looked through
/// for a name. Only names reach the scenario, so that nothing in a file makes the estimator open another one.
/// @param known false when variables in the model could not be told.
/// @return whether the name carries a weight format.
bool name_model(Deployment& deployment, bool known, const Options& options);

/// Whether a text names a Qwen model or a family that qwenfit knows.
bool mentions_qwen(std::string_view text);

const catalog::Catalog& catalog_of(const Options& options);

}  // namespace qwenfit::plan
