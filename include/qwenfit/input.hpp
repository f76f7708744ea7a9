// Model files on disk: what they are and which tensors they hold. Headers only are read.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"
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
  std::string kind;                             ///< "GGUF", "safetensors", "configuration"
  std::vector<std::string> files;               ///< paths that were read
  Bytes file_bytes = 0;                         ///< sizes of model files on disk
  bool header_only = false;                     ///< a file ends with its header: the data is not there
  std::map<std::string, std::string> texts;     ///< metadata: "general.name", "model_type"
  std::map<std::string, std::int64_t> numbers;  ///< metadata: "general.file_type", "split.count"
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

/// Whatever is at `path`: a .gguf file (with the other files of its split), a .safetensors file, its
/// index, a config.json, or a folder with them.
/// @throws Error(io) when it can't be opened, Error(bad_input) when it is none of these or damaged.
ModelFile read_model(const catalog::Catalog& catalog, const std::string& path);

/// llama.cpp's name of a file type ("Q4_K_M" of 15); empty when it is not known.
std::string gguf_file_type(std::int64_t file_type);

/// What of a GGUF file is not as llama-quantize makes it of the catalog's model: one sentence each.
/// Empty when nothing differs. The model is the one that the file's "general.name" means.
struct Comparison {
  const catalog::Model* model = nullptr;  ///< null: the catalog has no model of this name
  const catalog::WeightFormat* format = nullptr;
  std::vector<std::string> differences;
};
Comparison compare_with_catalog(const catalog::Catalog& catalog, const ModelFile& file);

}  // namespace qwenfit::input
