// Model files on disk: what they are and which tensors they hold. Headers only are read.
#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "qwenfit/format.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit::input {

/// A tensor as the file's header describes it.
struct FileTensor {
  std::string name;
  std::string type;                 ///< lower case: "q4_k", "bf16", "f8_e4m3"
  std::vector<std::int64_t> shape;  ///< in the file's order: ggml has the row first, safetensors last
  std::int64_t elements = 0;
  Bytes bytes = 0;
};

/// One file, or the files that belong together.
struct ModelFile {
  std::string kind;                          ///< "GGUF", "safetensors", "configuration", "adapter"
  std::vector<std::string> files;            ///< paths that were read
  Bytes file_bytes = 0;                      ///< sizes of model files on disk
  bool header_only = false;                  ///< a file ends with its header: the data is not there
  std::map<std::string, std::string> texts;  ///< metadata: "general.name", "model_type"
  std::map<std::string, std::int64_t>
      numbers;                      ///< metadata: "general.file_type"; of a short list the largest
  std::string config_path, config;  ///< config.json or adapter_config.json, and its text; empty: none
  std::vector<FileTensor> tensors;

  std::int64_t elements() const;  ///< stored values of all tensors
  Bytes tensor_bytes() const;
};

/// A GGUF header (versions 1 to 3, little endian) from `in`, which holds `size` bytes.
/// Layout: ggml/docs/gguf.md.
/// @param name of the file, for errors
/// @throws Error(bad_input) when it is truncated or contradicts itself, or for types that are not known;
///         Error(unsupported) for big-endian files.
ModelFile read_gguf(const catalog::Catalog& catalog, std::istream& in, Bytes size, const std::string& name);

/// A safetensors header from `in`, which holds `size` bytes. Layout: the README of huggingface/safetensors.
/// @throws Error(bad_input) as above.
ModelFile read_safetensors(std::istream& in, Bytes size, const std::string& name);

/// Whatever is at `path`: a .gguf file (with the other files of its split), a .safetensors file, its index, a
/// config.json, a folder with them (also of an adapter), or a manifest of Ollama.
/// @throws Error(io) when it can't be opened, Error(bad_input) when it is none of these or damaged.
ModelFile read_model(const catalog::Catalog& catalog, const std::string& path);

/// llama.cpp's name of a file type ("Q4_K_M" of 15); empty when it is not known.
std::string gguf_file_type(std::int64_t file_type);

/// Bytes that an adapter adds to tensors of its base model.
struct AddedBytes {
  model::Part part;
  model::Role role;
  int layer;
  Bytes bytes;
};

/// A model that lies on this machine: what a file or folder says of itself, in the words of the catalog.
/// Models and formats point to texts that live as long as this.
struct LocalModel {
  std::string path;
  ModelFile file;
  catalog::Model model;  ///< the catalog's record where name and shape agree, else its own
  const catalog::Variant* variant = nullptr;  ///< of that record
  const catalog::Model* like = nullptr;       ///< the catalog's model of this shape; null where it has none
  /// Of the tensors, with the id of the catalog's format that it is or comes nearest to, and a name that says
  /// more ("Q4_K_M with Q8_0 embeddings"). Without an id: a configuration alone, in the engine's format.
  catalog::WeightFormat format{};
  std::shared_ptr<const format::Weights> weights;  ///< types and bytes of the files; null without tensors
  std::string unknown_format;                      ///< why `format` can't be told; mostly empty
  std::vector<std::string> differences;    ///< from the catalog's model and from what its format's tool makes
  std::vector<std::string> notes;          ///< for an estimate: what was read, what is different
  std::vector<AddedBytes> added;           ///< by an adapter, to the weights of its base
  std::shared_ptr<const LocalModel> base;  ///< of an adapter, where it lies on this machine too

  LocalModel() = default;
  LocalModel(const LocalModel&) = delete;  // weights and texts point into it
  LocalModel& operator=(const LocalModel&) = delete;

  std::deque<std::string> texts;  ///< what views in `model` and `format` point to
};

/// The model that a file or folder holds.
/// @throws Error(unsupported) when it is no Qwen model, Error(bad_input) when its tensors contradict its
/// header.
std::shared_ptr<const LocalModel> model_of(const catalog::Catalog& catalog, std::string path, ModelFile file);

/// The model at `path`: `read_model` and `model_of`.
std::shared_ptr<const LocalModel> open_model(const catalog::Catalog& catalog, const std::string& path);

/// JSON of a catalog overlay with this model as an entry.
/// @param id of the entry; empty: as the model is called
/// @param replaces an entry of this id in the catalog is written over
/// @throws Error(usage | invalid_value) when the catalog has the model already, or for an id that can be
/// none.
std::string overlay_entry(const catalog::Catalog& catalog, const LocalModel& local, const std::string& id,
                          bool replaces = false);

/// Whether `name` means a file or folder on this machine: it is there, and either its spelling is that of a
/// path (a separator, or an ending like .gguf, .safetensors, .json) or the catalog knows no such name; or it
/// is missing, and nothing but a path begins so ("./").
bool is_path(const catalog::Catalog& catalog, const std::string& name);

}  // namespace qwenfit::input
