#include "quality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qwenfit {
namespace {

constexpr std::size_t kShownBenchmarks = 4;

const catalog::QualityScore* score_of(const catalog::QualityTable& table, std::string_view format) {
  const auto it = std::find_if(table.scores.begin(), table.scores.end(),
                               [&](const catalog::QualityScore& s) { return s.format == format; });
  return it == table.scores.end() ? nullptr : it;
}

/// The accuracy tables of `model` with `format` that come from one source: the publisher's, else the one with
/// most benchmarks.
std::vector<const catalog::QualityTable*> accuracy_tables(const catalog::Catalog& catalog,
                                                          const catalog::Model& model,
                                                          std::string_view format) {
  std::vector<std::vector<const catalog::QualityTable*>> by_source;
  for (const catalog::QualityTable* table : catalog.quality_tables()) {
    if (table->model != model.id || table->kind != "accuracy" || table->digitized ||
        !score_of(*table, format))
      continue;
    const auto same = std::find_if(by_source.begin(), by_source.end(),
                                   [&](const auto& group) { return group.front()->source == table->source; });
    if (same == by_source.end()) by_source.push_back({table});
    else same->push_back(table);
  }
  const auto best = std::max_element(by_source.begin(), by_source.end(), [](const auto& a, const auto& b) {
    return std::pair(a.front()->official, a.size()) < std::pair(b.front()->official, b.size());
  });
  return best == by_source.end() ? std::vector<const catalog::QualityTable*>() : *best;
}

/// "81.2 of 82.3"; sources print percentages or shares.
std::string compared(double value, double baseline) {
  return baseline > 1 ? fmt::format("{:.1f} of {:.1f}", value, baseline)
                      : fmt::format("{:.3f} of {:.3f}", value, baseline);
}

}  // namespace

const catalog::QualityTable* kl_table_for(const catalog::Catalog& catalog,
                                          const std::vector<const catalog::WeightFormat*>& formats) {
  const catalog::QualityTable* best = nullptr;
  std::ptrdiff_t most = 0;
  for (const catalog::QualityTable* table : catalog.quality_tables()) {
    if (table->kind != "kl_divergence" || table->digitized) continue;
    const auto covered = std::count_if(formats.begin(), formats.end(), [&](const catalog::WeightFormat* f) {
      return score_of(*table, f->id) != nullptr;
    });
    if (covered > most) {
      most = covered;
      best = table;
    }
  }
  return best;
}

QuantQuality quality_of(const catalog::Catalog& catalog, const catalog::Model& model,
                        const catalog::WeightFormat& format, const catalog::QualityTable* kl_table) {
  QuantQuality quality;
  quality.retention = format.retention;
  if (const catalog::QualityScore* score = kl_table ? score_of(*kl_table, format.id) : nullptr)
    quality.kl_divergence = score->value;
  const auto tables = accuracy_tables(catalog, model, format.id);
  if (tables.empty()) return quality;
  double kept = 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const double value = score_of(*tables[i], format.id)->value;
    kept += value / *tables[i]->baseline;
    if (i >= kShownBenchmarks) continue;
    quality.benchmarks +=
        fmt::format("{}{} {}", i > 0 ? ", " : "", tables[i]->metric, compared(value, *tables[i]->baseline));
  }
  if (tables.size() > kShownBenchmarks)
    quality.benchmarks += fmt::format(" and {} more", tables.size() - kShownBenchmarks);
  quality.accuracy_kept = kept / static_cast<double>(tables.size());
  quality.official = tables.front()->official;
  quality.accuracy_source = std::string(tables.front()->source);
  return quality;
}

FormatQuality::FormatQuality(const catalog::Catalog& catalog)
    : catalog_(catalog), kl_table_(kl_table_for(catalog, catalog.formats())) {
  std::map<std::string_view, int> counts;
  for (const catalog::QualityTable* table : catalog.quality_tables()) {
    if (table->kind != "accuracy" || table->digitized) continue;
    for (const catalog::QualityScore& score : table->scores) {
      others_[score.format] += score.value / *table->baseline;
      ++counts[score.format];
    }
  }
  // Formats that have both tell what a divergence costs: least squares through the origin.
  double product = 0, square = 0;
  for (auto& [format, share] : others_) {
    share /= counts[format];
    const catalog::QualityScore* score = kl_table_ ? score_of(*kl_table_, format) : nullptr;
    if (!score) continue;
    product -= counts[format] * score->value * std::log(share);
    square += counts[format] * score->value * score->value;
  }
  if (square > 0) loss_per_divergence_ = std::max(0.0, product / square);
}

std::optional<Kept> FormatQuality::known(const catalog::WeightFormat& format) const {
  if (format.scheme == catalog::Scheme::plain) return Kept{};
  if (const auto* score = kl_table_ ? score_of(*kl_table_, format.id) : nullptr)
    return Kept{std::exp(-loss_per_divergence_ * score->value), KeptBasis::divergence, {}};
  if (const auto it = others_.find(format.id); it != others_.end())
    return Kept{std::min(1.0, it->second), KeptBasis::other_models, {}};
  return std::nullopt;
}

Kept FormatQuality::kept(const catalog::Model& model, const catalog::WeightFormat& format) const {
  const QuantQuality quality = quality_of(catalog_, model, format, kl_table_);
  const Grade grade = grade_of(quality, format.bits);
  if (quality.accuracy_kept && format.scheme != catalog::Scheme::plain)
    return {std::min(1.0, *quality.accuracy_kept), KeptBasis::benchmarks, grade};
  if (const auto of_format = known(format)) return {of_format->share, of_format->basis, grade};
  Kept nearest;
  double distance = 0;
  for (const catalog::WeightFormat* other : catalog_.formats()) {
    const auto of_other = known(*other);
    const double off = std::abs(other->bits - format.bits);
    if (!of_other || (nearest.basis == KeptBasis::nearest && off >= distance)) continue;
    nearest = {of_other->share, KeptBasis::nearest, grade};
    distance = off;
  }
  return nearest;
}

}  // namespace qwenfit
