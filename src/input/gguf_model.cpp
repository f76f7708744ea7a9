// A GGUF header -> the model that llama.cpp makes of it.
#include "gguf_model.hpp"

#include <charconv>

namespace qwenfit::input {
namespace {

/// A LoRA adapter that a manifest names ("blk.3.attn_q.weight.lora_a"): it lies where its layers do.
void add_adapter(const catalog::Catalog& catalog, const std::string& path, LocalModel& local) {
  const ModelFile adapter = read_model(catalog, path);
  for (const FileTensor& t : adapter.tensors) {
    int layer = -1;
    if (t.name.starts_with("blk.")) std::from_chars(t.name.data() + 4, t.name.data() + t.name.size(), layer);
    if (layer >= local.model.geometry.layers)
      bad(local.path,
          fmt::format("names the adapter {}, whose tensor '{}' is of a layer that {} does not have", path,
                      t.name, local.model.name));
    local.added.push_back({model::Part::text, model::Role::attn_norm, layer, t.bytes});
  }
  local.notes.push_back(fmt::format("the adapter that {} names adds {}, counted with the weights", local.path,
                                    units::format_bytes(adapter.tensor_bytes())));
}

}  // namespace

void fill_from_gguf(const catalog::Catalog& catalog, LocalModel& local) {
  const auto& texts = local.file.texts;
  const auto text = [&](const char* key) {
    const auto it = texts.find(key);
    return it == texts.end() ? std::string() : it->second;
  };
  // gguf-py's GGUFType: what llama.cpp takes beside a model.
  const std::string type = text("general.type");
  if (type == "adapter")
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: is a LoRA adapter (--lora of llama.cpp) for {}: name the file of the model",
                            local.path,
                            text("general.base_model.0.name").empty()
                                ? fmt::format("models of architecture {}", text("general.architecture"))
                                : text("general.base_model.0.name")));
  if (!type.empty() && type != "model" && type != "mmproj")
    throw Error(ErrorCode::unsupported, fmt::format("{}: is of type '{}', no model", local.path, type));
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
  if (!text("ollama.projector").empty())
    local.notes.push_back(
        fmt::format("the projector that {} names is not counted: --mmproj counts it", local.path));
  if (!text("ollama.adapter").empty()) add_adapter(catalog, text("ollama.adapter"), local);
}

}  // namespace qwenfit::input
