// GGUF files that somebody made by hand: what is known of their sizes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ggml.hpp"

namespace qwenfit::format {
namespace {

using catalog::PublishedFile;

/// Quantize with an importance matrix throughout.
constexpr std::string_view kWithMatrix[] = {"bartowski", "unsloth"};

/// Their files hold a tied head once, whatever the checkpoint stores.
constexpr std::string_view kOneHead[] = {"", "unsloth", "qwen"};

bool same(const std::optional<catalog::Moe>& a, const std::optional<catalog::Moe>& b) {
  if (!a || !b) return !a && !b;
  return a->experts == b->experts && a->expert_width == b->expert_width &&
         a->shared_expert_width == b->shared_expert_width;
}

/// Whether two models have the same text part, so that their files weigh the same.
bool same_text_part(const catalog::Model& a, const catalog::Model& b) {
  const catalog::Geometry& x = a.geometry;
  const catalog::Geometry& y = b.geometry;
  return a.arch == b.arch && x.hidden_size == y.hidden_size && x.layers == y.layers && x.heads == y.heads &&
         x.kv_heads == y.kv_heads && x.head_dim == y.head_dim && x.intermediate_size == y.intermediate_size &&
         x.vocab_size == y.vocab_size && x.tied_embeddings == y.tied_embeddings && x.headless == y.headless &&
         (a.kind == "reranker") == (b.kind == "reranker") && same(x.moe, y.moe);
}

/// The file that says the size of this one. Of the formats that no rule gives any publisher's will do; under
/// llama-quantize's names only the publisher's own.
const PublishedFile* published_file(const Job& job, bool with_mtp, bool derived) {
  const bool own_mix = job.format.scheme == catalog::Scheme::ggml_recipe;
  const PublishedFile* best = nullptr;
  for (const PublishedFile* file : job.catalog.published_files()) {
    if (file->format != job.format.id || file->mtp != with_mtp || file->derived != derived) continue;
    const bool asked = file->publisher == job.options.publisher;
    if (!asked && (!own_mix || best)) continue;
    const catalog::Model* model = job.catalog.model(file->model);
    if (!model || !same_text_part(*model, *job.inventory.model)) continue;
    if (asked) return file;
    best = file;
  }
  return best;
}

/// Qwen3-Next's mixes are those of the MoE models of its year, not those of later hybrids.
std::string_view class_of(const catalog::Model& model) {
  const catalog::Geometry& g = model.geometry;
  if (g.linear_attention && model.arch != catalog::Arch::qwen3_next)
    return g.moe ? "hybrid-moe" : "hybrid-dense";
  return g.moe ? "moe" : "dense";
}

/// The format's ratio for models of this kind, else for the kind with the most files behind it.
const catalog::MixRatio* ratio_of(const Job& job) {
  const catalog::MixRatio* best = nullptr;
  for (const catalog::MixRatio& r : job.format.ratios) {
    if (r.models == class_of(*job.inventory.model)) return &r;
    if (!best || r.rows > best->rows) best = &r;
  }
  return best;
}

/// Brings the quantized tensors to `ratio` times their size; 16- and 32-bit ones are what they are.
void scale(Weights& weights, double ratio) {
  Bytes kept = 0;
  for (const TypedTensor& t : weights.tensors) kept += t.type->block == 1 ? t.total() : 0;
  const auto quantized = static_cast<double>(weights.total() - kept);
  if (quantized <= 0) return;
  const double factor = std::max(
      0.0, (ratio * (quantized + static_cast<double>(kept)) - static_cast<double>(kept)) / quantized);
  for (TypedTensor& t : weights.tensors) {
    if (t.type->block > 1) t.bytes = std::llround(static_cast<double>(t.bytes) * factor);
  }
}

/// Bytes of the file type's own mix, with or without the MTP block.
Bytes plain_mix(const Job& job, bool with_mtp) {
  RecipeOptions options = job.options;
  options.with_mtp = with_mtp;
  const Job other{job.catalog, job.format, options, job.inventory, {}};
  const std::vector<model::Tensor> tensors = gguf_tensors(other);
  const std::vector<const catalog::DType*> types = gguf_types(other, tensors);
  Bytes sum = gguf_metadata_bytes(*job.inventory.model, tensors);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const model::Tensor& t = tensors[i];
    sum += t.is_vector ? tensor_bytes(*types[i], t.count, t.rows)
                       : tensor_bytes(*types[i], t.rows * t.count, t.cols);
  }
  return sum;
}

}  // namespace

bool uses_imatrix(std::string_view publisher) {
  return std::find(std::begin(kWithMatrix), std::end(kWithMatrix), publisher) != std::end(kWithMatrix);
}

bool keeps_stored_head(std::string_view publisher) {
  return std::find(std::begin(kOneHead), std::end(kOneHead), publisher) == std::end(kOneHead);
}

void apply_published_size(Job& job) {
  Weights& weights = job.weights;
  const bool own_mix = job.format.scheme == catalog::Scheme::ggml_recipe;
  if (!own_mix && job.options.publisher.empty()) return;
  const catalog::MixRatio* fitted = ratio_of(job);
  double ratio = fitted ? fitted->ratio : 1;
  weights.relative_error = fitted ? fitted->relative_error : 0;
  bool mtp = job.options.with_mtp;
  const PublishedFile* file = published_file(job, mtp, false);
  if (!file) file = published_file(job, mtp = !mtp, false);
  if (!file) file = published_file(job, mtp = !mtp, true);
  if (file) {
    // Where the source rounded, what the ratio gives within the rounding is nearer than the printed digits.
    const auto mix = static_cast<double>(plain_mix(job, mtp));
    ratio = std::clamp(ratio, static_cast<double>(file->bytes - file->rounding) / mix,
                       static_cast<double>(file->bytes + file->rounding) / mix);
    weights.relative_error = static_cast<double>(file->rounding) / static_cast<double>(file->bytes);
    weights.notes.push_back(
        file->derived
            ? fmt::format("size after the other files that {} published of {}", file->publisher, file->model)
            : fmt::format("size from the file that {} published of {}", file->publisher, file->model));
  } else if (!own_mix) {
    return;
  }
  weights.exact = false;
  scale(weights, ratio);
}

}  // namespace qwenfit::format
