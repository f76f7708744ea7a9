// What a GGUF file holds before its tensors (ggml/src/gguf.cpp: gguf_write_to_buf): key-value pairs, the
// tokenizer among them, and a record per tensor.
#include <iterator>
#include <string>

#include "ggml.hpp"

namespace qwenfit::format {
namespace {

/// Everything but the vocabulary: hyperparameters, chat template, names. Published files of one model differ
/// by some thousand bytes here.
constexpr Bytes kPairs = 12000;

/// Of a vocabulary entry: its text with length, its type, and the merge that makes it. Files with 151,936
/// entries hold 5.93 MB of them (Qwen2.5-Coder-7B Q4_0, Qwen3-30B-A3B Q8_0 and others, to the byte).
constexpr double kEntry = 38.95;

}  // namespace

Bytes gguf_metadata_bytes(const catalog::Model& model, const std::vector<model::Tensor>& tensors) {
  constexpr Bytes kPerTensor = 8 + 4 + 4 + 8;  // length of the name, dimensions, type, offset
  constexpr Bytes kPerDimension = 8;
  Bytes infos = 0;
  for (const model::Tensor& t : tensors) {
    const int count = gguf_tensor_count(t);
    const Bytes dimensions = t.is_vector ? 1 : count < t.count ? 3 : 2;
    auto name = static_cast<Bytes>(gguf_stem(model, t).size());
    if (gguf_in_block(t)) name += std::ssize("blk..") - 1 + std::ssize(std::to_string(t.layer));
    infos += count * (kPerTensor + name + dimensions * kPerDimension);
  }
  return kPairs + static_cast<Bytes>(kEntry * model.geometry.vocab_size) + infos;
}

}  // namespace qwenfit::format
