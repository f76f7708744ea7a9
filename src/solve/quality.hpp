// What the catalog's quality tables say of a model's formats. Internal to the solve room.
#pragma once

#include "qwenfit/quants.hpp"

namespace qwenfit {

/// The table of mean KL divergences that says something of most of `formats`; null without one. One table for
/// all of them: figures of different tables do not compare.
const catalog::QualityTable* kl_table_for(const catalog::Catalog& catalog,
                                          const std::vector<const catalog::WeightFormat*>& formats);

/// @param kl_table see above; may be null
QuantQuality quality_of(const catalog::Catalog& catalog, const catalog::Model& model,
                        const catalog::WeightFormat& format, const catalog::QualityTable* kl_table);

/// How good a format is held to be for everyday use, by the policy of docs/quants.md.
enum class Grade : std::uint8_t {
  poor,      ///< noticeably worse
  holds_up,  ///< usable
  balanced,  ///< hardly any loss
};
Grade grade_of(const Quant& quant);

/// Stars one of the formats and says why.
void recommend_quant(QuantsAnswer& answer);

}  // namespace qwenfit
