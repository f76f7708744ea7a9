// Hugging Face checkpoints -> models.
#pragma once

#include "local_model.hpp"

namespace qwenfit::input {

/// The shape that a config.json describes.
/// @param path for errors; @param text the file
/// @throws Error(bad_input) naming the key that is missing or contradicts another, Error(unsupported) for
///         models of other families.
Shape shape_of_config(const std::string& path, const std::string& text);

/// The weight format that a configuration says its tensors have; null where it says nothing.
/// @throws Error(unsupported) for quantizations that the catalog lacks.
const catalog::WeightFormat* format_of_config(const catalog::Catalog& catalog, const std::string& path,
                                              const std::string& text);

/// Types and bytes of the tensors of a checkpoint, which `local.model` describes, in `local.format`.
void weigh_checkpoint(const catalog::Catalog& catalog, LocalModel& local);

/// MTP blocks whose tensors the files hold.
int mtp_blocks(const ModelFile& file);
/// Whether the language model has a module of this name ("lm_head").
bool holds_module(const ModelFile& file, std::string_view module);
/// Whether any tensor belongs to this part.
bool holds_part(const ModelFile& file, model::Part part);

/// One for each kind of folder. @throws as `model_of`.
void fill_from_adapter(const catalog::Catalog& catalog, LocalModel& local);
void fill_from_checkpoint(const catalog::Catalog& catalog, LocalModel& local);

}  // namespace qwenfit::input
