// Headers -> models: what the readers of GGUF files and of checkpoints share.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "header_reader.hpp"
#include "qwenfit/input.hpp"

namespace qwenfit::input {

/// What a header says of a model, before the catalog is asked for it.
struct Shape {
  catalog::Arch arch = catalog::Arch::unknown;
  std::string architecture;  ///< as the header has it
  catalog::Geometry geometry{};
  std::int32_t context = 0;           ///< tokens; 0: not said
  std::optional<catalog::Rope> rope;  ///< of models without images, where it is said
  bool text_only = false;             ///< towers are kept in other files: they come from the catalog's model
  bool mtp_known = true;              ///< the header says how many MTP blocks there are
  std::optional<bool> towers;         ///< whether its model has some; nothing: not said
};

/// What a model may be called.
struct Names {
  std::vector<std::string> own;  ///< the first that the catalog knows, with this shape, is the model
  std::string base;              ///< the model it was made from
  std::string title;             ///< of a model that the catalog does not know
};

/// Refuses sizes that contradict each other, or whose products no machine could count.
void check_shape(const std::string& path, const catalog::Geometry& geometry);

/// Fills model, variant and like: a model of the catalog of this name and shape, else one of its own.
void identify(const catalog::Catalog& catalog, const Shape& shape, const Names& names, LocalModel& local);

/// The name of the file or folder at `path`, without ending and split number.
std::string stem_of(const std::string& path);

/// Keeps `text` for a view.
inline std::string_view keep(LocalModel& local, std::string text) {
  return local.texts.emplace_back(std::move(text));
}

/// One for each kind of file. @throws as `model_of`.
void fill_from_gguf(const catalog::Catalog& catalog, LocalModel& local);

}  // namespace qwenfit::input
