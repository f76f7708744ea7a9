// GGUF files: llama-quantize's file types, publishers' own mixes, and 16 and 32 bit.
#include "ggml.hpp"

#include <fmt/format.h>

namespace qwenfit::format {

using model::Part;
using model::Role;
using model::Tensor;

std::vector<Tensor> gguf_tensors(const Job& job) {
  const catalog::Model& m = *job.inventory.model;
  const catalog::Geometry& g = m.geometry;
  // The converter leaves out the MTP block of Qwen3.8-Flash-Next whatever is asked for.
  const bool mtp = job.options.with_mtp && m.arch != catalog::Arch::qwen4_exp;
  // A reranker keeps the two rows of its head that it compares, "yes" and "no".
  const bool reranker = m.kind == "reranker";
  std::vector<Tensor> out;
  out.reserve(job.inventory.tensors.size() + 1);
  for (const Tensor& t : job.inventory.tensors) {
    if (reranker && t.role == Role::output) continue;
    if (t.part == Part::text || t.part == Part::ngram || (t.part == Part::mtp && mtp)) out.push_back(t);
  }
  if (reranker) out.push_back({Role::score_head, Part::text, -1, false, 2, g.hidden_size, 1});
  else if (g.stores_tied_head && keeps_stored_head(job.options.publisher))
    out.push_back({Role::output, Part::text, -1, false, g.vocab_size, g.hidden_size, 1});
  return out;
}

std::vector<const catalog::DType*> gguf_types(const Job& job, const std::vector<Tensor>& tensors) {
  const bool own_mix =
      job.format.scheme == catalog::Scheme::ggml_recipe;  // ratios are to the mix without one
  const bool imatrix = job.options.imatrix || (!own_mix && uses_imatrix(job.options.publisher));
  std::vector<const catalog::DType*> types = ggml_types(job, tensors, imatrix);
  if (!imatrix && requires_imatrix(job, tensors, types)) types = ggml_types(job, tensors, true);
  return types;
}

void ggml(Job& job) {
  const std::vector<Tensor> tensors = gguf_tensors(job);
  const std::vector<const catalog::DType*> types = gguf_types(job, tensors);
  for (std::size_t i = 0; i < tensors.size(); ++i) add(job, tensors[i], *types[i]);
  const catalog::Geometry& g = job.inventory.model->geometry;
  if (g.stores_tied_head && job.options.publisher.empty() && job.inventory.model->kind != "reranker") {
    const Tensor head{Role::output, Part::text, -1, false, g.vocab_size, g.hidden_size, 1};
    const catalog::DType& type = dtype(job.catalog, job.format.base);
    job.weights.notes.push_back(fmt::format(
        "files converted from the published checkpoint may hold its tied head once more, about {}",
        units::format_bytes(tensor_bytes(type, head.rows, head.cols))));
  }
  apply_published_size(job);
  job.weights.file_bytes = job.weights.total() + gguf_metadata_bytes(*job.inventory.model, tensors);
}

}  // namespace qwenfit::format
