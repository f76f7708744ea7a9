// Weight formats: which type every tensor gets, and what it then weighs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "qwenfit/model.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit::format {

/// A tensor of the inventory with its storage type. Bytes are for all `count` of it together.
struct TypedTensor {
  model::Tensor tensor;
  const catalog::DType* type;
  Bytes bytes;               ///< of the values in `type`
  Bytes extra;               ///< scales, zero points, indices that go with them
  bool stored_copy = false;  ///< a tied head that the file holds as well: the embedding can stand in for it
  Bytes total() const { return bytes + extra; }
};

/// The weights of one model in one format: what a checkpoint or GGUF file of it holds. What of it is loaded
/// is the engine's to say: MTP only with speculation, towers not always, a tied head stored again mostly not.
struct Weights {
  const catalog::Model* model = nullptr;
  const catalog::WeightFormat* format = nullptr;
  model::Layout layout = model::Layout::checkpoint;
  std::vector<TypedTensor> tensors;
  std::vector<model::LayerKind> layers;
  bool exact = true;                ///< false: a fitted or published size stands behind it
  double relative_error = 0;        ///< of an inexact size: median error of the rule that gave it
  std::optional<Bytes> file_bytes;  ///< on disk: about, tensors and headers (GGUF: and tokenizer)
  std::vector<std::string> notes;   ///< how the bytes came about, when that is not obvious

  /// Bytes of the tensors of one part, without stored copies.
  Bytes part_bytes(model::Part part) const;
  /// Bytes of the tied head that the file stores although the embedding could stand in for it; mostly 0.
  Bytes stored_copies() const;
  /// Bytes of the file's tensors: text, MTP when the format's files hold it, towers for checkpoints, copies.
  Bytes total() const;
  /// Elements behind total().
  std::int64_t elements() const;
};

/// What a recipe depends on beside model and format.
struct RecipeOptions {
  bool imatrix = false;     ///< made with an importance matrix (changes some llama.cpp mixes)
  bool legacy_qkv = false;  ///< llama-quantize before spring 2026 (fused attn_qkv had its own rule)
  bool with_mtp = false;    ///< GGUF: keep the MTP block; checkpoints always hold it
  bool gguf = false;        ///< 16- and 32-bit formats: laid out as a GGUF file, not as a checkpoint
  bool mlx = false;         ///< 16- and 32-bit formats: a checkpoint that MLX converted
  /// Whose file it is, in lower case ("unsloth", "ollama"): some publish mixes of their own under the names
  /// of llama-quantize, Qwen's MLX files have groups of their own. Empty: what the tool makes by default.
  std::string publisher = {};
};

/// The weights of `model` in `format`.
/// @throws Error(unsupported) when the format can't hold this model (a block size that does not divide),
///         Error(undecidable) when the geometry is unknown.
Weights quantize(const catalog::Catalog& catalog, const catalog::Model& model,
                 const catalog::WeightFormat& format, const RecipeOptions& options = {});

/// Bytes of `elements` values of `type`, stored in rows of `row` elements; rows are whole blocks.
/// The ggml rule (ggml_row_size): rows x row/block x block bytes.
Bytes tensor_bytes(const catalog::DType& type, std::int64_t rows, std::int64_t row);

/// The layout that files of this format have.
model::Layout layout_of(const catalog::WeightFormat& format, const RecipeOptions& options = {});

/// The name of a tensor in GGUF files, "blk.3.attn_q.weight".
/// @param index which of the `count` equal ones, where they are tensors of their own (not experts).
std::string gguf_name(const catalog::Model& model, const model::Tensor& tensor, int index = 0);

/// What the catalog's published counts of quantized repositories say against the recipes: one sentence per
/// contradiction that is not listed as an exception. Counts of FP8 repositories hold the scales, those of
/// GPTQ and AWQ the unpacked weights. The sibling of model::check_counts.
std::vector<std::string> check_published(const catalog::Catalog& catalog, const catalog::Model& model);

}  // namespace qwenfit::format
