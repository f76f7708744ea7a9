// What the catalog's quality tables say of a model's formats. Internal to the solve room.
#pragma once

#include <map>

#include "qwenfit/quants.hpp"

namespace qwenfit {

/// The table of mean KL divergences that says something of most of `formats`; null without one. One table for
/// all of them: figures of different tables do not compare.
const catalog::QualityTable* kl_table_for(const catalog::Catalog& catalog,
                                          const std::vector<const catalog::WeightFormat*>& formats);

/// @param kl_table see above; may be null
QuantQuality quality_of(const catalog::Catalog& catalog, const catalog::Model& model,
                        const catalog::WeightFormat& format, const catalog::QualityTable* kl_table);

/// What share of a model's benchmark scores each format keeps: one figure from all that the quality tables
/// say, to weigh models in different formats against each other.
class FormatQuality {
 public:
  explicit FormatQuality(const catalog::Catalog& catalog);
  /// Of this model's own benchmarks; else by the format's divergence; else of other models' benchmarks; else
  /// that of the known format nearest in bits. At most 1.
  Kept kept(const catalog::Model& model, const catalog::WeightFormat& format) const;

 private:
  std::optional<Kept> known(const catalog::WeightFormat& format) const;

  const catalog::Catalog& catalog_;
  const catalog::QualityTable* kl_table_;
  std::map<std::string_view, double> others_;  ///< by format: mean over models and benchmarks
  double loss_per_divergence_ = 0;             ///< -ln(share kept) per unit of mean KL divergence
};

Grade grade_of(const QuantQuality& quality, double bits);

/// Stars one of the formats and says why.
void recommend_quant(QuantsAnswer& answer);

}  // namespace qwenfit
