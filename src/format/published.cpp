#include <fmt/format.h>

#include "checkpoint.hpp"

namespace qwenfit::format {
namespace {

constexpr std::string_view kFp8 = "fp8-checkpoint";
constexpr std::string_view kUnpacked = "-unpacked";

/// Elements as the source counted them, nothing for counts that are the model room's.
std::optional<std::int64_t> computed(const catalog::Catalog& catalog, const catalog::Model& model,
                                     std::string_view of) {
  const bool unpacked = of.size() > kUnpacked.size() && of.substr(of.size() - kUnpacked.size()) == kUnpacked;
  if (of != kFp8 && !unpacked) return std::nullopt;
  const std::string_view id = unpacked ? of.substr(0, of.size() - kUnpacked.size()) : "fp8";
  const catalog::WeightFormat* format = catalog.format(id);
  if (!format) return -1;  // a count of a format that is not in the catalog can't be right
  const Weights weights = quantize(catalog, model, *format);
  std::int64_t elements = weights.elements();
  const catalog::QuantizedFile* file = quantized_file(model, *format);
  for (const TypedTensor& t : weights.tensors) {
    if (t.extra == 0) continue;
    if (unpacked) elements += gains_bias(file, t.tensor, model) ? t.tensor.rows * t.tensor.count : 0;
    else elements += t.extra / 2;  // BF16 scales
  }
  return elements;
}

}  // namespace

std::vector<std::string> check_published(const catalog::Catalog& catalog, const catalog::Model& model) {
  std::vector<std::string> problems;
  for (const catalog::PublishedCount& published : model.published_counts) {
    const auto elements = computed(catalog, model, published.of);
    if (!elements || (*elements == published.elements) == published.exception.empty()) continue;
    problems.push_back(
        *elements == published.elements
            ? fmt::format("model {}: {} lists an exception, but the recipe gives its {} elements", model.id,
                          published.repo, published.elements)
            : fmt::format("model {}: {} holds {} elements, the recipe gives {} ({:+})", model.id,
                          published.repo, published.elements, *elements, *elements - published.elements));
  }
  return problems;
}

}  // namespace qwenfit::format
