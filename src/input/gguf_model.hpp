// The pieces that make a model of a GGUF header.
#pragma once

#include <string>
#include <unordered_map>

#include "local_model.hpp"

namespace qwenfit::input {

/// The head of a reranker or classifier.
inline constexpr const char* kScoreHead = "cls.output.weight";

/// The tensors of a file by name, until they find a role.
class GgufTensors {
 public:
  explicit GgufTensors(const ModelFile& file) {
    for (const FileTensor& t : file.tensors) left_.emplace(t.name, &t);
  }
  const FileTensor* find(const std::string& name) const {
    const auto it = left_.find(name);
    return it == left_.end() ? nullptr : it->second;
  }
  const FileTensor* take(const std::string& name) {
    const FileTensor* t = find(name);
    if (t) left_.erase(name);
    return t;
  }
  /// The same for a tensor that stands for several of the model's.
  const FileTensor* share(const std::string& name) {
    if (const auto it = shared_.find(name); it != shared_.end()) return it->second;
    const FileTensor* t = name.empty() ? nullptr : take(name);
    if (t) shared_.emplace(name, t);
    return t;
  }
  const auto& left() const { return left_; }

 private:
  std::unordered_map<std::string, const FileTensor*> left_;
  std::unordered_map<std::string, const FileTensor*> shared_;
};

/// A file with nothing but the block that predicts further tokens (convert_hf_to_gguf.py --mtp).
bool is_draft(const ModelFile& file);

/// The shape that llama.cpp reads out of the header. @throws Error(bad_input) naming the key or tensor that
/// is missing or contradicts another, Error(unsupported) for architectures of other families.
Shape shape_of_gguf(const LocalModel& local, const GgufTensors& tensors);

/// Gives the file's tensors the roles of the inventory of `local.model`; tells in `local.differences` what it
/// has beyond. @throws Error(bad_input) naming the tensor that is missing or of another shape.
format::Weights weigh_gguf(const catalog::Catalog& catalog, LocalModel& local, GgufTensors& tensors);

/// Sets `local.format` to the mix that `weights` are, and says what is different about it.
void name_mix(const catalog::Catalog& catalog, LocalModel& local, const format::Weights& weights);

}  // namespace qwenfit::input
