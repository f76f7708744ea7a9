// A model on this machine -> an entry of a catalog overlay.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "catalog/write.hpp"
#include "local_model.hpp"

namespace qwenfit::input {

constexpr int kLongestDescent = 100;

std::string overlay_entry(const catalog::Catalog& catalog, const LocalModel& local, const std::string& id,
                          bool replaces) {
  const bool known = local.like && local.model.id == local.like->id;
  if (known && id.empty())
    throw Error(ErrorCode::usage,
                fmt::format("{} is {}, which the catalog has: --id NAME makes an entry of its own of it",
                            local.path, local.like->name));
  if (!local.added.empty())
    throw Error(ErrorCode::unsupported,
                fmt::format("{} brings an adapter, and an entry holds a shape alone: name the path itself",
                            local.path));
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
  if (!plain || id.size() > 200)
    throw Error(
        ErrorCode::invalid_value,
        fmt::format("--id: '{}' is no id: lower-case letters, digits, points and dashes make one", id));
  catalog::Model model = local.model;
  if (known) {
    // What was published of the catalog's model says nothing of this one.
    model = {};
    model.family = local.model.family;
    model.architecture = local.model.architecture;
    model.arch = local.model.arch;
    model.kind = local.model.kind;
    model.modality = local.model.modality;
    model.geometry = local.model.geometry;
    model.context = local.model.context;
    model.base_model = local.like->id;
  }
  if (!id.empty()) model.id = model.name = id;
  // An entry that is written anew is not its own base.
  if (model.base_model == model.id && local.like) model.base_model = local.like->base_model;
  // Nor does it lean on other entries of the user's.
  for (int steps = 0; !catalog::Catalog::builtin().model(model.base_model); ++steps) {
    const catalog::Model* base = steps < kLongestDescent ? catalog.model(model.base_model) : nullptr;
    model.base_model = base ? base->base_model : catalog::Text();
    if (model.base_model.empty()) break;
  }
  if (!replaces && catalog.model(model.id))
    throw Error(
        ErrorCode::usage,
        fmt::format("the catalog has a model '{}' already: --id NAME gives the entry another id", model.id));
  const std::string source = fmt::format("read from {}", local.path);
  const catalog::Text text = source;
  model.sources = {&text, 1};
  nlohmann::ordered_json root;
  root["models"] = nlohmann::ordered_json::array({catalog::to_json(model)});
  return root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace qwenfit::input
