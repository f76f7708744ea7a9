// Adapters: adapter_config.json and adapter_model.safetensors of PEFT (peft/utils/save_and_load.py), or
// adapters.safetensors of mlx-lm (mlx_lm/tuner).
#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "hf_model.hpp"
#include "hf_names.hpp"
#include "qwenfit/model.hpp"

namespace qwenfit::input {
namespace {

using model::Part;
using model::Role;

/// The model on this machine or in the catalog that the adapter was trained on.
void take_base(const catalog::Catalog& catalog, const std::string& name, LocalModel& local) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path path = name;
  if (path.is_relative()) path = fs::path(local.path) / path;
  if (fs::exists(path, error)) {
    ModelFile file = read_model(catalog, path.string());
    if (file.kind == "adapter")
      bad(local.path, fmt::format("was trained on {}, which is an adapter too: merge that one first", name));
    local.base = model_of(catalog, path.string(), std::move(file));
    local.model = local.base->model;
    local.variant = local.base->variant;
    local.like = local.base->like;
    local.format = local.base->format;
    local.weights = local.base->weights;
    local.unknown_format = local.base->unknown_format;
    local.differences = local.base->differences;
    return;
  }
  catalog::ModelMatch match;
  try {
    match = catalog.find_model(name);
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("{}: names no base that is known: {}: base_model_name_or_path may be a "
                                      "path on this machine",
                                      local.file.config_path, e.what()));
  }
  local.model = *match.model;
  local.variant = match.variant;
  local.like = match.model;
  if (match.format) local.format = *match.format;  // "Qwen3-8B-bnb-4bit"
  if (!match.note.empty()) local.notes.push_back(match.note);
}

/// Gives an adapter's tensors their places in its base.
class AdapterReader {
 public:
  AdapterReader(const LocalModel& local, const nlohmann::json& config) : local_(local), model_(local.model) {
    if (config.contains("modules_to_save") && config["modules_to_save"].is_array())
      saved_ = config["modules_to_save"];
    bases_ = model::build_inventory(model_, model::Layout::checkpoint).tensors;
    for (const model::Tensor& t : bases_) {
      auto& [base, count] = places_[{t.part, t.role, t.layer}];
      base = count++ == 0 ? &t : nullptr;
    }
    for (const FileTensor& t : local.file.tensors) add(t);
  }

  std::vector<AddedBytes> added() const {
    std::vector<AddedBytes> out;
    for (const auto& [key, bytes] : sums_) out.push_back({key.part, key.role, key.layer, bytes});
    return out;
  }

  Bytes replaced = 0;  ///< of tensors that are loaded over the base's own
  Bytes unknown_bytes = 0;
  std::int64_t unknown = 0;
  std::string unknown_names;                   ///< of the first of them
  bool whole = false;                          ///< it holds tensors of the base's own kind
  std::int64_t least_rank = 0, most_rank = 0;  ///< of LoRA's matrices; 0: there are none

 private:
  void add(const FileTensor& t) {
    const std::vector<std::string_view> words = words_of(t.name);
    Place place = place_of(t.name, model_.geometry.layers);
    // LoRA on parameters (target_parameters) knows the experts of a layer as one module.
    constexpr std::string_view kExperts = ".mlp.experts.";
    const auto experts = t.name.find(kExperts);
    const bool parameter =
        !place.known && experts != std::string::npos && t.name.find(".lora_") != std::string::npos;
    if (parameter)
      place = place_of(std::string(t.name).insert(experts + kExperts.size(), "gate_proj."),
                       model_.geometry.layers);
    if (words.size() == 1 && words[0] == "prompt_embeddings") place.known = true;
    const bool layered = place.key.part == Part::text || place.key.part == Part::mtp;
    if (place.known && layered && place.key.layer >= model_.geometry.layers + model_.geometry.mtp_layers)
      bad(local_.path, fmt::format("tensor '{}' is of a layer that {} does not have: it has {}", t.name,
                                   model_.name, model_.geometry.layers));
    // Of the ends of a model any is there, if only tied; of a layer, what its architecture has.
    const auto at = places_.find(place.key);
    const model::Tensor* base = at != places_.end() ? at->second.first : nullptr;
    const bool there = layered ? place.key.layer < 0 || at != places_.end() : has(place.key.part);
    if (!place.known || !there) {
      constexpr std::int64_t kNamed = 4;
      if (unknown < kNamed) unknown_names += (unknown > 0 ? ", " : "") + t.name;
      if (unknown++ == kNamed) unknown_names += " ...";
      unknown_bytes += t.bytes;
      return;
    }
    if (base && !parameter) check(t, words, *base);
    Bytes bytes = t.bytes;
    if (words.back() == "weight" && layered && place.values && place.key.role != Role::score_head)
      whole = true;
    if (replaces(words, place)) {
      whole = true;
      // The embedding, and a head of its own, of a vocabulary that grew.
      const bool grown = base && t.elements > base->elements();
      bytes = grown ? t.bytes / t.elements * (t.elements - base->elements()) : 0;
      replaced += t.bytes - bytes;
    }
    if (bytes > 0) sums_[place.key] += bytes;
  }

  bool has(Part part) const {
    return std::any_of(bases_.begin(), bases_.end(), [&](const auto& b) { return b.part == part; });
  }

  /// Whether it is loaded in place of the base's tensor: saved embeddings, trained biases. What
  /// modules_to_save names is a copy beside it.
  bool replaces(const std::vector<std::string_view>& words, const Place& place) const {
    const std::size_t n = words.size();
    if (n < 2 || (words[n - 1] != "weight" && words[n - 1] != "bias")) return false;
    const std::string_view owner = words[n - 2];
    if (owner == "base_layer") return true;
    const bool layered = place.key.part == Part::text || place.key.part == Part::mtp;
    if (layered ? !place.values : owner.find('_') != std::string_view::npos && owner.starts_with("lora"))
      return false;
    return std::find(words.begin(), words.end(), "modules_to_save") == words.end() &&
           std::none_of(saved_.begin(), saved_.end(), [&](const nlohmann::json& module) {
             const auto* name = module.get_ptr<const std::string*>();
             return name &&
                    std::find(words.begin(), words.end(), words_of("." + *name).back()) != words.end();
           });
  }

  /// lora_A is [rank, inputs], lora_B [outputs, rank]; of embeddings the inputs are tokens. mlx-lm's are
  /// the other way round.
  void check(const FileTensor& t, const std::vector<std::string_view>& words, const model::Tensor& base) {
    if (t.shape.size() != 2 || base.is_vector) return;
    const bool table = base.role == Role::token_embedding || base.role == Role::output;
    const auto is = [&](std::string_view word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    const auto fits = [&](std::int64_t held, std::int64_t expected) {
      // Vocabularies grow.
      if (held == expected || (table && expected == base.rows)) return;
      bad(local_.path, fmt::format("tensor '{}' of shape {} x {} does not fit {}, whose {} is {} x {}: it "
                                   "was trained on another model",
                                   t.name, t.shape[0], t.shape[1], model_.name, module_name(base.role),
                                   base.rows, base.cols));
    };
    if (is("lora_A")) {
      rank(t.shape[0]);
      fits(t.shape[1], base.cols);
    } else if (is("lora_B")) fits(t.shape[0], base.rows);
    else if (is("lora_a")) {
      rank(t.shape[1]);
      if (base.role != Role::token_embedding) fits(t.shape[0], base.cols);
    } else if (is("lora_b")) fits(t.shape[1], base.role == Role::token_embedding ? base.cols : base.rows);
    else if (is("lora_embedding_B")) fits(t.shape[0], base.cols);
    else if (table && words.back() == "weight") fits(t.shape[1], base.cols);
  }

  void rank(std::int64_t value) {
    least_rank = least_rank == 0 ? value : std::min(least_rank, value);
    most_rank = std::max(most_rank, value);
  }

  const LocalModel& local_;
  const catalog::Model& model_;
  nlohmann::json saved_ = nlohmann::json::array();  ///< modules_to_save
  std::vector<model::Tensor> bases_;
  /// How many tensors the base has at a place, and the one where there is one.
  std::map<Key, std::pair<const model::Tensor*, int>> places_;
  std::map<Key, Bytes> sums_;
};

}  // namespace

void fill_from_adapter(const catalog::Catalog& catalog, LocalModel& local) {
  const nlohmann::json config = nlohmann::json::parse(local.file.config, nullptr, false);
  const auto text = [&](const char* key) {
    return config.is_object() && config.contains(key) && config[key].is_string()
               ? config[key].get<std::string>()
               : std::string();
  };
  std::string base = text("base_model_name_or_path");
  if (base.empty()) base = text("model");  // mlx-lm
  if (base.empty())
    bad(local.file.config_path, "lacks base_model_name_or_path: what it adapts can't be told");
  const std::string type = text("peft_type").empty() ? "LORA" : text("peft_type");
  take_base(catalog, base, local);
  const AdapterReader reader(local, config);
  local.added = reader.added();
  Bytes bytes = 0;
  for (const AddedBytes& a : local.added) bytes += a.bytes;
  if (bytes + reader.replaced == 0)
    bad(local.path, fmt::format("holds no tensors of layers that {} has", local.model.name));
  std::string rank;
  if (reader.most_rank > 0) rank = fmt::format(", rank {}", reader.least_rank);
  if (reader.most_rank > reader.least_rank) rank += fmt::format(" to {}", reader.most_rank);
  local.notes.push_back(fmt::format("{} is an adapter ({}{}) of {}: it adds {}, counted with the weights",
                                    local.path, type, rank, local.model.name, units::format_bytes(bytes)));
  if (reader.replaced > 0)
    local.differences.push_back(
        fmt::format("{} of the adapter take the place of tensors that {} has, and add nothing",
                    units::format_bytes(reader.replaced), local.model.name));
  if (reader.unknown > 0)
    local.differences.push_back(
        fmt::format("{} of the adapter are of no module that {} has, and are not counted: {}",
                    units::format_bytes(reader.unknown_bytes), local.model.name, reader.unknown_names));
  const bool dora = config.contains("use_dora") && config["use_dora"] == true;
  // vllm/lora/peft_helper.py; convert_lora_to_gguf.py
  if (dora || reader.whole)
    local.differences.push_back(
        fmt::format("PEFT loads {}; vLLM and llama.cpp take it only when it is merged into the model",
                    dora ? "an adapter with DoRA" : "an adapter with tensors that are saved whole"));
  for (const std::string& difference : local.differences) local.notes.push_back(difference);
}

}  // namespace qwenfit::input
