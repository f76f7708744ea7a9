// A GGUF header -> the model that llama.cpp makes of it.
#include "gguf_model.hpp"

namespace qwenfit::input {

void fill_from_gguf(const catalog::Catalog& catalog, LocalModel& local) {
  const auto& texts = local.file.texts;
  const auto text = [&](const char* key) {
    const auto it = texts.find(key);
    return it == texts.end() ? std::string() : it->second;
  };
  GgufTensors tensors(local.file);
  const Shape shape = shape_of_gguf(local, tensors);
  const std::string stem = stem_of(local.file.files.front());
  std::string title = text("general.name");
  if (title.empty()) title = text("ollama.name");
  identify(catalog, shape,
           {{text("general.name"), text("ollama.name"),
             text("general.basename") + "-" + text("general.size_label"), stem},
            text("general.base_model.0.name"),
            title.empty() ? stem : title},
           local);
  const std::int32_t known_mtp = local.like ? local.like->geometry.mtp_layers : 0;
  if (known_mtp > 0 && shape.geometry.mtp_layers == 0)
    local.differences.push_back(fmt::format("the MTP block of {} is not in the file", local.like->name));
  local.model.geometry.mtp_layers = shape.geometry.mtp_layers;
  const catalog::Geometry& g = local.model.geometry;
  // Of a reranker's head the converter keeps the rows of two answers.
  if (shape.geometry.tied_embeddings && !g.tied_embeddings && !g.headless && !tensors.find(kScoreHead)) {
    local.differences.push_back("output.weight is not in the file: the embedding stands in for it");
    local.model.geometry.tied_embeddings = true;
  }
  const format::Weights weights = weigh_gguf(catalog, local, tensors);
  name_mix(catalog, local, weights);
  local.weights = std::make_shared<const format::Weights>(weights);
  for (const auto& [key, what] :
       {std::pair{"ollama.projector", "projector"}, {"ollama.adapter", "adapter"}}) {
    if (!text(key).empty())
      local.notes.push_back(fmt::format("the {} that {} names is not counted", what, local.path));
  }
}

}  // namespace qwenfit::input
