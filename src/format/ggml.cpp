// llama-quantize's file types, and GGUF files in 16 and 32 bit.
#include "ggml.hpp"

namespace qwenfit::format {

using model::Part;
using model::Role;
using model::Tensor;

std::vector<Tensor> gguf_tensors(const Job& job) {
  const catalog::Model& m = *job.inventory.model;
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
  if (reranker) out.push_back({Role::score_head, Part::text, -1, false, 2, m.geometry.hidden_size, 1});
  return out;
}

void ggml(Job& job) {
  const std::vector<Tensor> tensors = gguf_tensors(job);
  std::vector<const catalog::DType*> types = ggml_types(job, tensors, job.options.imatrix);
  if (!job.options.imatrix && requires_imatrix(job, tensors, types)) types = ggml_types(job, tensors, true);
  for (std::size_t i = 0; i < tensors.size(); ++i) add(job, tensors[i], *types[i]);
}

}  // namespace qwenfit::format
